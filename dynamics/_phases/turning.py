"""Which families turn inside their own sizes, and how many could have been seen to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from ...common.display import shown
from .critical_types import NOISE_DEGREES, FamilyCritical
from .family_curve import quadratic_design
from .natural_spline import SplineCurve

_TABLES = 400


@shown
@dataclass(frozen=True)
class Turning:
    """The families' own tests of a U, taken together.

    - `families`: those whose test rejects with the share of false discoveries at most
      `false_discovery_rate` (Benjamini and Hochberg); `tested`: how many had four sizes or more.
    - `power`: mean share of simulated tables in which a tested family's own p lies below .05 if
      it follows the pooled curve along log N; NaN where there is no such curve.
    """

    families: tuple[str, ...]
    tested: int
    false_discovery_rate: float
    power: float


def turning_families(
    families: Mapping[str, tuple[FamilyCritical, Float[np.ndarray, " _"]]],
    *,
    curve: SplineCurve | None,
    noise: float,
    false_discovery_rate: float = 0.05,
    seed: int = 0,
) -> Turning:
    """Judge the families' U-tests together.

    `families`: name -> its U-test and its log10 N; `curve`: the pooled one; `noise`: the variance
    of a score about it.
    """
    tested = {name: one for name, one in families.items() if not math.isnan(one[0].p_value)}
    if not tested:
        return Turning((), 0, false_discovery_rate, math.nan)
    q = stats.false_discovery_control([c.p_value for c, _ in tested.values()])
    power = math.nan
    if curve is not None and noise > 0:
        rng = np.random.default_rng(seed)
        power = float(np.mean([_power(s, curve, noise, rng) for _, s in tested.values()]))
    return Turning(
        families=tuple(
            name for name, one in zip(tested, q, strict=True) if one <= false_discovery_rate
        ),
        tested=len(tested),
        false_discovery_rate=false_discovery_rate,
        power=power,
    )


def _power(size, curve: SplineCurve, noise: float, rng: np.random.Generator) -> float:
    """Share of draws in which the U-test of one family rejects, its variance taken as `noise`."""
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
        worst = np.maximum(worst, stats.t.sf(t, dof))
    return float(np.mean(worst < 0.05))
