"""Intervals over seeds: of a mean, and of a ratio of two means."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats


def student(values: Sequence[float] | np.ndarray, *, level: float) -> tuple[float, float, float]:
    """Mean of the values with the ends of Student's `level` interval; unbounded below two values,
    NaN for none."""
    known = np.asarray(values, dtype=float)
    if not len(known):
        return math.nan, -math.inf, math.inf
    mean = float(known.mean())
    if len(known) < 2:
        return mean, -math.inf, math.inf
    half = _t(len(known), level) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return mean, mean - half, mean + half


def fieller(
    above: Sequence[float], below: Sequence[float], *, level: float
) -> tuple[float, float, float]:
    """Ratio of the means of two paired samples with Fieller's `level` interval.

    The interval holds every ratio g at which mean(above - g below) is not significantly different
    from zero. It is unbounded where the denominator is not significantly different from zero, and
    below two pairs.
    """
    a, b = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    if not len(a) or b.mean() == 0:
        return math.nan, -math.inf, math.inf
    ratio = float(a.mean() / b.mean())
    if len(a) < 2:
        return ratio, -math.inf, math.inf
    covariance = np.cov(a, b, ddof=1) * _t(len(a), level) ** 2 / len(a)
    square = b.mean() ** 2 - covariance[1, 1]
    cross = a.mean() * b.mean() - covariance[0, 1]
    constant = a.mean() ** 2 - covariance[0, 0]
    if square <= 0:
        return ratio, -math.inf, math.inf
    root = math.sqrt(max(float(cross**2 - square * constant), 0.0))
    return ratio, float((cross - root) / square), float((cross + root) / square)


def _t(count: int, level: float) -> float:
    return float(stats.t.ppf(0.5 + level / 2.0, count - 1))
