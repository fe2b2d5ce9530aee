"""Which families turn inside their own sizes, and how many could have been seen to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from ...common.display import shown
from ...common.statistics import benjamini_hochberg
from ...common.turns import turn_p, turns_by_seed
from .critical_types import NOISE_DEGREES, FamilyCritical
from .family_curve import quadratic_design
from .natural_spline import SplineCurve

_TABLES = 400


@dataclass(frozen=True)
class TestedFamily:
    """One family's test of a turn, with what a simulation of it needs."""

    critical: FamilyCritical
    time: Float[np.ndarray, " models"]
    y_stderr: Float[np.ndarray, " models"]


@shown
@dataclass(frozen=True)
class Turning:
    """The families' own tests of a turn, taken together.

    - `families`: those whose test rejects with the share of false discoveries at most
      `false_discovery_rate` (Benjamini and Hochberg); `tested`: how many had four sizes or more.
    - `power`: mean share of simulated tables in which a tested family's own p lies below .05 if
      it follows the pooled curve along the clock; NaN where there is no such curve.
    """

    families: tuple[str, ...]
    tested: int
    false_discovery_rate: float
    power: float


def turning_families(
    families: Mapping[str, TestedFamily],
    *,
    curve: SplineCurve | None,
    noise: float,
    false_discovery_rate: float = 0.05,
    seed: int = 0,
) -> Turning:
    """Judge the families' tests together.

    `families`: name -> its test, places on the clock and errors; `curve`: the pooled one; `noise`:
    the variance of a score about it, for families without seeds. Those with seeds differ from it
    as their own seeds do.
    """
    tested = {name: one for name, one in families.items() if not math.isnan(one.critical.p_value)}
    if not tested:
        return Turning((), 0, false_discovery_rate, math.nan)
    q = benjamini_hochberg([one.critical.p_value for one in tested.values()])
    power = math.nan
    if curve is not None and noise > 0:
        rng = np.random.default_rng(seed)
        power = float(np.mean([_power(one, curve, noise, rng) for one in tested.values()]))
    return Turning(
        families=tuple(
            name for name, one in zip(tested, q, strict=True) if one <= false_discovery_rate
        ),
        tested=len(tested),
        false_discovery_rate=false_discovery_rate,
        power=power,
    )


def _power(one: TestedFamily, curve: SplineCurve, noise: float, rng: np.random.Generator) -> float:
    """Share of draws from the pooled curve in which the family's own test rejects."""
    if one.critical.by_seeds is None:
        return _power_of_u(one.time, curve, noise, rng)
    seeds = one.critical.by_seeds.seeds
    spread = one.y_stderr * math.sqrt(seeds)
    draws = rng.standard_normal((_TABLES, seeds, len(spread)))
    return float(np.mean(turn_p(turns_by_seed(curve(one.time) + spread * draws)) < 0.05))


def _power_of_u(size, curve: SplineCurve, noise: float, rng: np.random.Generator) -> float:
    """The U-test's, its variance taken as `noise`."""
    u = (size - size.mean()) / (np.ptp(size) / 2)
    design = quadratic_design(u)
    y = curve(size)[:, None] + math.sqrt(noise) * rng.standard_normal((len(size), _TABLES))
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    covariance = noise * np.linalg.inv(design.T @ design)
    dof = len(size) - 3 + NOISE_DEGREES
    worst = np.full(_TABLES, 0.0)
    for end, sign in ((u.min(), -1), (u.max(), 1)):
        gradient = np.array([0.0, 1.0, 2 * end])
        t = sign * (gradient @ coefficients) / math.sqrt(gradient @ covariance @ gradient)
        worst = np.maximum(worst, distributions.t.sf(t, dof))
    return float(np.mean(worst < 0.05))
