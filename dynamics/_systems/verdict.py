"""Whether a system says more than the data it was fitted to: held-out spans, and what is left over.

No in-sample figure enters. The terms stay; coefficients are fitted again without a span of time (or
without whole trajectories where there are three or more), and the system is integrated through
what was left out from the smoothed state at its beginning.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from .prepared import Prepared, first_states, make_segments
from .search import Bounds, Found
from .shooting import residuals, shoot
from .terms import TermValues

SystemResult = Literal["successful", "no_structure_found", "underdetermined", "constant_state"]

_MOST_BLOCKS, _FEWEST_PER_BLOCK, _FEWEST_TRAJECTORIES = 5, 4, 3
#: Share of the variance of each state that a held-out solution must explain, noise taken off.
LEAST_R2 = 0.9
#: Residual variance in units of the noise's, above which something systematic is left over.
MOST_LEFT = 3.0


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Solutions through spans, or trajectories, that the coefficients had not seen.

    - `r2`: of each state, over all that was held out, noise taken off both sums; NaN for a state
      that moves no more than its noise.
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
    count, folds = _folds(data)
    if not folds:
        return None
    squares, noise, rows = np.zeros(data.dims), np.zeros(data.dims), np.zeros(data.dims)
    for held in folds:
        rest, expected = _one_fold(data, found, refit, held)
        squares += np.nansum(rest**2, axis=0)
        noise += np.nansum(np.where(np.isfinite(rest), expected**2, 0), axis=0)
        rows += np.isfinite(rest).sum(axis=0)
    every = np.concatenate(data.states)
    spread = np.nanvar(every, axis=0) * rows
    moved = spread > 2 * noise
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = 1 - np.maximum(squares - noise, 0) / (spread - noise)
    many = len(data.times) >= _FEWEST_TRAJECTORIES
    return HeldOut(np.where(moved, r2, np.nan), "trajectories" if many else "spans", count)


def _folds(data: Prepared) -> tuple[int, list[list[np.ndarray]]]:
    """For each fold and trajectory the rows that are held out."""
    sizes = [len(t) for t in data.times]
    if len(sizes) >= _FEWEST_TRAJECTORIES:
        count = min(_MOST_BLOCKS, len(sizes))
        folds = [[np.full(n, f % count == k) for f, n in enumerate(sizes)] for k in range(count)]
        return len(sizes), folds
    count = min(_MOST_BLOCKS, min(sizes) // _FEWEST_PER_BLOCK)
    if count < 2:
        return 0, []
    blocks = [np.minimum(np.arange(n) * count // n, count - 1) for n in sizes]
    return count, [[block == k for block in blocks] for k in range(count)]


def _one_fold(data: Prepared, found: Found, refit, held):
    """Residuals on the rows held out, and the noise expected there."""
    values = TermValues(found.terms, data.dims)
    weights = refit(data.take([~rows for rows in held]))
    left = data.take(held)
    ahead = make_segments(left, 1)
    rest = residuals(values, weights, first_states(left, ahead), ahead)
    unit = np.where(ahead.weight > 0, 1 / np.where(ahead.weight > 0, ahead.weight, 1), np.nan)
    far = np.clip(rest * unit, -1e3, 1e3)
    return far, unit


def judge(
    found: Found,
    held: HeldOut | None,
    *,
    constant: np.ndarray,
    freedom: float,
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
