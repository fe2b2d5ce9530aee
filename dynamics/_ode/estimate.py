"""What a way of fitting gives back, and the two ways that need no solver."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .identifiability import Identifiability, identifiability
from .integral import NormalEquations, Regression
from .library import AbstractLibrary
from .pooling import PartialPooling
from .results import RESULTS
from .sparse import AbstractPenalty, solve


class Estimate(eqx.Module):
    """Coefficients and what goes with them.

    - `coefficients`; `deviations`, each family's own part (partial pooling only); `first`, the
      estimated first state of each family (trajectory matching only); `report`; `result`.
    """

    coefficients: Float[Array, "dims terms"]
    deviations: Float[Array, "families dims terms"] | None
    first: Float[Array, "families dims"] | None
    report: Identifiability
    result: RESULTS


def by_integral(
    regression: Regression,
    penalty: AbstractPenalty,
    candidates: Bool[Array, "dims terms"],
    family_weights: Float[Array, " families"],
) -> Estimate:
    """Penalised least squares of the integral form."""
    normal = regression.normal_equations(family_weights)
    weights = solve(penalty, normal, candidates)
    squares = residual_squares(normal, weights)
    report = _report(normal, weights, squares, penalty)
    return Estimate(weights, None, None, report, RESULTS.successful)


def by_pooling(
    regression: Regression,
    penalty: PartialPooling,
    candidates: Bool[Array, "dims terms"],
    family_weights: Float[Array, " families"],
    library: AbstractLibrary,
) -> Estimate:
    """Shared dynamics with a family-specific part."""
    dims = candidates.shape[0]
    names = library.names([f"x{d}" for d in range(dims)])
    deviates = jnp.array([penalty.deviating == "all" or name == "1" for name in names])
    if not bool(jnp.any(deviates)):
        raise ValueError('this library has no constant term; use deviating="all"')
    each = regression.by_family()
    shared, own = penalty.solve_families(each, family_weights, candidates, deviates)
    total = shared[None] + own
    fitted = jnp.einsum("fdt,ftu,fdu->fd", total, each.gram, total)
    squares = each.total - 2 * jnp.einsum("fdt,ftd->fd", total, each.moment) + fitted
    normal = regression.normal_equations(family_weights)
    report = _report(normal, shared, jnp.maximum(family_weights @ squares, 0), penalty)
    return Estimate(shared, own, None, report, RESULTS.successful)


def residual_squares(
    normal: NormalEquations, coefficients: Float[Array, "dims terms"]
) -> Float[Array, " dims"]:
    """Sum of squared residuals of each equation."""
    fitted = jnp.einsum("dt,tu,du->d", coefficients, normal.gram, coefficients)
    squares = normal.total - 2 * jnp.sum(coefficients.T * normal.moment, axis=0) + fitted
    return jnp.maximum(squares, 0)


def _report(normal, coefficients, squares, penalty) -> Identifiability:
    return identifiability(
        [np.asarray(normal.gram)] * len(coefficients),
        np.asarray(squares),
        coefficients=np.asarray(coefficients),
        support=np.asarray(coefficients) != 0,
        ridge=np.asarray(penalty.ridge(normal)),
        increments=float(normal.rows),
    )
