"""Many small positive definite systems at once."""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

#: Rounding errors per row that are added to a unit diagonal: Cholesky's own backward error is a few
#: per row, so a singular matrix still has a factor.
_ROUNDING = 16


def restricted(
    gram: Float[Array, "order order"], support: Bool[Array, " order"]
) -> Float[Array, "order order"]:
    """The system of the columns in `support`; each other has an equation of its own, w = 0 where
    the right side is 0, so that every system has one shape."""
    both = support[:, None] & support[None, :]
    return jnp.where(both, gram, jnp.diag(jnp.where(support, 0.0, 1.0).astype(gram.dtype)))


def solve_positive(
    matrix: Float[Array, "batch order order"], right: Float[Array, "batch order sides"]
) -> Float[Array, "batch order sides"]:
    """Solutions of symmetric positive definite systems, by Cholesky's method.

    The matrix is scaled to a unit diagonal and a few rounding errors are added to it: the solution
    moves by no more than rounding, unless terms are collinear; those share their weight, as with a
    vanishing ridge.
    """
    # With D = diag(M)^-1/2:  M x = b  <=>  (D M D) (D^-1 x) = D b, and D M D has a unit diagonal,
    # with which its condition is within a factor `order` of the least that any diagonal scaling
    # gives (van der Sluis 1969). With D M D + ridge = L L' two triangular solves give D^-1 x.
    order = matrix.shape[-1]
    diagonal = jnp.diagonal(matrix, axis1=-2, axis2=-1)
    scale = jnp.where(diagonal > 0, 1 / jnp.sqrt(jnp.where(diagonal > 0, diagonal, 1)), 0)
    # A column of zeros gets a unit diagonal, and with it the solution 0.
    least = _ROUNDING * order * jnp.finfo(matrix.dtype).eps
    ridge = jnp.where(diagonal > 0, least, 1)
    eye = jnp.eye(order, dtype=matrix.dtype)[None]
    scaled = matrix * scale[:, :, None] * scale[:, None, :] + ridge[:, :, None] * eye
    lower = lax.linalg.cholesky(scaled, symmetrize_input=False)
    half = lax.linalg.triangular_solve(lower, right * scale[:, :, None], left_side=True, lower=True)
    solved = lax.linalg.triangular_solve(lower, half, left_side=True, lower=True, transpose_a=True)
    return solved * scale[:, :, None]
