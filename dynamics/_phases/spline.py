"""Where a curve without a form of its own turns: a natural spline with an offset per family.

A quadratic has its vertex where its two sides are equally steep, whatever the data; a spline
follows sides of different steepness.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common.display import shown
from .critical_types import WithinFamilies
from .natural_spline import SplineCurve, natural_basis
from .turn_interval import ENDS, FEWEST_POSITIONS, positions_inside

#: At equally spaced quantiles of the positions.
_KNOTS = 4
#: Makes a fit of too few positions solvable; a share of the mean information.
_RIDGE = 1e-9


@shown
@dataclass(frozen=True)
class SplinePlace:
    """The lowest position of the spline inside the data.

    `place` is NaN where the curve has no minimum inside; its interval is `turn_interval`.
    `within_r2`: share of the variance within families that the curve explains.
    """

    place: float
    within_r2: float
    curve: SplineCurve


def spline_place(data: WithinFamilies) -> SplinePlace | None:
    """The lowest position of `y` along `x`; None for too few distinct positions."""
    if np.unique(data.x).size < FEWEST_POSITIONS:
        return None
    curve, place = _fit(data)
    fitted, centred = data.centred(curve(data.x)), data.centred(data.y)
    total = float(centred @ centred)
    return SplinePlace(
        place=place,
        within_r2=1 - float((centred - fitted) @ (centred - fitted)) / total if total else np.nan,
        curve=curve,
    )


def _fit(data: WithinFamilies) -> tuple[SplineCurve, float]:
    """The curve, and its lowest position inside the data (NaN at an edge)."""
    knots = np.quantile(np.unique(data.x), np.linspace(*ENDS, _KNOTS))
    centre, scale = float(knots.mean()), float(np.ptp(knots))
    inner = (knots - centre) / scale
    columns = data.centred(natural_basis((data.x - centre) / scale, inner))
    normal = columns.T @ columns
    ridge = _RIDGE * np.trace(normal) / _KNOTS * np.eye(columns.shape[1])
    solution = np.linalg.solve(normal + ridge, columns.T @ data.centred(data.y))
    grid = positions_inside(data)
    lowest = int(np.argmin(natural_basis((grid - centre) / scale, inner) @ solution))
    span = (float(data.x.min()), float(data.x.max()))
    curve = SplineCurve(0.0, _unscaled(solution, scale), knots, span)
    offset = float(np.mean(data.y - curve(data.x)))
    place = float(grid[lowest]) if 0 < lowest < grid.size - 1 else np.nan
    return SplineCurve(offset, curve.coefficients, knots, span), place


def _unscaled(coefficients: Float[np.ndarray, " terms"], scale: float) -> np.ndarray:
    """Coefficients for x itself instead of (x - centre) / scale, up to a constant.

    The linear column scales with 1 / scale, the cut ones, cubes over a distance, with 1 / scale².
    """
    powers = np.full(coefficients.size, 2)
    powers[0] = 1
    return coefficients / scale**powers
