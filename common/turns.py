"""Whether and where a score turns along the sizes of a family that several seeds were trained of.

One definition for all who ask. A family turns where its score falls before a size and rises after
it, both seen beyond chance, and chance is what seeds of one size differ by. The size is chosen by
the *other* seeds: the lowest of several noisy scores lies below its neighbours by chance, at a size
that other seeds chose it does not. No curve is laid through the sizes, so that none can turn where
the scores only fall and stay, or stay and rise.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy  # pyright: ignore[reportMissingTypeStubs]  # its parts are imported when used
from jaxtyping import Float, Int

#: Whether a family is seen to fall to its turn and to rise from there.
TurnStatus = Literal["ok", "no_fall", "no_rise"]

#: Scores closer than this count as equal: six digits, as tables round them, do not tell them apart.
EQUAL = 1e-6


@dataclass(frozen=True)
class SeedTurns:
    """What each seed does about the size at which the others are lowest.

    - `size_index`: the index of that size, by seed. "There" is the mean over that size and its two
      neighbours, as seeds turn at somewhat different sizes.
    - `depth`: the score of the smallest size minus that there; `recovery`: the score of the largest
      size minus that there.
    """

    size_index: Int[np.ndarray, "*tables seeds"]
    depth: Float[np.ndarray, "*tables seeds"]
    recovery: Float[np.ndarray, "*tables seeds"]


@dataclass(frozen=True)
class FallAndRise:
    """Whether a family is seen to turn.

    - `p_fall`, `p_rise`: one-sided p of Student's t over `seeds` that the mean depth, or the mean
      recovery, is not above zero. `p`, the larger of the two, is that of "it does not turn".
    - `status`: `ok` where p lies below 1 - level, else what is not seen.
    """

    p_fall: float
    p_rise: float
    seeds: int
    status: TurnStatus

    @property
    def p(self) -> float:
        """p of "it does not both fall and rise": both must be seen, so the larger one."""
        return max(self.p_fall, self.p_rise)


def lowest(values: Float[np.ndarray, "*tables sizes"]) -> Int[np.ndarray, "*tables"]:
    """Index of the lowest value along the last axis; of equally low ones (within `EQUAL`) the
    first, which is the smallest size."""
    least = values.min(axis=-1, keepdims=True)
    return np.argmax(values <= least + EQUAL, axis=-1)


def about_size(values: Float[np.ndarray, "*tables sizes"]) -> Float[np.ndarray, "*tables sizes"]:
    """At every size the mean over it and the neighbours that it has."""
    gap = np.full((*values.shape[:-1], 1), np.nan)
    padded = np.concatenate([gap, values, gap], axis=-1)
    return np.nanmean(np.stack([padded[..., :-2], values, padded[..., 2:]]), axis=0)


def turns_by_seed(scores: Float[np.ndarray, "*tables seeds sizes"]) -> SeedTurns:
    """What each seed does about the size at which the mean of the others is lowest.

    Of sizes that are equally low the smallest is taken (`lowest`). With a single seed its own
    lowest size is, and chance is in its depth.
    """
    total = scores.sum(axis=-2, keepdims=True)
    count = scores.shape[-2]
    others = (total - scores) / (count - 1) if count > 1 else scores
    at = lowest(others)
    there = np.take_along_axis(about_size(scores), at[..., None], axis=-1)[..., 0]
    return SeedTurns(at, scores[..., 0] - there, scores[..., -1] - there)


def fall_and_rise(
    depth: Float[np.ndarray, " seeds"], recovery: Float[np.ndarray, " seeds"], *, level: float
) -> FallAndRise:
    """Judge the turns of one family's seeds.

    One seed cannot tell: its p are NaN, and the status goes by the signs of its own two values.
    """
    p_fall, p_rise = (float(_not_above_zero(values)) for values in (depth, recovery))
    seeds = len(depth)
    fall, rise = (
        (p < 1 - level) if seeds > 1 else bool(values[0] > 0)
        for p, values in ((p_fall, depth), (p_rise, recovery))
    )
    status: TurnStatus = "no_fall" if not fall else "no_rise" if not rise else "ok"
    return FallAndRise(p_fall, p_rise, seeds, status)


def turn_p(turns: SeedTurns) -> Float[np.ndarray, "*tables"]:
    """`FallAndRise.p` of many families at once."""
    p_fall, p_rise = (_not_above_zero(values) for values in (turns.depth, turns.recovery))
    return np.maximum(p_fall, p_rise)


def vertex_at_lowest(
    log10_params: Float[np.ndarray, " sizes"], scores: Float[np.ndarray, " sizes"]
) -> float:
    """Where one seed turns: the vertex of the parabola through its lowest size and the neighbours.

    NaN where the lowest size is the smallest or the largest. Two equally low sizes side by side
    give the middle between them, whichever is taken.
    """
    at = int(lowest(scores))
    if not 0 < at < len(scores) - 1:
        return math.nan
    near = slice(at - 1, at + 2)
    x = log10_params[near] - log10_params[at]
    curvature, slope = _curvature_and_slope(x, scores[near])
    offset = -slope / (2.0 * curvature) if curvature > 0 else 0.0
    return float(log10_params[at] + np.clip(offset, x[0], x[-1]))


def _curvature_and_slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    # The parabola through three points by Newton's divided differences, at x = 0.
    (a, b, c), (first, second) = x.tolist(), (np.diff(y) / np.diff(x)).tolist()
    curvature = (second - first) / (c - a)
    return curvature, first - curvature * (a + b)


def _not_above_zero(
    values: Float[np.ndarray, "*tables seeds"],
) -> Float[np.ndarray, "*tables"] | np.float64:
    """One-sided p of Student's t over the last axis; NaN below two values."""
    count = values.shape[-1]
    if count < 2:
        return np.full(values.shape[:-1], np.nan)[()]
    error = values.std(axis=-1, ddof=1) / math.sqrt(count)
    mean = values.mean(axis=-1)
    # Seeds that agree to the last digit leave no doubt.
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, mean / error, np.where(mean > 0, np.inf, -np.inf))
    return scipy.stats.t.sf(t, count - 1)[()]
