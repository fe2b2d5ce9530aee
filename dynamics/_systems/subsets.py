"""The best subset of columns of a linear regression, from its sums of products."""

import dataclasses
import math

import numpy as np
from jaxtyping import Bool, Float, Int

#: A column of which less than this share is left by the columns in use is collinear with them.
_COLLINEAR = 1e-8
_LEADERS = 4
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
    cost: Float[np.ndarray, " columns"] | None = None,
    group: Int[np.ndarray, " columns"] | None = None,
    most: int | None = None,
) -> ChosenSubset:
    """Add, drop and swap columns, the best move at a time, until none lowers the criterion.

    `cost` of each column is added to the criterion while it is in use.
    The result is a local optimum under single moves. At most `most` columns of each group are
    in use (of all, where there are no groups); a start may have more, which are dropped first.
    """
    columns = _Columns(gram, moment, total)
    count = int(allowed.sum())
    active = [int(j) for j in np.flatnonzero(start & allowed & columns.usable)]

    groups = np.zeros(len(moment), int) if group is None else group
    limit = len(moment) if most is None else most

    price = np.zeros(len(moment)) if cost is None else cost

    def value(squares, columns):
        base = criterion(squares, len(columns), rows=rows, candidates=count, floor=floor)
        return base + float(price[columns].sum())

    inverse, weights, squares = columns.solve(active)
    while (over := np.bincount(groups[active], minlength=1) > limit).any():
        rise = np.where(over[groups[active]], weights**2 / np.diag(inverse), np.inf)
        del active[int(np.argmin(rise))]
        inverse, weights, squares = columns.solve(active)
    now = value(squares, active)
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
        rest = [j for j in active if j != column]
        new = value(squares + weights[place] ** 2 / inverse[place, place], rest)
        if new < at:
            best, at = rest, new
    best, at = _best_addition(
        active, columns.after_adding(active, inverse, weights, squares), free, value, best, at
    )
    if at < value(squares, active):
        return best, at
    for column in active:  # swaps are looked at only where nothing simpler helps
        rest = [j for j in active if j != column]
        after = columns.after_adding(rest, *columns.solve(rest))
        best, at = _best_addition(rest, after, free, value, best, at)
    return best, at


def _best_addition(active, after, free, value, best, at):
    """The best of some columns and one more, where it is better than `best`."""
    # Costs are small beside what terms explain, so that a few leaders are enough.
    for j in np.argsort(np.where(free, after, np.inf))[:_LEADERS]:
        if free[j] and np.isfinite(after[j]):
            new = value(after[j], [*active, int(j)])
            if new < at:
                best, at = [*active, int(j)], new
    return best, at
