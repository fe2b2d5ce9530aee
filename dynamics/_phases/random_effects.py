"""Families combined: the mean of their couplings when families truly differ."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import optimize

from ...common import distributions
from .slope import Slope

#: Starts the doubling of the bracket where all effects are equal.
_POSITIVE = 1e-12


@dataclass(frozen=True)
class RandomEffects:
    """Mean of the families' couplings when families truly differ.

    - `mean`, `low`, `high`: the mean and its 95 % interval (Hartung-Knapp).
    - `between_sd`: standard deviation between families (Paule-Mandel).
    - `families`: how many entered; `unbounded`: how many did not, their own interval having no end.
    """

    mean: float
    low: float
    high: float
    between_sd: float
    families: int
    unbounded: int


def combine_families(slopes: Sequence[Slope]) -> RandomEffects:
    """Random-effects mean of family slopes.

    Each slope's variance is that of a normal with its 95 % interval's width; slopes with unbounded
    intervals are left out and counted. Leaving them out is harmless for the mean only if a badly
    measured family couples no differently. NaN with fewer than two families.

    Paule and Mandel (1982); Hartung and Knapp (2001) Statistics in Medicine 20.
    """
    bounded = [s for s in slopes if math.isfinite(s.low) and math.isfinite(s.high)]
    k = len(bounded)
    if k < 2:
        return RandomEffects(*[math.nan] * 4, families=k, unbounded=len(slopes) - k)
    gamma = np.array([s.gamma for s in bounded])
    variance = (
        np.array([(s.high - s.low) / (2 * distributions.norm.ppf(0.975)) for s in bounded]) ** 2
    )
    mean = _mean_of_effects(gamma, variance, least=0.0)
    return RandomEffects(
        mean.mean, mean.low, mean.high, mean.between_sd, k, unbounded=len(slopes) - k
    )


def mean_of_effects(
    effect: Float[np.ndarray, " families"], variance: Float[np.ndarray, " families"]
) -> RandomEffects:
    """Random-effects mean of at least two effects with known variances, every one counted.

    As `combine_families`, but the interval is never shorter than the known variances make it: few
    effects that happen to agree would have one too short (Röver, Knapp and Friede 2015).
    """
    return _mean_of_effects(effect, variance, least=1.0)


def _mean_of_effects(effect: np.ndarray, variance: np.ndarray, *, least: float) -> RandomEffects:
    # gamma_i ~ N(mean, s_i^2 + tau^2); weights w_i = 1 / (s_i^2 + tau^2). Hartung and Knapp take
    # sum w_i (gamma_i - mean)^2 / ((k - 1) sum w_i) for the variance of the weighted mean, and t
    # with k - 1 degrees of freedom, so that the error of tau^2 is in the interval.
    k = len(effect)
    tau2 = _paule_mandel(effect, variance)
    weight = 1 / (variance + tau2)
    mean = float(weight @ effect / weight.sum())
    ratio = float(weight @ (effect - mean) ** 2 / (k - 1))
    spread = max(ratio, least) / float(weight.sum())
    half = float(distributions.t.ppf(0.975, k - 1)) * math.sqrt(spread)
    return RandomEffects(mean, mean - half, mean + half, math.sqrt(tau2), k, unbounded=0)


def _paule_mandel(effect: np.ndarray, variance: np.ndarray) -> float:
    """Between-family variance at which the weighted sum of squares has its expected value."""

    # E[sum w_i (gamma_i - mean)^2] = k - 1 at the true tau^2, and the sum falls as tau^2 grows: one
    # root, or 0 where the families differ less than their errors.
    def excess(tau2: float) -> float:
        weight = 1 / (variance + tau2)
        mean = weight @ effect / weight.sum()
        return float(weight @ (effect - mean) ** 2) - (len(effect) - 1)

    return between_variance(excess, start=float(np.var(effect)))


def between_variance(excess: Callable[[float], float], *, start: float) -> float:
    """The root of `excess`, which falls with the variance between families; 0 where it has none.

    `start`, a first guess of its upper bound, is doubled until it is one.
    """
    if excess(0.0) <= 0:
        return 0.0
    high = start + _POSITIVE
    while excess(high) > 0:
        high *= 2
    return float(optimize.root_scalar(excess, bracket=(0.0, high)).root)
