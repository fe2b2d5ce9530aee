"""Between which positions families turn: where a slope of zero is not rejected, on two curves.

No one curve serves all tables. One with a curvature of its own on either side of a candidate
position holds a sharp turn wherever it is, but is led astray where curvature changes smoothly; a
natural spline follows smooth changes, but rounds a sharp turn off towards its gentler side. The
interval is the hull of both.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from .critical_types import WithinFamilies
from .natural_spline import natural_basis, natural_slopes

#: Each curve is tested at so many times the interval's own error. Chosen with the number of knots
#: on simulated tables, docs/calibration.md.
_TAILS = 2.5
_KNOTS = 6
#: The part of the data in which a turn is looked for, and the outermost knots in it.
ENDS = (0.05, 0.95)
_CANDIDATES = 161
#: Distinct positions below which nothing is said.
FEWEST_POSITIONS = _KNOTS + 1
#: Makes a fit of too few positions solvable, as a share of the mean information.
_RIDGE = 1e-9

# Terms at the models of one curve per candidate, or of one for all of them.
_Terms = Float[np.ndarray, "models curves terms"]


@dataclass(frozen=True)
class _Slopes:
    """Slope at each candidate with its standard error and degrees of freedom; the fit's squares."""

    slope: Float[np.ndarray, " candidates"]
    error: Float[np.ndarray, " candidates"]
    degrees_of_freedom: Float[np.ndarray, " candidates"]
    squares: Float[np.ndarray, " candidates"]


def turn_interval(
    data: WithinFamilies, *, noise: float, place: float = math.nan, level: float = 0.95
) -> tuple[float, float]:
    """(low, high) of the position where the families' curve is lowest, an offset for each.

    `noise` is the known variance of a score about its family's curve; a `place` that is given is
    held whatever the tests say. An end that the data do not bound is infinite.

    **Limits**: docs/calibration.md has the coverage by design. Where families' own curves differ
    the target is the lowest position of their mean curve.
    """
    candidates = positions_inside(data)
    quantile = 1 - _TAILS * (1 - level) / 2
    found = [
        _accepted(candidates, slopes, quantile, lowest)
        for slopes, lowest in (
            _two_curvatures(data, candidates, noise),
            _spline(data, candidates, noise),
        )
    ]
    low, high = min(low for low, _ in found), max(high for _, high in found)
    return float(np.fmin(low, place)), float(np.fmax(high, place))


def positions_inside(data: WithinFamilies) -> Float[np.ndarray, " candidates"]:
    """Positions at which a turn is looked for."""
    first, last = np.quantile(data.x, ENDS)
    return np.linspace(first, last, _CANDIDATES)


def _accepted(
    candidates: np.ndarray, at: _Slopes, quantile: float, lowest: int | None
) -> tuple[float, float]:
    """The nearest candidates about the lowest one that fall, and rise, beyond doubt."""
    if lowest is None:
        return -math.inf, math.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        t = at.slope / at.error
    beyond = distributions.t.ppf(quantile, at.degrees_of_freedom)
    falls = np.flatnonzero(t[: lowest + 1] < -beyond[: lowest + 1])
    rises = np.flatnonzero(t[lowest:] > beyond[lowest:])
    return (
        float(candidates[falls[-1]]) if falls.size else -math.inf,
        float(candidates[lowest + rises[0]]) if rises.size else math.inf,
    )


def _two_curvatures(
    data: WithinFamilies, candidates: np.ndarray, noise: float
) -> tuple[_Slopes, int | None]:
    """A slope at the candidate and a curvature on either side of it; the lowest candidate is that
    of least squares where the slope comes to rise."""
    d = (data.x[:, None] - candidates) / np.std(data.centred(data.x))
    terms = np.stack([d, np.minimum(d, 0) ** 2, np.maximum(d, 0) ** 2], axis=-1)
    at = _slopes(data, terms, np.tile([1.0, 0.0, 0.0], (candidates.size, 1)), noise)
    turns = np.flatnonzero((at.slope[:-1] < 0) & (at.slope[1:] >= 0))
    return at, int(turns[np.argmin(at.squares[turns])]) if turns.size else None


def _spline(data: WithinFamilies, candidates: np.ndarray, noise: float) -> tuple[_Slopes, int]:
    """A natural spline; the lowest candidate is where its slopes have summed to the least."""
    knots = _knots(data)
    centre, scale = float(knots.mean()), float(np.ptp(knots))
    inner = (knots - centre) / scale
    terms = natural_basis((data.x - centre) / scale, inner)[:, None, :]
    at = _slopes(data, terms, natural_slopes((candidates - centre) / scale, inner), noise)
    steps = (at.slope[:-1] + at.slope[1:]) / 2
    return at, int(np.argmin(np.concatenate([[0.0], np.cumsum(steps)])))


def _knots(data: WithinFamilies) -> Float[np.ndarray, " knots"]:
    """Quantiles of the positions, each weighted by its square about its family's mean: knots stand
    where models differ within families."""
    order = np.argsort(data.x)
    weight = (data.centred(data.x) ** 2)[order]
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
    return np.unique(np.interp(np.linspace(*ENDS, _KNOTS), below, data.x[order]))


def _slopes(
    data: WithinFamilies,
    terms: _Terms,
    by_term: Float[np.ndarray, "candidates terms"],
    noise: float,
) -> _Slopes:
    """Least squares with an offset per family; `terms` of one curve serve all candidates.

    The standard error is the larger of the jackknife's, which leaves out one family after another,
    and of what `noise` makes of it. Its degrees of freedom are those of the families' shares in the
    variance, 1 / Σ share², less one (after Satterthwaite 1946).
    """
    terms = data.centred(terms)
    y = data.centred(data.y)
    information = data.sums(terms[..., :, None] * terms[..., None, :])
    right = data.sums(terms * y[:, None, None])
    whole, all_right = information.sum(axis=0), right.sum(axis=0)
    ridge = _RIDGE * np.trace(whole, axis1=-2, axis2=-1)[:, None, None] * np.eye(terms.shape[-1])
    fit = np.linalg.solve(whole + ridge, all_right[..., None])[..., 0]
    without = np.linalg.solve(whole - information + ridge, (all_right - right)[..., None])[..., 0]
    weights = np.linalg.solve(whole + ridge, by_term[..., None])[..., 0]
    moved = np.sum((without - fit) * by_term, axis=-1)
    jackknife = np.sum(moved**2, axis=0) * (data.families - 1) / data.families
    shares = np.sum((information @ weights[..., None])[..., 0] * weights, axis=-1)
    total = shares.sum(axis=0)
    return _Slopes(
        slope=np.sum(fit * by_term, axis=-1),
        error=np.sqrt(np.maximum(jackknife, noise * total)),
        degrees_of_freedom=np.maximum(1 / np.sum((shares / total) ** 2, axis=0) - 1, 1.0),
        squares=np.broadcast_to(y @ y - np.sum(fit * all_right, axis=-1), total.shape),
    )
