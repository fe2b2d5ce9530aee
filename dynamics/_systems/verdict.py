"""Whether a system says more than the data it was fitted to: held-out spans, and what is left over.

No in-sample figure enters. The terms stay; coefficients are fitted again without a span of time (or
without whole trajectories where there are three or more), and the system is integrated through
what was left out from the smoothed state at its beginning.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from .prepared import Prepared, first_states, make_segments
from .search import Bounds, Found
from .shooting import residuals, shoot
from .terms import TermValues

SystemResult = Literal["successful", "no_structure_found", "underdetermined", "constant_state"]

_FOLDS, _FEWEST_PER_SPAN, _FEWEST_TRAJECTORIES = 5, 4, 3
#: Solutions that hold no longer than a sixteenth of a trajectory describe a curve piece by piece.
_MOST_SEGMENTS = 4
#: Share of the variance of each state that a held-out solution must explain, noise taken off.
LEAST_R2 = 0.9
#: Residual variance in units of the noise's, above which something systematic is left over.
MOST_LEFT = 3.0


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Solutions through spans, or trajectories, that the coefficients had not seen.

    - `r2`: of each state, over all that was held out, noise taken off both sums, against the mean
      (of a chaotic system also against staying where a span begins, whichever is nearer); NaN for a
      state that moves no more than its noise.
    - `what`, `count`: "spans" or "trajectories" that were left out in turn.
    """

    r2: Float[np.ndarray, " dims"]
    what: Literal["spans", "trajectories"]
    count: int

    @property
    def least(self) -> float:
        """The lowest of the states'."""
        return float(np.nanmin(self.r2)) if np.isfinite(self.r2).any() else float("nan")


def refit_terms(
    found: Found, bounds: Bounds | None
) -> Callable[[Prepared], Float[np.ndarray, "dims terms"]]:
    """Least squares through the solver of the terms that were found, on other data."""
    used: Bool[np.ndarray, " terms"] = np.asarray(found.support.any(axis=0))
    terms = [t for t, u in zip(found.terms, used.tolist(), strict=True) if u]
    limits = None if bounds is None else (bounds.low[:, used], bounds.high[:, used])

    def fit(seen: Prepared):
        values = TermValues(terms, seen.dims)
        segments = make_segments(seen, max(found.segments.count // len(seen.times), 1))
        start = first_states(seen, segments)
        weights = np.zeros_like(found.shot.weights)
        weights[:, used] = shoot(
            values, found.shot.weights[:, used], start, segments, bounds=limits
        ).weights
        return weights

    return fit


def hold_out(
    data: Prepared, found: Found, refit: Callable[[Prepared], Float[np.ndarray, "dims terms"]]
) -> HeldOut | None:
    """`refit` gives the coefficients without what is held out. None where there are too few points
    to leave any out."""
    per = max(found.segments.count // len(data.times), 1)
    spans = _spans(data, per)
    if spans is None:
        return None
    sums = _Sums(data.dims)
    for fold in range(_FOLDS):
        left = data.pieces(spans, fold, _FOLDS)
        if left is not None:
            seen = data.take([span % _FOLDS != fold for span in spans])
            _add_fold(sums, left, found, refit(seen))
    reference = np.nanvar(np.concatenate(data.states), axis=0) * sums.rows
    if per > 1:  # spans are short: to stay where they begin is then a better guess than the mean
        reference = np.minimum(reference, sums.stayed)
    moved = reference > 2 * sums.noise
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = 1 - np.maximum(sums.squares - sums.noise, 0) / (reference - sums.noise)
    whole = len(data.times) >= _FEWEST_TRAJECTORIES and per == 1
    count = len({(f, int(k)) for f, span in enumerate(spans) for k in span})
    return HeldOut(np.where(moved, r2, np.nan), "trajectories" if whole else "spans", count)


class _Sums:
    """Squares of what was predicted, of the noise, and of staying where a span begins."""

    def __init__(self, dims: int) -> None:
        self.squares, self.noise = np.zeros(dims), np.zeros(dims)
        self.stayed, self.rows = np.zeros(dims), np.zeros(dims)


def _spans(data: Prepared, per: int) -> list[Int[np.ndarray, " _"]] | None:
    """For each trajectory the span of each row; spans whose numbers are equal modulo the folds are
    held out together.

    A system whose solutions hold over a part of a trajectory only, a chaotic one, is asked about
    spans that are as much shorter.
    """
    sizes = [len(t) for t in data.times]
    if len(sizes) >= _FEWEST_TRAJECTORIES:
        cuts = [min(per, max(n // _FEWEST_PER_SPAN, 1)) for n in sizes]
        return [
            f % _FOLDS + _FOLDS * (np.arange(n) * cut // n)
            for f, (n, cut) in enumerate(zip(sizes, cuts, strict=True))
        ]
    count = min(_FOLDS * per, min(sizes) // _FEWEST_PER_SPAN)
    if count < 2:
        return None
    return [np.arange(n) * count // n for n in sizes]


def _add_fold(sums: _Sums, left: Prepared, found: Found, weights) -> None:
    values, ahead = TermValues(found.terms, left.dims), make_segments(left, 1)
    first = first_states(left, ahead)
    known = ahead.weight > 0
    unit = np.where(known, 1 / np.where(known, ahead.weight, 1), 0)
    rest = np.clip(residuals(values, weights, first, ahead) * unit, -1e3, 1e3)
    stayed = np.where(known, ahead.y - first[ahead.owner], 0)
    sums.squares += (rest**2).sum(axis=0)
    sums.stayed += (stayed**2).sum(axis=0)
    sums.noise += (unit**2).sum(axis=0)
    sums.rows += known.sum(axis=0)


def judge(
    found: Found,
    held: HeldOut | None,
    *,
    constant: np.ndarray,
    freedom: float,
    trajectories: int = 1,
    underdetermined: str = "",
    most_left: float = MOST_LEFT,
) -> tuple[SystemResult, str]:
    """The verdict, the gravest first, and why in one sentence (empty if successful)."""
    if constant.any():
        return "constant_state", "a state does not move; leave it out"
    active = int(found.support.sum())
    if underdetermined:
        return "underdetermined", underdetermined.rstrip(".")
    if active >= freedom or held is None:
        return "underdetermined", (
            f"{active} coefficients on {freedom:.0f} free values, too few to hold any out; "
            "measure more times or trajectories, or allow fewer terms"
        )
    if active == 0:
        return "no_structure_found", "no term of the library explains how the states move"
    if found.segments.count > _MOST_SEGMENTS * trajectories:
        return "no_structure_found", (
            "no system has solutions that follow the data for more than a sixteenth of their course"
        )
    if not held.least >= LEAST_R2:
        return "no_structure_found", (
            f"integrated through {held.count} {held.what} that were held out, the nearest system "
            f"explains {max(held.least, 0):.2f} of a state's variance; at least {LEAST_R2:g} is "
            "asked"
        )
    worst = float(np.max(found.variance))
    if worst > most_left:
        return "no_structure_found", (
            f"what the nearest system leaves over is {np.sqrt(worst):.1f} times the noise of "
            "measurement; a term is missing from the library, or a state from the data"
        )
    return "successful", ""
