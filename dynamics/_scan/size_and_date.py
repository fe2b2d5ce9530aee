"""What size and date explain of a pair: is a coupling more than two scores that grow?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats

from .columns import ScoreColumns, centre
from .coupling import PairSums

_ROUNDING = 1e-12


class SizeAndDate(NamedTuple):
    """Of one benchmark (x) with each other one (y):

    - `by_size`, `by_date`: share of the variance of y within families that a line common to all of
      them explains, along the clock (log N) and along the date; NaN where neither is known.
    - `r_given_size`: correlation inside families of what a line in log N of each family's own
      leaves, over families of three models or more; `p`: two-sided, families as the unit.
    - `pooled_r`, `pooled_r_given_size`: over all models, families ignored.
    """

    by_size: Float[np.ndarray, " benchmarks"]
    by_date: Float[np.ndarray, " benchmarks"]
    r_given_size: Float[np.ndarray, " benchmarks"]
    p: Float[np.ndarray, " benchmarks"]
    pooled_r: Float[np.ndarray, " benchmarks"]
    pooled_r_given_size: Float[np.ndarray, " benchmarks"]


def explained(columns: ScoreColumns, sums: PairSums, reasoning: int) -> SizeAndDate:
    """What size and date explain of benchmark number `reasoning` with every benchmark."""
    both = sums.both
    given, p = _given_size(columns, sums, both)
    pooled, pooled_given = _pooled(columns, reasoning, both)
    return SizeAndDate(
        by_size=_share(columns, columns.time, both),
        by_date=_share(columns, columns.date, both),
        r_given_size=given,
        p=p,
        pooled_r=pooled,
        pooled_r_given_size=pooled_given,
    )


def _share(columns: ScoreColumns, along: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Share of the variance within families that one slope along a clock explains."""
    counts = both & np.isfinite(along)[:, None]
    at = centre(columns, np.broadcast_to(along[:, None], both.shape), counts).values
    y = centre(columns, columns.scores, counts).values
    aa, ay, yy = ((a * b).sum(axis=0) for a, b in ((at, at), (at, y), (y, y)))
    known = (aa > _ROUNDING) & (yy > _ROUNDING)
    return np.divide(ay**2, aa * yy, out=np.full_like(aa, np.nan), where=known)


def _given_size(
    columns: ScoreColumns, sums: PairSums, both: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    counts = both & np.isfinite(columns.time)[:, None]
    at = centre(columns, np.broadcast_to(columns.time[:, None], both.shape), counts)
    # Frisch and Waugh: what a line in the size leaves of x and y, by its sums of products.
    aa, ax, ay = (columns.sums(at.values * v) for v in (at.values, sums.x.values, sums.y.values))
    usable = sums.informed & (at.models >= 3) & (aa > _ROUNDING)
    scale = np.where(usable, aa, 1.0)
    left = [
        np.where(usable, whole - a * b / scale, 0.0)
        for whole, a, b in ((sums.xy, ax, ay), (sums.xx, ax, ax), (sums.yy, ay, ay))
    ]
    xy, xx, yy = (part.sum(axis=0) for part in left)
    families = usable.sum(axis=0)
    known = (xx > _ROUNDING) & (yy > _ROUNDING) & (families >= 1)
    size = np.sqrt(np.where(known, xx * yy, 1.0))
    r = np.where(known, xy / size, np.nan)
    squares = (left[0] ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squares - xy**2 / families) / (families - 1)
        t = xy / np.sqrt(np.maximum(variance, 0.0) * families)
    p = 2 * stats.t.sf(np.abs(t), np.maximum(families - 1, 1))
    return r, np.where(known & (families >= 3), p, np.nan)


def _pooled(
    columns: ScoreColumns, reasoning: int, both: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pearson's r over all models, and given the size over those whose size is known."""
    r = _r(columns.scores[:, [reasoning]], columns.scores, both)
    sized = both & np.isfinite(columns.time)[:, None]
    x = np.broadcast_to(columns.scores[:, [reasoning]], both.shape)
    at = np.broadcast_to(columns.time[:, None], both.shape)
    xy, xn, yn = (_r(a, b, sized) for a, b in ((x, columns.scores), (x, at), (columns.scores, at)))
    room = (1 - xn**2) * (1 - yn**2)
    given = np.divide(
        xy - xn * yn,
        np.sqrt(np.maximum(room, 0.0)),
        out=np.full_like(xy, np.nan),
        where=room > _ROUNDING,
    )
    return r, given


def _r(a: np.ndarray, b: np.ndarray, counts: np.ndarray) -> np.ndarray:
    n = np.maximum(counts.sum(axis=0), 1)
    parts = [np.where(counts, values, 0.0) for values in np.broadcast_arrays(a, b)]
    a, b = (np.where(counts, part - part.sum(axis=0) / n, 0.0) for part in parts)
    size = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return np.divide((a * b).sum(axis=0), size, out=np.full(size.shape, np.nan), where=size > 0)
