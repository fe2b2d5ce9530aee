"""What tuning does to a base model's scores, and to the coupling of the two scores.

A pair is a base model and a tuned one of the same weights: size and training text are equal, so
what differs is tuning, and whatever the tuning data held.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts are imported when they are first used
from jaxtyping import Float, Shaped

from ...common import distributions
from ...common.display import shown
from ...common.statistics import student
from .random_effects import (
    RandomEffects,
    combine_families,
    effects_at,
    informs,
    mean_of_effects,
)
from .slope import Slope

_FEWEST_FAMILIES = 3
_FEWEST_TUNES = 10
_FEWEST_MAKERS = 3
#: A cluster's share of all information beyond which its residual says nothing of its error.
_MOST_LEVERAGE = 1 - 1e-9


@shown
@dataclass(frozen=True)
class Gain:
    """Mean change of a score from base to tuned, families as the unit.

    `mean`, `low`, `high`: a fraction with Student's 95 % interval; unbounded below two families.
    """

    mean: float
    low: float
    high: float
    families: int
    pairs: int


@shown
@dataclass(frozen=True)
class GainPerDecade:
    """How the gain grows with size: per decade of parameters, an offset for each family.

    `slope`, `low`, `high`: NaN and unbounded below three families with two sizes.
    """

    slope: float
    low: float
    high: float
    families: int


@shown
@dataclass(frozen=True)
class TuneCoupling:
    """Coupling over the tunes of one base model: size and pre-training do not differ.

    - `slope`, `low`, `high`: change of truth per change of reasoning, an offset for each base
      model, makers as the unit of the interval.
    - `rank_r`: Spearman's correlation of the two scores about the means of their base models.
    - `models`, `makers`, `bases`: tunes, who published them, and the base models they began from.
    """

    slope: float
    low: float
    high: float
    rank_r: float
    models: int
    makers: int
    bases: int


@shown
@dataclass(frozen=True)
class CouplingChange:
    """Coupling over sizes before and after tuning, and its change, families combined."""

    before: RandomEffects
    after: RandomEffects
    difference: RandomEffects


def mean_gain(
    gain: Float[np.ndarray, " pairs"], family: Shaped[np.ndarray, " pairs"], *, level: float = 0.95
) -> Gain:
    """Mean over families of their mean gain; a family counts once, however many sizes it has."""
    _, index = np.unique(family, return_inverse=True)
    means = np.bincount(index, gain) / np.bincount(index)
    mean, low, high = student(means, level=level)
    return Gain(float(mean), float(low), float(high), families=means.size, pairs=gain.size)


def gain_per_decade(
    gain: Float[np.ndarray, " pairs"],
    log10_params: Float[np.ndarray, " pairs"],
    family: Shaped[np.ndarray, " pairs"],
    *,
    level: float = 0.95,
) -> GainPerDecade:
    """Slope of the gain on log10 N with an offset per family.

    The interval is robust to clusters, families being the clusters: squared scores, each divided by
    one less the family's leverage (Bell and McCaffrey 2002). Student's t has as many degrees of
    freedom as equal clusters of the same Σ leverage² leave, 1 / Σ leverage² - 1. Families of one
    size say nothing and are not counted.
    """
    slope, low, high, families = _within(log10_params, gain, family, family, level)
    return GainPerDecade(slope, low, high, families)


def coupling_change(before: Sequence[Slope], after: Sequence[Slope]) -> CouplingChange:
    """Couplings of the same families before and after tuning, combined by random effects.

    **Arguments**: slopes over sizes, of base and of tuned models, in one order of families.

    The change of a family is weighted by its two variances added. These are too large, as base and
    tuned models share questions and quirks; a between-family variance found with them comes out too
    small. The interval of the change therefore takes the scatter of the families as it is: squared
    deviations, each divided by one less the family's weight, and as many degrees of freedom as the
    weights leave, 1 / Σ weight² - 1.
    """
    one, other = combine_families(before), combine_families(after)
    return CouplingChange(one, other, _combined_change(before, after, (one.mean, other.mean)))


def coupling_across_tunes(
    reasoning: Float[np.ndarray, " tunes"],
    truth: Float[np.ndarray, " tunes"],
    base: Shaped[np.ndarray, " tunes"],
    maker: Shaped[np.ndarray, " tunes"],
    *,
    level: float = 0.95,
) -> TuneCoupling:
    """Slope of truth on reasoning over tunes, with an offset per base model.

    Tunes of one maker are often steps of one run, so the interval takes makers as clusters (as
    `gain_per_decade` takes families). Least squares: errors of the reasoning score draw the slope
    towards zero. Unbounded with fewer than three makers who tell two tunes of a base model apart.
    """
    slope, low, high, makers = _within(reasoning, truth, base, maker, level)
    x, y = _centred(reasoning, base), _centred(truth, base)
    several = np.ptp(x) > 0 and np.ptp(y) > 0 if x.size > 2 else False
    return TuneCoupling(
        slope=slope,
        low=low,
        high=high,
        rank_r=float(np.corrcoef(scipy.stats.rankdata(x), scipy.stats.rankdata(y))[0, 1])
        if several
        else math.nan,
        models=reasoning.size,
        makers=makers,
        bases=np.unique(base).size,
    )


def enough_tunes(models: int, makers: int) -> bool:
    """Whether a coupling across tunes is worth asking for: ten tunes of three makers."""
    return models >= _FEWEST_TUNES and makers >= _FEWEST_MAKERS


def _combined_change(
    before: Sequence[Slope], after: Sequence[Slope], means: tuple[float, float]
) -> RandomEffects:
    # As in `combine_families`, each family enters with what its scores say at the mean slope.
    scores = [(a.scores, b.scores) for a, b in zip(before, after, strict=True)]
    known = [(a, b) for a, b in scores if a and b and informs(a, means[0]) and informs(b, means[1])]
    k, left_out = len(known), len(before) - len(known)
    if k < 2:
        return RandomEffects(math.nan, -math.inf, math.inf, math.nan, k, left_out)
    (effect_before, variance_before), (effect_after, variance_after) = (
        effects_at(scores, mean)
        for scores, mean in zip(zip(*known, strict=True), means, strict=True)
    )
    change, known_variance = effect_after - effect_before, variance_before + variance_after
    between = mean_of_effects(change, known_variance).between_sd
    weight = 1 / (known_variance + between**2)
    weight /= weight.sum()
    mean = float(weight @ change)
    variance = float(np.sum((weight * (change - mean)) ** 2 / (1 - weight)))
    freedom = max(1 / float(weight @ weight) - 1, 1.0)
    half = float(distributions.t.ppf(0.975, freedom)) * math.sqrt(variance)
    half = half if k >= _FEWEST_FAMILIES else math.inf
    return RandomEffects(mean, mean - half, mean + half, between, k, left_out)


def _centred(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    _, index = np.unique(group, return_inverse=True)
    return values - (np.bincount(index, values) / np.bincount(index))[index]


def _within(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, cluster: np.ndarray, level: float
) -> tuple[float, float, float, int]:
    """Slope with offsets of groups, the ends of its interval, and how many clusters inform it."""
    x, y = _centred(x, group), _centred(y, group)
    _, index = np.unique(cluster, return_inverse=True)
    information = np.bincount(index, x * x)
    informed = information > 0
    count, total = int(informed.sum()), float(information.sum())
    if count < _FEWEST_FAMILIES:
        slope = float(x @ y) / total if total else math.nan
        return slope, -math.inf, math.inf, count
    slope = float(x @ y) / total
    scores = np.bincount(index, x * (y - slope * x))[informed]
    leverage = np.minimum(information[informed] / total, _MOST_LEVERAGE)
    error = math.sqrt(float(np.sum(scores**2 / (1 - leverage)))) / total
    freedom = max(1 / float(leverage @ leverage) - 1, 1.0)
    half = float(distributions.t.ppf((1 + level) / 2, freedom)) * error
    return slope, slope - half, slope + half, count
