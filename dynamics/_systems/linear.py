"""The integral form on a smooth path: states against integrals of the terms, window by window."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

from .prepared import Prepared
from .shooting import Segments
from .subsets import ChosenSubset, best_subset
from .terms import TermValues

_FINE = 4  # path points per interval of the data
_MOST_FINE = 4096


@dataclasses.dataclass(frozen=True)
class Regressions:
    """One weighted regression per equation, an intercept per window taken out."""

    gram: Float[np.ndarray, "dims terms terms"]
    moment: Float[np.ndarray, "dims terms"]
    total: Float[np.ndarray, " dims"]
    rows: Float[np.ndarray, " dims"]


def regressions(data: Prepared, values: TermValues, segments: Segments) -> Regressions:
    """Regressions of the states on integrals of the terms along the smooth path."""
    integrals = np.concatenate(
        [_integrals(values, t, path) for t, path in zip(data.times, data.paths, strict=True)]
    )
    dims, terms = data.dims, len(values.terms)
    gram, moment = np.zeros((dims, terms, terms)), np.zeros((dims, terms))
    total, rows = np.zeros(dims), np.zeros(dims)
    for m in range(segments.count):
        own = segments.owner == m
        for d in range(dims):
            weight = segments.weight[own, d] ** 2
            if (weight > 0).sum() < 2:
                continue
            design, y = integrals[own], segments.y[own, d]
            design = design - weight @ design / weight.sum()
            y = y - weight @ y / weight.sum()
            gram[d] += design.T @ (design * weight[:, None])
            moment[d] += design.T @ (y * weight)
            total[d] += float(y @ (y * weight))
            rows[d] += (weight > 0).sum() - 1
    return Regressions(gram, moment, total, rows)


def _integrals(values: TermValues, t, path):
    fine = max(1, min(_FINE, _MOST_FINE // max(len(t) - 1, 1)))
    share = np.arange(fine) / fine
    grid = np.append((t[:-1, None] + np.diff(t)[:, None] * share).ravel(), t[-1])
    theta = values.values(path(grid))
    middle = values.values(path((grid[1:] + grid[:-1]) / 2))
    # Simpson's rule on each fine interval.
    parts = np.diff(grid)[:, None] / 6 * (theta[:-1] + 4 * middle + theta[1:])
    summed = np.concatenate([np.zeros((1, parts.shape[1])), np.cumsum(parts, axis=0)])
    return summed[::fine]


def first_subsets(
    found: Regressions, allowed: Bool[np.ndarray, "dims terms"], *, floor: float, most: int, cost
) -> list[ChosenSubset]:
    """The subset of each equation that its regression prefers, from none and from all terms."""
    chosen = []
    for d in range(len(found.total)):
        starts = (np.zeros_like(allowed[d]), allowed[d])
        ends = [
            best_subset(
                found.gram[d], found.moment[d], float(found.total[d]), rows=float(found.rows[d]),
                start=start, allowed=allowed[d], floor=floor, most=most, cost=cost,
            )
            for start in starts
        ]  # fmt: skip
        chosen.append(min(ends, key=lambda end: end.value))
    return chosen
