"""Families combined: the mean of their couplings when families truly differ."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy import optimize

from ...common import distributions
from .measured import MeasuredScores
from .slope import Slope, best_angle

#: Starts the doubling of the bracket where all effects are equal.
_POSITIVE = 1e-12
#: A family's share of its spread along x that must not be its errors': with less it says next to
#: nothing of a slope.
LEAST_RELIABLE = 0.5
#: Repeats until the mean slope stays (four to ten are usual), and what counts as staying.
_REPEATS, _SAME = 100, 1e-10


@dataclass(frozen=True)
class RandomEffects:
    """Mean of the families' couplings when families truly differ.

    - `mean`, `low`, `high`: the mean and its 95 % interval (Hartung-Knapp).
    - `between_sd`: standard deviation between families (Paule-Mandel).
    - `families`: how many entered; `unbounded`: how many did not, since an error of theirs is not
      known, or their models differ along x little more than their errors do.
    """

    mean: float
    low: float
    high: float
    between_sd: float
    families: int
    unbounded: int


def combine_families(slopes: Sequence[Slope]) -> RandomEffects:
    """Random-effects mean of family slopes.

    Each family enters with what its scores say at the mean slope (`effects_at`), found by repeating
    until the mean stays. Its own slope with the width of its own interval would not do: where x is
    not known well the interval is wide for a slope that is steep, also by chance, and the mean is
    drawn to zero. Families whose spread along x is their errors' for the most part are left out and
    counted, which is harmless for the mean only if a badly measured family couples no differently.
    NaN with fewer than two families.

    Paule and Mandel (1982); Hartung and Knapp (2001) Statistics in Medicine 20; Fuller (1987)
    Measurement Error Models, ch. 1, for the score of a slope.
    """
    found = combine_scores([s.scores for s in slopes if s.scores is not None])
    return replace(found, unbounded=len(slopes) - found.families)


def combine_scores(families: Sequence[MeasuredScores]) -> RandomEffects:
    """As `combine_families`, of the families' scores."""
    mean = _one_slope(families) if families else math.nan
    informed = [scores for scores in families if informs(scores, mean)]
    k, left_out = len(informed), len(families) - len(informed)
    if k < 2:
        return RandomEffects(*[math.nan] * 4, families=k, unbounded=left_out)
    for _ in range(_REPEATS):
        found = mean_of_effects(*effects_at(informed, mean))
        if math.isclose(found.mean, mean, rel_tol=_SAME, abs_tol=_SAME):
            break
        mean = found.mean
    return replace(found, unbounded=left_out)


def informs(scores: MeasuredScores, slope: float) -> bool:
    """Whether most of the models' spread along a line of this slope is not their errors'."""
    at = scores.at(slope)
    return at.information > LEAST_RELIABLE * at.variance


def effects_at(
    families: Sequence[MeasuredScores], slope: float
) -> tuple[Float[np.ndarray, " families"], Float[np.ndarray, " families"]]:
    """Each family's slope by one step from `slope`, and its variance if `slope` is near the true
    one: neither depends on how the errors bent the family's own slope."""
    # To first order a family of the slope b + d has the score d I with variance J (`SlopeScore`):
    # d is score / I, its variance J / I^2.
    found = [scores.at(slope) for scores in families]
    information = np.array([max(at.information, LEAST_RELIABLE * at.variance) for at in found])
    effect = slope + np.array([at.score for at in found]) / information
    return effect, np.array([at.variance for at in found]) / information**2


def _one_slope(families: Sequence[MeasuredScores]) -> float:
    """The slope of parallel lines through all families, each with an intercept of its own."""
    # Errors of x add the same to a profile at every slope, so the sum is least at the common one.
    return math.tan(
        best_angle(lambda angle: np.sum([f.profile(angle) for f in families], axis=0))[0]
    )


def mean_of_effects(
    effect: Float[np.ndarray, " families"], variance: Float[np.ndarray, " families"]
) -> RandomEffects:
    """Random-effects mean of at least two effects with known variances.

    The interval is never shorter than the known variances make it: few effects that happen to agree
    would have one too short (Röver, Knapp and Friede 2015).
    """
    # gamma_i ~ N(mean, s_i^2 + tau^2); weights w_i = 1 / (s_i^2 + tau^2). Hartung and Knapp take
    # sum w_i (gamma_i - mean)^2 / ((k - 1) sum w_i) for the variance of the weighted mean, and t
    # with k - 1 degrees of freedom, so that the error of tau^2 is in the interval.
    k = len(effect)
    tau2 = _paule_mandel(effect, variance)
    weight = 1 / (variance + tau2)
    mean = float(weight @ effect / weight.sum())
    ratio = float(weight @ (effect - mean) ** 2 / (k - 1))
    spread = max(ratio, 1.0) / float(weight.sum())
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
