"""Couplings inside families of one benchmark with all others, and what an interval lets be said.

The coupling of a pair is the ratio of sums

    gamma = Σ_f S_f / Σ_f C_f,   S_f = Σ (x - mean)(y - mean),   C_f = Σ (x - mean)² - errors,

over the models of each family f, where the known variances of the errors of x, less what the mean
takes of them, are taken off: else errors of x would draw gamma to zero (Fuller 1987, ch. 1). At the
true gamma the families' u_f = S_f - gamma C_f have mean zero and are independent, so a t test of
their mean, with families - 1 degrees of freedom, tests any gamma, and the gammas that it does not
reject are Fieller's interval. Families of many models weigh more, and their u_f vary more; at a
level of 8 % or less the t test of means of unequal variances rejects too rarely rather than too
often (Ibragimov and Müller 2010, Journal of Business & Economic Statistics 28).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from .._phases.slope import BAND
from .columns import Centred, ScoreColumns, centre

#: Families whose scores differ that inform a coupling; with fewer nothing is said.
FEWEST_FAMILIES = 3
#: Of a family's spread, below which its models stand at one place.
_ROUNDING = 1e-12
#: The three things that may be said, in the order of `Couplings.decisions`.
DECISIONS = ("tax", "bonus", "between")


class PairSums(NamedTuple):
    """Sums by family of one benchmark (x) with each other one (y) over the models with both.

    `both`: the models that count; `x`, `y`: scores about their family's mean; `xx`, `xy`, `yy`:
    sums of products, 0 where a family has fewer than two places along x; `noise`: of `xx`, what known
    errors make of it; `informed`: which families have two places.
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
    """Of one benchmark with each other one: `gamma` with the ends of its 95 % interval (infinite
    where nothing bounds it), `r` inside families, and the one-sided p of each of `DECISIONS`."""

    gamma: Float[np.ndarray, " benchmarks"]
    low: Float[np.ndarray, " benchmarks"]
    high: Float[np.ndarray, " benchmarks"]
    r: Float[np.ndarray, " benchmarks"]
    families: Float[np.ndarray, " benchmarks"]
    decisions: Float[np.ndarray, "3 benchmarks"]


def pair_sums(columns: ScoreColumns, reasoning: int) -> PairSums:
    """The sums of benchmark number `reasoning` with every benchmark, itself among them."""
    known = columns.known
    both = known & known[:, [reasoning]]
    x = centre(columns, np.broadcast_to(columns.scores[:, [reasoning]], both.shape), both)
    y = centre(columns, columns.scores, both)
    xx, xy, yy = (columns.sums(a * b) for a, b in ((x.values,) * 2, (x.values, y.values),
                                                   (y.values,) * 2))  # fmt: skip
    informed = (xx > _ROUNDING) & (x.models >= 2)
    error = np.nan_to_num(columns.errors[:, [reasoning]]) ** 2
    share = 1 - 1 / np.maximum(x.models, 1)
    noise = columns.sums(np.where(both, error, 0.0)) * share
    xx, xy, yy, noise = (np.where(informed, part, 0.0) for part in (xx, xy, yy, noise))
    return PairSums(both, x, y, xx, xy, yy, noise, informed)


def couplings(sums: PairSums, *, level: float = 0.95) -> Couplings:
    """gamma of every column with its interval, and p of tax, bonus and between."""
    families = sums.informed.sum(axis=0).astype(float)
    signal = sums.xx - sums.noise
    above, below = sums.xy.sum(axis=0), signal.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gamma = np.where(below > 0, above / below, np.nan)
        r = above / np.sqrt(sums.xx.sum(axis=0) * sums.yy.sum(axis=0))
    low, high = _fieller(sums.xy, signal, families, level=level)
    enough = (families >= FEWEST_FAMILIES) & np.isfinite(low) & np.isfinite(high)
    at_low, at_high = (_t(sums.xy - edge * signal, families) for edge in (-BAND, BAND))
    dof = np.maximum(families - 1, 1)
    tax, bonus = stats.t.cdf(at_low, dof), stats.t.sf(at_high, dof)
    # Above the lower edge and below the upper one: two one-sided tests, both must reject.
    between = np.maximum(stats.t.sf(at_low, dof), stats.t.cdf(at_high, dof))
    decisions = np.where(enough, np.stack([tax, bonus, between]), np.nan)
    return Couplings(gamma, low, high, r, families, decisions)


def _t(
    u: Float[np.ndarray, "families benchmarks"], families: Float[np.ndarray, " benchmarks"]
) -> Float[np.ndarray, " benchmarks"]:
    """t of the mean of `u` over the families that are informed (u is 0 for the others)."""
    total, squares = u.sum(axis=0), (u * u).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squares - total**2 / families) / (families - 1)
        return total / np.sqrt(np.maximum(variance, 0.0) * families)


def _fieller(
    above: Float[np.ndarray, "families benchmarks"],
    below: Float[np.ndarray, "families benchmarks"],
    families: Float[np.ndarray, " benchmarks"],
    *,
    level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """`common.statistics.fieller` for every column, families being what is drawn at random."""
    # Of sums over k families the covariance is k S, S being that of the families. The ratios g with
    # (A - g B)² <= t² k (S_aa - 2 g S_ab + g² S_bb) lie between the roots of a quadratic, where its
    # leading term B² - t² k S_bb is positive; elsewhere nothing bounds them.
    dof = np.maximum(families - 1, 1)
    factor = stats.t.ppf((1 + level) / 2, dof) ** 2 * families / dof

    def covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a * b).sum(axis=0) - a.sum(axis=0) * b.sum(axis=0) / np.maximum(families, 1)

    total_above, total_below = above.sum(axis=0), below.sum(axis=0)
    lead = total_below**2 - factor * covariance(below, below)
    half = total_above * total_below - factor * covariance(above, below)
    last = total_above**2 - factor * covariance(above, above)
    bounded = (families >= 2) & (lead > 0) & (total_below > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(half**2 - lead * last, 0.0))
        low, high = (half - root) / lead, (half + root) / lead
    return np.where(bounded, low, -np.inf), np.where(bounded, high, np.inf)
