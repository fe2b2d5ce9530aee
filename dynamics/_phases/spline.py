"""Where a curve without a form of its own turns: natural splines with an offset per family.

A quadratic has its vertex where its two sides are equally steep, whatever the data; a spline
follows sides of different steepness. How many knots it has moves the lowest position a little, so
that the interval is the hull over three numbers of them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common.display import shown
from .critical_types import WithinFamilies

#: Numbers of knots, at equally spaced quantiles; the first is the curve that is drawn.
KNOTS = (4, 5, 6)
#: Outermost knots, and the part of the data in which a turn is looked for.
_ENDS = (0.05, 0.95)
_GRID = 161
#: Makes a resample of too few positions solvable; a share of the mean information.
_RIDGE = 1e-9


@shown
@dataclass(frozen=True)
class SplineCurve:
    """A natural cubic spline in x, linear beyond its outermost knots; call it on positions.

    `constant` is the mean offset of the families, `span` the positions that it was fitted to.
    """

    constant: float
    coefficients: Float[np.ndarray, " terms"]
    knots: Float[np.ndarray, " knots"]
    span: tuple[float, float]

    def __call__(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self.constant + natural_basis(x, self.knots) @ self.coefficients


@shown
@dataclass(frozen=True)
class SplinePlace:
    """The lowest position of the spline inside the data, with families resampled.

    `low`, `high`: hull over the numbers of knots of the percentile intervals; an end at the edge of
    the data is infinite. `place` is NaN where the curve has no minimum inside. `within_r2`: share
    of the variance within families that the drawn curve explains.
    """

    place: float
    low: float
    high: float
    within_r2: float
    curve: SplineCurve


def natural_basis(
    x: Float[np.ndarray, " n"], knots: Float[np.ndarray, " knots"]
) -> Float[np.ndarray, "n terms"]:
    """The natural cubic spline's basis without its constant, `knots` - 1 columns.

    Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, eq. 5.4 and 5.5.
    """

    def cut(j: int) -> np.ndarray:
        last = np.maximum(x - knots[-1], 0) ** 3
        return (np.maximum(x - knots[j], 0) ** 3 - last) / (knots[-1] - knots[j])

    second_last = cut(len(knots) - 2)
    return np.column_stack([x, *(cut(j) - second_last for j in range(len(knots) - 2))])


def spline_place(
    data: WithinFamilies, *, n_boot: int, seed: int, level: float = 0.95
) -> SplinePlace | None:
    """The lowest position of `y` along `x`; None for fewer distinct positions than knots.

    `n_boot` resamples of whole families from `seed`, the same for each number of knots.

    **Limits**: docs/calibration.md has the coverage by design. Where families' own curves differ
    the target is the lowest position of their mean curve.
    """
    if np.unique(data.x).size <= max(KNOTS):
        return None
    counts = np.random.default_rng(seed).multinomial(
        data.families, np.full(data.families, 1 / data.families), size=n_boot
    )
    weights = np.vstack([np.ones(data.families), counts])
    tail = 100 * (1 - level) / 2
    curves, lows, highs = [], [], []
    for knots in KNOTS:
        curve, places, edges = _fits(data, weights, knots)
        curves.append((curve, places[0]))
        low, high = np.percentile(places[1:], [tail, 100 - tail])
        lows.append(-np.inf if low <= edges[0] else low)
        highs.append(np.inf if high >= edges[1] else high)
        first_edges = edges
    curve, place = curves[0]
    fitted = data.centred(curve(data.x))
    centred = data.centred(data.y)
    total = float(centred @ centred)
    inside = first_edges[0] < place < first_edges[1]
    return SplinePlace(
        place=float(place) if inside else np.nan,
        low=float(min(lows)),
        high=float(max(highs)),
        within_r2=1 - float((centred - fitted) @ (centred - fitted)) / total if total else np.nan,
        curve=curve,
    )


def _fits(
    data: WithinFamilies, weights: Float[np.ndarray, "rows families"], knots: int
) -> tuple[SplineCurve, Float[np.ndarray, " rows"], tuple[float, float]]:
    """The curve of the data, the lowest position of every row of weights, and the grid's ends."""
    at = np.quantile(np.unique(data.x), np.linspace(*_ENDS, knots))
    centre, scale = float(at.mean()), float(np.ptp(at))
    inner = (at - centre) / scale
    basis = natural_basis((data.x - centre) / scale, inner)
    columns, y = data.centred(basis), data.centred(data.y)
    # A family enters by its sums of products only, so that a resample is a weighted sum of them.
    products = data.sums(columns[:, :, None] * columns[:, None, :])
    right = data.sums(columns * y[:, None])
    normal = np.einsum("rf,fij->rij", weights, products)
    ridge = _RIDGE * np.trace(normal[0]) / len(inner) * np.eye(basis.shape[1])
    solutions = np.linalg.solve(normal + ridge, (weights @ right)[..., None])[..., 0]
    first, last = np.quantile(data.x, _ENDS)
    grid = np.linspace(first, last, _GRID)
    heights = solutions @ natural_basis((grid - centre) / scale, inner).T
    places = grid[np.argmin(heights, axis=1)]
    curve = SplineCurve(
        constant=0.0,
        coefficients=_unscaled(solutions[0], scale),
        knots=at,
        span=(float(data.x.min()), float(data.x.max())),
    )
    offset = float(np.mean(data.y - curve(data.x)))
    curve = SplineCurve(offset, curve.coefficients, curve.knots, curve.span)
    return curve, places, (float(grid[0]), float(grid[-1]))


def _unscaled(coefficients: Float[np.ndarray, " terms"], scale: float) -> np.ndarray:
    """Coefficients for x itself instead of (x - centre) / scale, up to a constant.

    The linear column scales with 1 / scale, the cut ones, cubes over a distance, with 1 / scale².
    """
    powers = np.full(coefficients.size, 2)
    powers[0] = 1
    return coefficients / scale**powers
