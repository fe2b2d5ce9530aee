"""What explains a score: one clock, a mixture of two, or the other score itself?

Every explanation is a natural cubic spline of one position, pooled over all families without an
offset for any, and it is judged on families that its fit did not see. Two scores that both follow a
clock correlate along it whatever else they do. So the question is asked in three parts: how much of
the truth score each explanation tells in unseen families; how the two scores still go together
when each is freed of what a clock tells of it; and whether the reasoning score adds to the clocks,
or the clocks to the reasoning score.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from ...common.display import shown
from .._statistics.resampling import family_index, percentile_interval
from .._tables.clock import CLOCKS, Along, clock_of
from .natural_spline import natural_basis

#: Knots at these quantiles of a position: four free terms, enough for a plateau and a rise.
_QUANTILES = (0.02, 0.27, 0.5, 0.73, 0.98)
#: Shares of the second clock in a mixture that are tried.
_SHARES = np.linspace(0, 1, 21)
#: Fewest groups of families to leave out and resample.
_FEWEST_GROUPS = 5
#: Two clocks whose positions correlate above this are one.
_ONE_CLOCK = 0.9999
_RESAMPLES = 4000
#: Keeps normal equations solvable where a basis column is empty in a fold, in shares of the trace.
_JITTER = 1e-10


@dataclass(frozen=True)
class Explained:
    """How much one explanation tells of the truth score.

    - `name`: a clock's, `mixture`, `reasoning`, or `reasoning and mixture`.
    - `r2`: share of the variance in groups left out that it explains (below 0: worse than the mean
      of the others), with its interval, groups resampled.
    - `left`: correlation of the two scores when each is freed of what the explanation tells, on
      groups left out; NaN where the reasoning score is part of it.
    """

    name: str
    r2: float
    low: float
    high: float
    left: float
    left_low: float
    left_high: float


@shown
@dataclass(frozen=True)
class ClockComparison:
    """Which clock, which mixture of two, or the reasoning score explains the truth score.

    - `explained`: one entry per explanation.
    - `mixed`: the two clocks of the mixture; `share`: the weight of the second, in decades, of the
      two (tokens at .5 beside parameters is FLOPs), with its interval.
    - `reasoning_adds`: R² of reasoning and mixture less that of the mixture; `clock_adds`: less
      that of reasoning alone; each with its interval.
    - `rows`, `groups`: what that rests on; groups are families, or runs of one family and size.
    """

    explained: tuple[Explained, ...]
    mixed: tuple[str, str]
    share: float
    share_low: float
    share_high: float
    reasoning_adds: tuple[float, float, float]
    clock_adds: tuple[float, float, float]
    rows: int
    groups: int


def compare_clocks(
    pair: pd.DataFrame, *, along: Along = "params", seed: int = 0
) -> ClockComparison | None:
    """Compare the clocks that the rows of `pair` know.

    **Arguments:** `pair`, rows of a score table with the scores `x`, `y` (fractions); `along`, the
    table's clock; `seed` of the resamples.

    **Returns** None where fewer than two clocks are known for the same rows, where these are one
    (steps of one batch size are tokens), and below five groups. The first clock of the mixture is
    the size, or else the table's own. The interval of `share` resamples groups.

    **Limits:** an association in the table's models. Families differ in data too, which is in
    neither clock.
    """
    known = _known(pair, along)
    if known is None:
        return None
    rows, clocks = known
    x, y = rows["x"].to_numpy(float), rows["y"].to_numpy(float)
    group = _groups(rows, along)
    if group.max() + 1 < _FEWEST_GROUPS:
        return None
    first, second = _mixed(clocks)
    folds = _Folds(group, np.stack([x, y], axis=1))
    mixtures = [_spline((1 - w) * clocks[first] + w * clocks[second]) for w in _SHARES]
    weights = np.random.default_rng(seed).multinomial(
        folds.count, np.full(folds.count, 1 / folds.count), size=_RESAMPLES
    )
    weights = np.concatenate([np.ones((1, folds.count)), weights])
    # Which mixture fits best without each group, with all of them, and in each resample.
    chosen = folds.best_of(mixtures, np.concatenate([1 - np.eye(folds.count), weights]))
    best = chosen[: folds.count]
    share, share_low, share_high = _estimate(_SHARES[chosen[folds.count :]])
    guesses: dict[str, np.ndarray] = {
        name: folds.predict([_spline(position)] * folds.count) for name, position in clocks.items()
    }
    guesses["mixture"] = folds.predict([mixtures[i] for i in best])
    by_score = _spline(x)
    guesses["reasoning"] = folds.predict([by_score] * folds.count)
    both = "reasoning and mixture"
    guesses[both] = folds.predict([np.hstack([by_score, mixtures[i][:, 1:]]) for i in best])
    scores = {name: folds.r2(guess, weights) for name, guess in guesses.items()}
    return ClockComparison(
        explained=tuple(
            Explained(name, *_estimate(r2), *_left(name, folds, guesses[name], weights))
            for name, r2 in scores.items()
        ),
        mixed=(first, second),
        share=share,
        share_low=share_low,
        share_high=share_high,
        reasoning_adds=_estimate(scores[both] - scores["mixture"]),
        clock_adds=_estimate(scores[both] - scores["reasoning"]),
        rows=len(rows),
        groups=folds.count,
    )


def _known(
    pair: pd.DataFrame, along: Along
) -> tuple[pd.DataFrame, dict[str, Float[np.ndarray, " rows"]]] | None:
    """The rows with a place on every usable clock, and the places."""
    positions = {name: clock.position(pair) for name, clock in CLOCKS.items()}
    usable = [name for name, at in positions.items() if np.isfinite(at).mean() > 0.5]
    there = np.all([np.isfinite(positions[name]) for name in usable], axis=0) if usable else False
    if len(usable) < 2 or not np.any(there):
        return None
    clocks: dict[str, np.ndarray] = {}
    for name in sorted(usable, key=lambda name: name != along):
        at = positions[name][there]
        same = (abs(np.corrcoef(at, other)[0, 1]) > _ONE_CLOCK for other in clocks.values())
        if np.ptp(at) > 0 and not any(same):
            clocks[name] = at
    return (pair.take(np.flatnonzero(there)), clocks) if len(clocks) > 1 else None


def _mixed(clocks: Mapping[str, np.ndarray]) -> tuple[str, str]:
    """The size, or else the table's clock (the first), and one that runs apart from it: FLOPs only
    where there is nothing that they are computed of."""
    first = "params" if "params" in clocks else next(iter(clocks))
    order = ("tokens", "step", "date", "flops", "params")
    second = next(name for name in order if name in clocks and name != first)
    return first, second


def _groups(rows: pd.DataFrame, along: Along) -> Int[np.ndarray, " rows"]:
    """Runs of one family and size belong together (`lab` says so along training)."""
    by_run = clock_of(along).trains and "lab" in rows and rows["lab"].nunique() > 1
    return family_index(rows["lab" if by_run else "family"].to_numpy())[1]


def _spline(position: Float[np.ndarray, " rows"]) -> Float[np.ndarray, "rows terms"]:
    """A constant and the natural spline of a position, brought to a span of one."""
    u = (position - position.min()) / np.ptp(position)
    knots = np.unique(np.quantile(u, _QUANTILES))
    basis = natural_basis(u, knots) if len(knots) > 2 else u[:, None]
    return np.hstack([np.ones((len(u), 1)), basis])


class _Folds:
    """Fits without each group, from sums over groups: `targets` are the two scores by column."""

    def __init__(self, group: Int[np.ndarray, " rows"], targets: Float[np.ndarray, "rows 2"]):
        self.group, self.targets, self.count = group, targets, int(group.max()) + 1
        self._rows = [np.flatnonzero(group == g) for g in range(self.count)]
        means = [targets[group != g].mean(axis=0) for g in range(self.count)]
        self._mean = np.stack(means)[group]

    def predict(self, designs: Sequence[np.ndarray]) -> Float[np.ndarray, "rows 2"]:
        """Both scores of every group by the fit of `designs[group]` to the other groups.

        Never beyond the scores of these: where a group lies far out on a clock the curve is no
        longer one of scores.
        """
        out = np.empty_like(self.targets)
        for g, design in enumerate(designs):
            others = self.group != g
            coefficients = _solve(
                design[others].T @ design[others], design[others].T @ self.targets[others]
            )
            seen = self.targets[others]
            guess = design[self._rows[g]] @ coefficients
            out[self._rows[g]] = np.clip(guess, seen.min(axis=0), seen.max(axis=0))
        return out

    def best_of(
        self, designs: Sequence[np.ndarray], weights: Float[np.ndarray, "fits groups"]
    ) -> Int[np.ndarray, " fits"]:
        """Which design fits the truth score best under each weighting of the groups."""
        explained = []
        for design in designs:
            gram = np.stack([design[rows].T @ design[rows] for rows in self._rows])
            moment = np.stack([design[rows].T @ self.targets[rows, 1] for rows in self._rows])
            right = weights @ moment
            solved = _solve(np.tensordot(weights, gram, axes=1), right[:, :, None])[:, :, 0]
            explained.append(np.einsum("fi,fi->f", solved, right))
        return np.argmax(explained, axis=0)

    def r2(
        self, guess: Float[np.ndarray, "rows 2"], weights: Float[np.ndarray, "fits groups"]
    ) -> Float[np.ndarray, " fits"]:
        """Share of the truth score's variance about the other groups' mean."""
        missed = self._by_group((self.targets - guess)[:, 1] ** 2)
        whole = self._by_group((self.targets - self._mean)[:, 1] ** 2)
        return 1 - (weights @ missed) / (weights @ whole)

    def left(
        self, guess: Float[np.ndarray, "rows 2"], weights: Float[np.ndarray, "fits groups"]
    ) -> Float[np.ndarray, " fits"]:
        """Correlation of what is left of both scores, about its own mean."""
        rest = self.targets - guess
        n, a, b = (weights @ self._by_group(v) for v in (np.ones(len(rest)), *rest.T))
        moments = [
            weights @ self._by_group(rest[:, i] * rest[:, j])
            for i, j in itertools.combinations_with_replacement(range(2), 2)
        ]
        aa, ab, bb = (m / n for m in moments)
        a, b = a / n, b / n
        return (ab - a * b) / np.sqrt((aa - a**2) * (bb - b**2))

    def _by_group(self, values: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " groups"]:
        return np.bincount(self.group, values, minlength=self.count)


def _solve(gram: np.ndarray, right: np.ndarray) -> np.ndarray:
    order = gram.shape[-1]
    scale = np.trace(gram, axis1=-2, axis2=-1)[..., None, None]
    return np.linalg.solve(gram + _JITTER * scale * np.eye(order), right)


def _estimate(values: Float[np.ndarray, " fits"]) -> tuple[float, float, float]:
    """The estimate, first, and the interval of its resamples."""
    low, high = percentile_interval(values[1:])
    return float(values[0]), low, high


def _left(name: str, folds: _Folds, guess: np.ndarray, weights: np.ndarray) -> tuple[float, ...]:
    if name.startswith("reasoning"):
        return (float("nan"),) * 3
    return _estimate(folds.left(guess, weights))
