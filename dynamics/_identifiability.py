"""What the data determine: counts, rank and the direction in which they say least."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ._integral import NormalEquations

#: Columns are scaled to length 1; a singular value below this share of the greatest is rank lost.
_RANK = 1e-6


class Identifiability(eqx.Module):
    """How far the data determine the active coefficients of each equation.

    - `active`: number of active coefficients per equation; `increments`: independent increments
      (the sum over families of models less 1).
    - `rank`: of the active columns, each scaled to length 1; `condition`: greatest by least
      singular value of the same.
    - `degrees`: effective degrees of freedom under the ridge used (equal to `active` without).
    - `weakest`: unit vector over the scaled terms along which the fit changes least;
      `weakest_error`: standard error of the coefficients' combination along it (scaled terms,
      noise as estimated from the residuals); `weakest_value`: its fitted value. A value well inside
      its error says that this combination is not measured.
    - `noise`: residual standard deviation per equation, NaN when nothing is left to estimate it.
    """

    active: tuple[int, ...] = eqx.field(static=True)
    increments: float
    rank: tuple[int, ...] = eqx.field(static=True)
    condition: Float[Array, " dims"]
    degrees: Float[Array, " dims"]
    weakest: Float[Array, "dims terms"]
    weakest_value: Float[Array, " dims"]
    weakest_error: Float[Array, " dims"]
    noise: Float[Array, " dims"]

    @property
    def underdetermined(self) -> bool:
        """Whether some equation has not fewer coefficients than increments, or collinear terms."""
        return any(
            count >= self.increments or rank < count
            for count, rank in zip(self.active, self.rank, strict=True)
        )


def identifiability(
    normal: NormalEquations,
    coefficients: Float[Array, "dims terms"],
    support: Bool[Array, "dims terms"],
    ridge: Float[Array, " terms"] | None = None,
) -> Identifiability:
    """The report for a fitted linear regression.

    **Arguments:** `normal`, its normal equations; `coefficients` and their `support`; `ridge`, what
    was added to the Gram matrix' diagonal.
    """
    gram, moment = np.asarray(normal.gram), np.asarray(normal.moment)
    total, increments = np.asarray(normal.total), float(normal.rows)
    added = np.zeros(len(gram)) if ridge is None else np.asarray(ridge)
    rows = [
        _one_equation(gram, moment[:, d], total[d], increments, np.asarray(weights), active, added)
        for d, (weights, active) in enumerate(
            zip(np.asarray(coefficients), np.asarray(support), strict=True)
        )
    ]
    rank, condition, degrees, weakest, value, error, noise = zip(*rows, strict=True)
    return Identifiability(
        active=tuple(int(n) for n in np.asarray(support).sum(axis=1)),
        increments=increments,
        rank=rank,
        condition=jnp.array(condition),
        degrees=jnp.array(degrees),
        weakest=jnp.array(np.stack(weakest)),
        weakest_value=jnp.array(value),
        weakest_error=jnp.array(error),
        noise=jnp.array(noise),
    )


def _one_equation(gram, moment, total, increments, weights, active, added):
    residual = max(total - 2 * weights @ moment + weights @ gram @ weights, 0.0)
    direction = np.zeros(len(gram))
    if not active.any():
        noise = np.sqrt(residual / increments)
        return 0, 1.0, 0.0, direction, 0.0, 0.0, noise
    block = gram[np.ix_(active, active)]
    length = np.sqrt(np.diagonal(block))
    length = np.where(length > 0, length, 1.0)
    scaled = block / np.outer(length, length)
    values, vectors = np.linalg.eigh(scaled)
    singular = np.sqrt(np.clip(values, 0, None))
    rank = int((singular > _RANK * singular[-1]).sum())
    penalised = scaled + np.diag(added[active] / length**2)
    degrees = float(np.trace(np.linalg.lstsq(penalised, scaled, rcond=None)[0]))
    left = increments - degrees
    noise = np.sqrt(residual / left) if left > 0 else np.nan
    direction[active] = vectors[:, 0]
    value = float(vectors[:, 0] @ (weights[active] * length))
    error = float(noise / singular[0]) if singular[0] > 0 else np.inf
    condition = float(singular[-1] / singular[0]) if singular[0] > 0 else np.inf
    return rank, condition, degrees, direction, value, error, noise
