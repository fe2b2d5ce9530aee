"""Do families share a turn, and where? First the gate, then the place.

A pooled U is not a turn. The gate asks three things at once, and its p is the largest of three:

- a bend within families beyond a slope of each family's own (`own_slopes`): families on straight
  lines, low ones falling and high ones rising, have none;
- a fall before the place and
- a rise after it, in the families that straddle it (`straddling`): a curve that only flattens, or
  only steepens, lacks one of them.

Each is a test of its own null and all must reject, so the gate is wrong no more often than the
least careful of them (intersection-union, Berger 1982).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from ...common.arrays import AnyArray
from ...common.display import shown
from .critical import critical_point
from .critical_types import CriticalPoint, WithinFamilies, known_noise, within_families
from .natural_spline import SplineCurve
from .own_slopes import Bend, OwnSlopes
from .spline import SplinePlace, spline_place
from .straddling import Side, Straddling
from .turn_interval import turn_interval

#: The gate opens below this p.
GATE = 0.05
#: Simulated tables behind the power.
_TABLES = 400


@shown
@dataclass(frozen=True)
class Gate:
    """The three tests of one table: `p` is the largest of theirs, NaN where one cannot be made."""

    p: float
    bend: Bend
    before: Side
    after: Side
    straddling: tuple[object, ...]
    spline: SplinePlace | None


@dataclass(frozen=True)
class TurnPlace:
    """One estimator's place with its interval; NaN and infinite as in `CriticalPoint`."""

    place: float
    low: float
    high: float


@shown
@dataclass(frozen=True)
class CommonTurn:
    """Whether the families of a table share a turn along an axis.

    - `established`: whether the gate is open, `gate_p` below .05; `power`: how often it would open
      if every family followed the pooled curve (NaN where nothing can be tested).
    - `curvature`, `curvature_low`, `curvature_high`: of the bend beyond own slopes; `bend_p`.
    - `before`, `after`: mean slopes of the families in `straddling`, which have two models on
      either side of the place.
    - `place`: of the natural spline, with the interval of `turn_interval`; NaN and infinite unless
      `established`.
    - `estimators`: name -> place, whether or not there is a turn: where it is *if* there is one.
    - `curve`: the spline, which explains the share `within_r2` of the variance within families; a
      straight line of each family's own explains `own_slopes_r2`, with a common bend beside it
      `common_bend_r2`.
    """

    established: bool
    gate_p: float
    power: float
    curvature: float
    curvature_low: float
    curvature_high: float
    bend_p: float
    before: Side
    after: Side
    straddling: tuple[object, ...]
    place: float
    low: float
    high: float
    estimators: Mapping[str, TurnPlace]
    within_r2: float
    own_slopes_r2: float
    common_bend_r2: float
    curve: SplineCurve | None


def common_turn(
    x: Float[AnyArray, " models"],
    y: Float[AnyArray, " models"],
    family: Shaped[Any, " models"],
    *,
    y_stderr: Float[AnyArray, " models"] | None = None,
    scatter: float = 0.0,
    pooled: CriticalPoint | None = None,
    n_boot: int = 2_000,
    seed: int = 0,
) -> CommonTurn:
    """The gate of a common turn of `y` along `x`, and its place.

    **Arguments**: `x`, position on the axis; `y`, the score as a fraction, with its known standard
    errors; `family`, a label per model; `scatter`, standard deviation between models beyond these
    errors (`pooled_scatter`); `pooled`, a critical point of the same data, computed where it is not
    given, with `n_boot` resamples; `seed` of these and of the simulated tables behind the power.

    **Limits**: `docs/calibration.md` has false positives and power by design, and where the
    interval of the place holds. Two families that straddle the place are the least; with a few the
    power is small, and a closed gate then says little.
    """
    data = within_families(x, y, family)
    known = known_noise(y_stderr)
    noise = (known if known is not None else 0.0) + scatter**2
    if pooled is None:
        pooled = critical_point(x, y, family, y_stderr=y_stderr, n_boot=n_boot, seed=seed)
    gate = gate_of(data, noise=noise)
    bend, spline, established = gate.bend, gate.spline, bool(gate.p < GATE)
    drawn = _drawn(data, spline, noise)
    own, common = _explained(data, bend.curvature)
    return CommonTurn(
        established=established,
        gate_p=gate.p,
        power=_power(data, spline, noise=noise, seed=seed),
        curvature=bend.curvature,
        curvature_low=bend.low,
        curvature_high=bend.high,
        bend_p=bend.p,
        before=gate.before,
        after=gate.after,
        straddling=gate.straddling,
        place=drawn.place if established else math.nan,
        low=drawn.low if established else -math.inf,
        high=drawn.high if established else math.inf,
        estimators=MappingProxyType(_estimators(drawn if spline else None, pooled)),
        within_r2=spline.within_r2 if spline else math.nan,
        own_slopes_r2=own,
        common_bend_r2=common,
        curve=spline.curve if spline else None,
    )


def gate_of(data: WithinFamilies, *, noise: float) -> Gate:
    """Make the three tests; `noise` is the variance of a score about its family's curve."""
    spline = spline_place(data) if data.families > 1 else None
    straddling = Straddling(data, spline.place if spline else math.nan)
    bend = OwnSlopes(data).bends(data.y[:, None])[0]
    before, after = straddling.sides(data.y[:, None], noise=noise)[0]
    p = _largest(bend, before, after)
    return Gate(p, bend, before, after, tuple(straddling.labels), spline)


def _largest(bend: Bend, before: Side, after: Side) -> float:
    """The largest p; NaN, which `max` may pass over, where a test could not be made."""
    return float(np.max([bend.p, before.p, after.p]))


def _drawn(data: WithinFamilies, spline: SplinePlace | None, noise: float) -> TurnPlace:
    """The lowest position of the curve that is drawn, with the interval of a turn."""
    if spline is None:
        return TurnPlace(math.nan, -math.inf, math.inf)
    low, high = turn_interval(data, noise=noise, place=spline.place)
    return TurnPlace(spline.place, low, high)


def _estimators(spline: TurnPlace | None, pooled: CriticalPoint) -> dict[str, TurnPlace]:
    places = {}
    if spline is not None:
        places["natural_spline"] = spline
    for point in (pooled, *pooled.alternatives):
        places[point.method] = TurnPlace(point.vertex, point.low, point.high)
    return places


def _explained(data: WithinFamilies, curvature: float) -> tuple[float, float]:
    """Share of the variance within families of own lines, and of these with the common bend."""
    y = data.centred(data.y)
    total = float(y @ y)
    if not total:
        return math.nan, math.nan

    def left(values: np.ndarray) -> float:
        x, values = data.centred(data.x), data.centred(values)
        slope = data.sums(x * values) / data.sums(x**2)
        rest = values - slope[data.index] * x
        return float(rest @ rest)

    bent = math.nan
    if not math.isnan(curvature):
        bent = 1 - left(data.y - curvature * data.centred(data.x) ** 2) / total
    return 1 - left(data.y) / total, bent


def _power(
    data: WithinFamilies,
    spline: SplinePlace | None,
    *,
    noise: float,
    seed: int,
) -> float:
    """Share of simulated tables at which the gate opens.

    Every family follows the pooled curve, with its own offset and normal errors of variance
    `noise`. The place is that of the curve and not estimated anew in each table.
    """
    if spline is None or math.isnan(spline.place) or not noise > 0:
        return math.nan
    design, straddling = OwnSlopes(data), Straddling(data, spline.place)
    draws = np.random.default_rng(seed).standard_normal((data.x.size, _TABLES))
    y = spline.curve(data.x)[:, None] + math.sqrt(noise) * draws
    p = [
        _largest(bend, *sides)
        for bend, sides in zip(design.bends(y), straddling.sides(y, noise=noise), strict=True)
    ]
    return math.nan if math.isnan(p[0]) else float(np.mean(np.array(p) < GATE))
