"""A fitted ODE on families that it did not see."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float

from .._ode.ensemble import reweight
from .._ode.integrate import MEMBER_STEPS, integrate
from .._ode.ode import ODEFit
from .._ode.padding import pad_rows, padded_size
from .._ode.trajectories import Trajectories
from .._ode.vector_field import CapabilityODE, nameless
from .._precision import in_double_precision
from .protocol import family_interval

_CHUNK = 32  # families whose solutions are found together


@dataclass(frozen=True)
class LeftOut:
    """Errors (fractions of the score scale) on left-out families, protocol A.

    - `mae`: mean over families, with its family-bootstrap interval `low`, `high`; NaN if a system
      escaped on the way to a family's sizes.
    - `family_mae`: per family, NaN where it escaped; `escaped`: names of these.
    """

    mae: float
    low: float
    high: float
    family_mae: Float[np.ndarray, " families"]
    families: tuple[str, ...]
    escaped: tuple[str, ...]


@in_double_precision
def left_out_errors(
    fit: ODEFit, trajectories: Trajectories, *, n_boot: int = 10_000, seed: int = 0
) -> LeftOut:
    """Leave each family out of `fit`, and predict its larger models from its smallest.

    The settings of the fit stay as they are, so this is honest only if they were not chosen on the
    same families; `cross_validate` chooses inside. See `reweight` for how a family is left out.
    Raises ValueError for fewer than 3 families.
    """
    count = len(trajectories.families)
    if count < 3:
        raise ValueError(f"{count} families; leaving one out needs at least 3")
    coefficients = reweight(fit, trajectories, 1 - np.eye(count))
    mask, x = np.asarray(trajectories.mask), np.asarray(trajectories.x)
    # Behind a family's last size this is repeated.
    predicted = _predict(fit.ode, np.asarray(coefficients), x[:, 0], np.asarray(trajectories.s))
    gaps = np.abs(predicted - x)[:, 1:]
    larger = mask[:, 1:]
    errors = np.array(
        [gap[there].mean() for gap, there in zip(gaps, larger, strict=True)], dtype=float
    )
    names = trajectories.families
    escaped = tuple(n for n, e in zip(names, errors, strict=True) if not np.isfinite(e))
    low, high = family_interval(errors, n_boot=n_boot, seed=seed)
    return LeftOut(float(errors.mean()), low, high, errors, names, escaped)


def _predict(
    ode: CapabilityODE,
    coefficients: Float[np.ndarray, "families dims terms"],
    first: Float[np.ndarray, "families dims"],
    grid: Float[np.ndarray, "families points"],
) -> Float[np.ndarray, "families points dims"]:
    """Every family's solution by its own coefficients, a chunk of families in each call."""
    families, points = grid.shape
    rows = families + -families % _CHUNK
    grid = pad_rows(grid, padded_size(points, least=8, factor=4), axis=1, copies=True)
    arrays = [pad_rows(values, rows, copies=True) for values in (coefficients, first, grid)]
    parts = zip(*(np.split(v, len(v) // _CHUNK) for v in arrays), strict=True)
    found = [np.asarray(_solve(nameless(ode), *part)) for part in parts]
    return np.concatenate(found)[:families, :points]


@eqx.filter_jit
def _solve(like, coefficients, first, grid):
    def one(coefficients, first, grid):
        system = replace(like, coefficients=coefficients)
        return integrate(system, first, log10_n=grid, max_steps=MEMBER_STEPS, throw=False).x

    return jax.vmap(one)(coefficients, first, grid)
