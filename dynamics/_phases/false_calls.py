"""How many families would be called although their scores do not move together at all."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from ...common import distributions
from .scatter import Scatter
from .slope import BAND, MISFIT

_TABLES = 2000

# Positions and standard errors of one family's scores, in order of size: x, y_stderr.
Layout = tuple[Float[np.ndarray, " _"], Float[np.ndarray, " _"]]


def expected_false_calls(
    families: Iterable[Layout], *, scatter: Scatter, seed: int = 0, level: float = 0.95
) -> float:
    """Expected number of families called tax or bonus if the true coupling of all were zero.

    Simulated on the sizes of the table: the truth score varies by its errors and by `scatter`
    alone; windows are chosen as in `current_slope`, with least squares in place of Deming's line
    (without coupling, errors of `x` change nothing but the length of `x`).
    """
    rng = np.random.default_rng(seed)
    return float(sum(_share(x, y, scatter, rng, level) for x, y in families if len(x) > 1))


def _share(x, y_stderr, scatter: Scatter, rng: np.random.Generator, level: float) -> float:
    """Share of simulated tables in which this family is called."""
    if not np.all(np.isfinite(y_stderr)):
        return 0.0
    errors = np.hypot(y_stderr, scatter.sd)
    y = errors[:, None] * rng.standard_normal((len(x), _TABLES))
    called = np.zeros(_TABLES, dtype=bool)
    waiting = np.ones(_TABLES, dtype=bool)
    known = float(distributions.t.ppf((1 + level) / 2, scatter.degrees_of_freedom)) ** 2
    for first in range(len(x) - 1):
        beyond, fits = _window(x[first:], y[first:], errors[first:], known, level)
        last = first == len(x) - 2
        chosen = waiting & (fits | last)
        called |= chosen & beyond
        waiting &= ~chosen
    return float(called.mean())


def _window(x, y, errors, known: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether the slope of these models lies beyond the band, and whether a line fits them."""
    weight = 1 / errors**2
    d = x - weight @ x / weight.sum()
    information = float(weight @ d**2)
    if information == 0:
        return np.zeros(y.shape[1], dtype=bool), np.ones(y.shape[1], dtype=bool)
    slope = (weight * d) @ y / information
    left = y - (weight @ y) / weight.sum() - d[:, None] * slope
    squares = weight @ left**2
    dof = len(x) - 2
    quantile = np.full(y.shape[1], known)
    fits = np.ones(y.shape[1], dtype=bool)
    if dof:
        scale = squares / dof
        wider = scale * float(distributions.f.ppf(level, 1, dof))
        quantile = np.where(scale > 1, np.maximum(known, wider), known)
        fits = distributions.chi2.sf(squares, dof) > MISFIT
    return np.abs(slope) - np.sqrt(quantile / information) > BAND, fits
