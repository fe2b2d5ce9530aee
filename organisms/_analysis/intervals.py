"""Intervals over seeds: of a mean, and of a ratio of two means."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from ...common.statistics import fieller, student


def mean_over_seeds(
    values: Sequence[float] | np.ndarray, *, level: float
) -> tuple[float, float, float]:
    """Mean of the values with the ends of Student's `level` interval; unbounded below two values,
    NaN for none."""
    mean, low, high = student(values, level=level)
    return float(mean), float(low), float(high)


def ratio_of_means(
    above: Sequence[float], below: Sequence[float], *, level: float
) -> tuple[float, float, float]:
    """Ratio of the means of two paired samples with Fieller's `level` interval.

    Unbounded where the denominator is not significantly different from zero, and below two pairs.
    """
    a, b = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    if not len(a) or b.mean() == 0:
        return math.nan, -math.inf, math.inf
    ratio = float(a.mean() / b.mean())
    if len(a) < 2:
        return ratio, -math.inf, math.inf
    covariance = np.cov(a, b, ddof=1) / len(a)
    quantile = float(stats.t.ppf(0.5 + level / 2.0, len(a) - 1))
    if b.mean() ** 2 <= quantile**2 * covariance[1, 1]:
        return ratio, -math.inf, math.inf
    low, high = fieller(float(a.mean()), float(b.mean()), covariance, quantile=quantile)
    return ratio, float(low), float(high)
