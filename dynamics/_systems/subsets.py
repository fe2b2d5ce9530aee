"""The best subset of columns of a linear regression, from its sums of products."""

import dataclasses
import math

import numpy as np
from jaxtyping import Bool, Float, Int

#: A column of which less than this share is left by the columns in use is collinear with them.
_COLLINEAR = 1e-8
_LEAST_GAIN = 1e-6  # of the criterion: below this a move is rounding


@dataclasses.dataclass(frozen=True)
class ChosenSubset:
    """Columns in use, their least-squares weights, residual sum of squares and criterion."""

    support: Bool[np.ndarray, " columns"]
    weights: Float[np.ndarray, " columns"]
    squares: float
    value: float


def criterion(squares: float, used: int, *, rows: float, candidates: int, floor: float) -> float:
    """The extended Bayesian information criterion (Chen and Chen 2008).

    rows log(squares/rows + floor) + used (log rows + 2 log candidates); `floor` is the variance
    below which a better fit is no better.
    """
    if used >= rows:
        return math.inf
    size = rows * math.log(max(squares, 0) / rows + floor)
    return size + used * (math.log(rows) + 2 * math.log(max(candidates, 1)))


class _Columns:
    """Sums of products with columns scaled to length 1."""

    def __init__(self, gram, moment, total):
        length = np.sqrt(np.clip(np.diag(gram), 0, None))
        self.usable = length > 0
        self.length = np.where(self.usable, length, 1)
        self.gram = gram / np.outer(self.length, self.length)
        self.moment, self.total = moment / self.length, total

    def solve(self, active: list[int]):
        """Inverse, weights and squares of the active columns."""
        if not active:
            return np.zeros((0, 0)), np.zeros(0), self.total
        block = self.gram[np.ix_(active, active)] + 1e-12 * np.eye(len(active))
        inverse = np.linalg.inv(block)
        weights = inverse @ self.moment[active]
        squares = self.total - 2 * weights @ self.moment[active] + weights @ block @ weights
        return inverse, weights, max(float(squares), 0.0)

    def after_adding(self, active, inverse, weights, squares):
        """Squares after each further column; infinite for collinear ones."""
        cross = self.gram[:, active]
        rest = self.moment - cross @ weights
        left = np.diag(self.gram) - np.einsum("ij,jk,ik->i", cross, inverse, cross)
        fair = self.usable & (left > _COLLINEAR)
        fair[active] = False
        return np.where(fair, squares - rest**2 / np.where(fair, left, 1), np.inf)


def best_subset(
    gram: Float[np.ndarray, "columns columns"],
    moment: Float[np.ndarray, " columns"],
    total: float,
    *,
    rows: float,
    start: Bool[np.ndarray, " columns"],
    allowed: Bool[np.ndarray, " columns"],
    floor: float,
    group: Int[np.ndarray, " columns"] | None = None,
    most: int | None = None,
) -> ChosenSubset:
    """Add, drop and swap columns, the best move at a time, until none lowers the criterion.

    The result is a local optimum under single moves. At most `most` columns of each group are
    in use (of all, where there are no groups); a start may have more, which are dropped first.
    """
    columns = _Columns(gram, moment, total)
    count = int(allowed.sum())
    active = [int(j) for j in np.flatnonzero(start & allowed & columns.usable)]

    groups = np.zeros(len(moment), int) if group is None else group
    limit = len(moment) if most is None else most

    def value(squares, used):
        return criterion(squares, used, rows=rows, candidates=count, floor=floor)

    inverse, weights, squares = columns.solve(active)
    while (over := np.bincount(groups[active], minlength=1) > limit).any():
        rise = np.where(over[groups[active]], weights**2 / np.diag(inverse), np.inf)
        del active[int(np.argmin(rise))]
        inverse, weights, squares = columns.solve(active)
    now = value(squares, len(active))
    for _ in range(4 * len(moment) + 10):
        used = np.bincount(groups[active], minlength=int(groups.max(initial=0)) + 1)
        free = allowed & (used[groups] < limit)
        moved, new = _best_move(columns, active, inverse, weights, squares, free, value)
        if not new < now - _LEAST_GAIN * abs(now):
            break
        active, now = moved, new
        inverse, weights, squares = columns.solve(active)
    support, full = np.zeros(len(moment), bool), np.zeros(len(moment))
    support[active], full[active] = True, weights / columns.length[active]
    return ChosenSubset(support, full, squares, now)


def _best_move(columns, active, inverse, weights, squares, free, value):
    """The columns after the best single move, and their criterion."""
    best, at = list(active), np.inf
    for place, column in enumerate(active):
        new = value(squares + weights[place] ** 2 / inverse[place, place], len(active) - 1)
        if new < at:
            best, at = [j for j in active if j != column], new
    after = np.where(free, columns.after_adding(active, inverse, weights, squares), np.inf)
    j = int(np.argmin(after))
    if np.isfinite(after[j]) and (new := value(after[j], len(active) + 1)) < at:
        best, at = [*active, j], new
    if at < value(squares, len(active)):
        return best, at
    for column in active:  # swaps are looked at only where nothing simpler helps
        rest = [j for j in active if j != column]
        after = columns.after_adding(rest, *columns.solve(rest))
        after = np.where(free, after, np.inf)
        j = int(np.argmin(after))
        if np.isfinite(after[j]) and (new := value(after[j], len(active))) < at:
            best, at = [*rest, j], new
    return best, at
