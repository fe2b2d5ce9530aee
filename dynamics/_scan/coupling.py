"""Couplings inside families of one benchmark with all others, and what an interval lets be said.

The coupling of family f is gamma_f = S_f / C_f with

    S_f = Σ (x - mean)(y - mean),   C_f = Σ (x - mean)² - noise_f,

where the known variances of the errors of x, less what the mean takes of them, are taken off: else
errors of x would draw gamma to zero (Fuller 1987, ch. 1). Its variance is s² Σ (x - mean)² / C_f²,
s² being the scatter about the families' own lines, which all families show together; families
truly differ by more than that, with a variance between them after Paule and Mandel (1982). The mean
over families has Hartung and Knapp's interval (2001, Statistics in Medicine 20), never narrower
than the variances alone would make it (Röver, Knapp and Friede 2015, BMC Medical Research
Methodology 15). Where one family has most of the weight the others cannot show how far families
differ: the degrees of freedom are those of as many equal families as have the same Σ share²,
1 / Σ share² - 1. `_phases/random_effects.py` does much the same for one pair.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from .._phases.random_effects import LEAST_RELIABLE
from .._phases.scatter import TYPICAL_SD
from .._phases.slope import BAND
from .columns import Centred, ScoreColumns, centre

#: Families whose scores differ that inform a coupling; with fewer nothing is said, nor with weights
#: that are those of fewer than two equal families.
FEWEST_FAMILIES = 3
_FEWEST_EQUAL = 2.0
#: Of a family's spread, below which its models stand at one place.
_ROUNDING = 1e-12
#: Degrees of freedom that the typical scatter counts for beside a pair's own.
_BORROWED = 8.0
#: Halvings of the bracket of the variance between families: to one part in a trillion.
_HALVINGS = 40
#: The three things that may be said, in the order of `Couplings.decisions`.
DECISIONS = ("tax", "bonus", "between")


class PairSums(NamedTuple):
    """Sums by family of one benchmark (x) with each other one (y) over the models with both.

    `both`: the models that count; `x`, `y`: scores about their family's mean; `xx`, `xy`, `yy`:
    sums of products, 0 where a family has fewer than two places along x; `noise`: of `xx`, what
    known errors make of it; `informed`: which families have two places, and a spread that is not
    its errors' for the most part.
    """

    both: Bool[np.ndarray, "models benchmarks"]
    x: Centred
    y: Centred
    xx: Float[np.ndarray, "families benchmarks"]
    xy: Float[np.ndarray, "families benchmarks"]
    yy: Float[np.ndarray, "families benchmarks"]
    noise: Float[np.ndarray, "families benchmarks"]
    informed: Bool[np.ndarray, "families benchmarks"]


class Couplings(NamedTuple):
    """Of one benchmark with each other one: mean coupling `gamma` over families with the ends of
    its 95 % interval (infinite where too few families have weight), standard deviation `between`
    families, `r` inside families, and the one-sided p of each of `DECISIONS`."""

    gamma: Float[np.ndarray, " benchmarks"]
    low: Float[np.ndarray, " benchmarks"]
    high: Float[np.ndarray, " benchmarks"]
    between: Float[np.ndarray, " benchmarks"]
    r: Float[np.ndarray, " benchmarks"]
    decisions: Float[np.ndarray, "3 benchmarks"]


def pair_sums(columns: ScoreColumns, reasoning: int) -> PairSums:
    """The sums of benchmark number `reasoning` with every benchmark, itself among them."""
    known = columns.known
    both = known & known[:, [reasoning]]
    x = centre(columns, np.broadcast_to(columns.scores[:, [reasoning]], both.shape), both)
    y = centre(columns, columns.scores, both)
    products = ((x.values, x.values), (x.values, y.values), (y.values, y.values))
    xx, xy, yy = (columns.sums(a * b) for a, b in products)
    error = np.nan_to_num(columns.errors[:, [reasoning]]) ** 2
    share = 1 - 1 / np.maximum(x.models, 1)
    noise = columns.sums(np.where(both, error, 0.0)) * share
    informed = (xx > _ROUNDING) & (x.models >= 2) & (xx - noise > LEAST_RELIABLE * xx)
    xx, xy, yy, noise = (np.where(informed, part, 0.0) for part in (xx, xy, yy, noise))
    return PairSums(both, x, y, xx, xy, yy, noise, informed)


def couplings(sums: PairSums, *, level: float = 0.95) -> Couplings:
    """The mean coupling of every column with its interval, and p of tax, bonus and between."""
    families = sums.informed.sum(axis=0).astype(float)
    signal = np.where(sums.informed, sums.xx - sums.noise, 1.0)
    gamma = np.where(sums.informed, sums.xy / signal, 0.0)
    variance = np.where(sums.informed, _scatter(sums) * sums.xx / signal**2, 1.0)
    mean, error, between, equal = _random_effects(gamma, variance, sums.informed)
    enough = (families >= FEWEST_FAMILIES) & (equal >= _FEWEST_EQUAL)
    dof = np.where(enough, equal - 1, 1.0)
    half = np.where(enough, stats.t.ppf((1 + level) / 2, dof) * error, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = sums.xy.sum(axis=0) / np.sqrt(sums.xx.sum(axis=0) * sums.yy.sum(axis=0))
        at_low, at_high = ((mean - edge) / error for edge in (-BAND, BAND))
    tax, bonus = stats.t.cdf(at_low, dof), stats.t.sf(at_high, dof)
    # Above the lower edge and below the upper one: two one-sided tests, both must reject.
    both_sides = np.maximum(stats.t.sf(at_low, dof), stats.t.cdf(at_high, dof))
    decisions = np.where(enough, np.stack([tax, bonus, both_sides]), np.nan)
    return Couplings(mean, mean - half, mean + half, between, r, decisions)


def _scatter(sums: PairSums) -> Float[np.ndarray, " benchmarks"]:
    """Variance of y about the families' own lines, drawn towards the typical one: a family of two
    models has none of its own to show."""
    safe = np.where(sums.informed, sums.xx, 1.0)
    left = np.where(sums.informed, sums.yy - sums.xy**2 / safe, 0.0)
    dof = np.where(sums.informed, np.maximum(sums.x.models - 2, 0), 0.0).sum(axis=0)
    squares = np.maximum(left, 0.0).sum(axis=0)
    return (squares + _BORROWED * TYPICAL_SD**2) / (dof + _BORROWED)


def _random_effects(
    gamma: Float[np.ndarray, "families benchmarks"],
    variance: Float[np.ndarray, "families benchmarks"],
    informed: Bool[np.ndarray, "families benchmarks"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean over families, its standard error, the standard deviation between them, and how many
    equal families have the weights' Σ share², by column; NaN where no family informs it."""
    count = informed.sum(axis=0)

    def fit(tau2: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weight = np.where(informed, 1 / (variance + tau2), 0.0)
        total = np.where(count > 0, weight.sum(axis=0), 1.0)
        mean = (weight * gamma).sum(axis=0) / total
        return mean, total, (weight * (gamma - mean) ** 2).sum(axis=0)

    # The weighted sum of squares falls as tau² grows; at the root it is what chance makes of it.
    # No root lies beyond the sum of squares about the plain mean.
    plain = np.where(informed, gamma, 0.0).sum(axis=0) / np.maximum(count, 1)
    high = np.where(informed, (gamma - plain) ** 2, 0.0).sum(axis=0) + _ROUNDING
    low = np.zeros_like(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = fit(middle)[2] > count - 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    tau2 = np.where(fit(np.zeros_like(high))[2] > count - 1, (low + high) / 2, 0.0)
    mean, total, squares = fit(tau2)
    scale = np.maximum(1.0, squares / np.maximum(count - 1, 1))
    share = np.where(informed, 1 / (variance + tau2), 0.0) / total
    known = count > 0
    equal = 1 / np.where(known, (share**2).sum(axis=0), 1.0)
    error, between = np.sqrt(scale / total), np.sqrt(tau2)
    mean, error, between, equal = (
        np.where(known, value, np.nan) for value in (mean, error, between, equal)
    )
    return mean, error, between, equal
