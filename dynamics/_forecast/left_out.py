"""A fitted ODE on families that it did not see."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._ode.ensemble import reweight
from .._ode.integrate import MEMBER_STEPS, integrate
from .._ode.ode import ODEFit
from .._ode.trajectories import Trajectories
from .._ode.vector_field import CapabilityODE
from .._precision import in_double_precision
from .protocol import family_interval

_BEYOND = 1e-3  # decades between the sizes that only pad a short family's grid


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
    mask = np.asarray(trajectories.mask)
    sizes = np.where(mask, np.asarray(trajectories.s), -np.inf)
    last = sizes.max(axis=1, keepdims=True)
    grid = np.where(mask, sizes, last + _BEYOND * np.arange(1, mask.shape[1] + 1))
    ode = fit.ode
    predicted = np.asarray(_predict(ode, coefficients, trajectories.x[:, 0], jnp.asarray(grid)))
    gaps = np.abs(predicted - np.asarray(trajectories.x))[:, 1:]
    larger = mask[:, 1:]
    errors = np.array(
        [gap[there].mean() for gap, there in zip(gaps, larger, strict=True)], dtype=float
    )
    names = trajectories.families
    escaped = tuple(n for n, e in zip(names, errors, strict=True) if not np.isfinite(e))
    low, high = family_interval(errors, n_boot=n_boot, seed=seed)
    return LeftOut(float(errors.mean()), low, high, errors, names, escaped)


@eqx.filter_jit
def _predict(
    ode: CapabilityODE,
    coefficients: Float[Array, "families dims terms"],
    first: Float[Array, "families dims"],
    grid: Float[Array, "families points"],
):
    def one(coefficients, first, grid):
        system = CapabilityODE(ode.library, coefficients, ode.coordinates, ode.benchmarks)
        return integrate(system, first, log10_n=grid, max_steps=MEMBER_STEPS, throw=False).x

    return jax.vmap(one)(coefficients, first, grid)
