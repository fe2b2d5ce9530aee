"""Many small positive definite systems at once.

A batched Cholesky of matrices of order 20 spends its time between calls, not in arithmetic. Here
the batch is the last axis, so one step of Gauss-Jordan elimination is one vector operation over
all members.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float


def solve_positive(
    matrix: Float[Array, "batch order order"], right: Float[Array, "batch order sides"]
) -> Float[Array, "batch order sides"]:
    """Solutions of symmetric positive definite systems.

    Without pivoting: for a positive definite matrix every pivot is positive. The matrix is scaled
    to a unit diagonal first; a pivot that falls to rounding error of it (a collinear term) is
    treated as infinite, which sets that unknown to 0.
    """
    order = matrix.shape[-1]
    diagonal = jnp.diagonal(matrix, axis1=-2, axis2=-1)
    scale = jnp.where(diagonal > 0, 1 / jnp.sqrt(jnp.where(diagonal > 0, diagonal, 1)), 0)
    scaled = matrix * scale[:, :, None] * scale[:, None, :]
    both = jnp.concatenate([scaled, right * scale[:, :, None]], axis=-1)
    solved = _eliminate(jnp.transpose(both, (1, 2, 0)), order)
    return jnp.transpose(solved[:, order:], (2, 0, 1)) * scale[:, :, None]


def _eliminate(
    rows: Float[Array, "order columns batch"], order: int
) -> Float[Array, "order columns batch"]:
    least = order * jnp.finfo(rows.dtype).eps

    def step(k, rows):
        pivot_row = lax.dynamic_index_in_dim(rows, k, 0, keepdims=True)
        pivot = lax.dynamic_index_in_dim(pivot_row, k, 1, keepdims=True)
        pivot_row = jnp.where(pivot > least, pivot_row / pivot, 0)
        column = lax.dynamic_index_in_dim(rows, k, 1, keepdims=True)
        return lax.dynamic_update_index_in_dim(rows - column * pivot_row, pivot_row[0], k, 0)

    return lax.fori_loop(0, order, step, rows)
