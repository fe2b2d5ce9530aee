"""Intervals and tests that several packages use, each once; float64, NumPy and SciPy only."""

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import numpy as np
import scipy  # pyright: ignore[reportMissingTypeStubs]  # its parts are imported when used

_MOST_FLIPS = 10_000
_Share = TypeVar("_Share", float, np.ndarray)


def wilson(count: int, of: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's `level` interval of the share `count / of`; (0, 1) for none of none.

    Wilson (1927), JASA 22.
    """
    if of == 0:
        return 0.0, 1.0
    interval = scipy.stats.binomtest(count, of).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def binomial_variance(
    share: _Share, items: float | np.ndarray, *, continuity: bool = True
) -> _Share:
    """Variance of a share of `items` hits and misses, p (1 - p) / items; arrays broadcast.

    With `continuity` the share is drawn in by half an item at 0 and 1, where it would have no
    variance at all.
    """
    within: Any = np.clip(share, 0.5 / items, 1 - 0.5 / items) if continuity else share
    return within * (1 - within) / items


def binomial_stderr(share: _Share, items: float | np.ndarray, *, continuity: bool = True) -> _Share:
    """Standard error of a share of `items` hits and misses, see `binomial_variance`."""
    variance: Any = binomial_variance(share, items, continuity=continuity)
    return np.sqrt(variance)


def mcnemar_p(only_first: int, only_second: int) -> float:
    """McNemar's exact two-sided p that two rules are right equally often; 1 if they never differ.

    **Arguments**: how often the first, and the second, alone is right. McNemar (1947),
    Psychometrika 12, with the binomial distribution instead of its normal approximation.
    """
    differ = only_first + only_second
    return float(scipy.stats.binomtest(only_first, differ).pvalue) if differ else 1.0


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's adjusted p values, in the order of the given ones.

    The k-th smallest of n is multiplied by n - k + 1; none is smaller than a smaller one's, and
    none above 1. Holm (1979), Scandinavian Journal of Statistics 6.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    steps = (len(values) - np.arange(len(values))) * values[order]
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, steps))
    return adjusted


def benjamini_hochberg(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's q values, in the order of the given p.

    The k-th smallest of n is multiplied by n / k; none is larger than a larger one's, nor than 1.
    Benjamini and Hochberg (1995), JRSS B 57. As `scipy.stats.false_discovery_control`, which takes
    half a second to import.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    steps = values[order] * (len(values) / np.arange(1, len(values) + 1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return adjusted


def sign_flip_p(
    values: np.ndarray, *, alternative: Literal["two-sided", "less", "greater"] = "two-sided"
) -> float:
    """p of a mean of zero when the sign of every value may as well be the other one.

    Exact up to 13 values: of n there are 2^n patterns, so five cannot reach less than 1/32 on one
    side and 1/16 on both. Random patterns beyond. Values that are NaN do not count; NaN for fewer
    than two.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        return math.nan
    test = scipy.stats.permutation_test(
        (known,),
        np.mean,
        permutation_type="samples",
        alternative=alternative,
        n_resamples=_MOST_FLIPS,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def student(
    values: Sequence[float] | np.ndarray, *, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis with the ends of Student's `level` interval.

    Unbounded below two values; the mean of none is NaN.
    """
    known = np.asarray(values, dtype=float)
    count, shape = len(known), known.shape[1:]
    mean = known.mean(axis=0) if count else np.full(shape, math.nan)
    if count < 2:
        return np.asarray(mean), np.full(shape, -math.inf), np.full(shape, math.inf)
    half = (
        scipy.stats.t.ppf(0.5 + level / 2, count - 1) * known.std(axis=0, ddof=1) / math.sqrt(count)
    )
    return mean, mean - half, mean + half


def fieller(
    above: float, below: float, covariance: np.ndarray, *, quantile: float
) -> tuple[float, float]:
    """Fieller's interval of the ratio of two means that are normal with a known covariance.

    **Arguments**: the estimates `above` and `below` the line, their `covariance` (2, 2), and the
    `quantile` of the standardised difference (of Student's t, say).

    The interval holds every ratio g at which above - g below is not significantly different from
    zero: (above - g below)^2 <= quantile^2 (v_aa - 2 g v_ab + g^2 v_bb). That is a g^2 + b g + c
    <= 0 with

        a = below^2 - quantile^2 v_bb,
        b = -2 (above below - quantile^2 v_ab),
        c = above^2 - quantile^2 v_aa.

    For a > 0 it lies between the two roots. Otherwise `below` may be zero: the ratios are all, or
    those outside the roots, of which the branch that holds above / below is returned.

    Fieller (1954), JRSS B 16.
    """
    q = quantile**2
    a = below**2 - q * covariance[1, 1]
    b = -2 * (above * below - q * covariance[0, 1])
    c = above**2 - q * covariance[0, 0]
    discriminant = b * b - 4 * a * c
    if a == 0 or (a < 0 and discriminant <= 0):
        return -math.inf, math.inf
    # One root by c / half: the textbook pair cancels when a is small.
    half = -(b + math.copysign(math.sqrt(max(discriminant, 0.0)), b)) / 2
    low, high = sorted((half / a, c / half if half else 0.0))
    if a > 0:
        return low, high
    return (high, math.inf) if above / below >= high else (-math.inf, low)
