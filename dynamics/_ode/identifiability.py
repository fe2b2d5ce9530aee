"""What the data determine: counts, rank and the direction in which they say least."""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float

from .._precision import jax_array

#: Columns are scaled to length 1; a singular value below this share of the greatest is rank lost.
_RANK = 1e-6


class Identifiability(eqx.Module):
    """How far the data determine the active coefficients of each equation.

    - `active`: number of active coefficients per equation; `increments`: independent increments
      (the sum over families of models less 1).
    - `rank`: of the active columns, each scaled to length 1; `condition`: greatest by least
      singular value of the same.
    - `degrees_of_freedom`: effective ones, under the ridge used (equal to `active` without).
    - `standard_error`: of each coefficient, with independent errors and the support taken as given
      (so too small after a selection; the bootstrap ensemble is the honest one); 0 if inactive.
    - `weakest`: unit vector over the scaled terms along which the fit changes least;
      `weakest_value`: the fitted coefficients' component along it; `weakest_error`: its standard
      error. The profile of the sum of squares along it is (step / weakest_error)^2 noise variances:
      a value well inside its error says that this combination is not measured.
    - `noise`: residual standard deviation per equation, in the state's unit, NaN when no degree of
      freedom is left to estimate it.
    """

    active: tuple[int, ...] = eqx.field(static=True)
    increments: float = eqx.field(static=True)
    rank: tuple[int, ...] = eqx.field(static=True)
    condition: Float[Array, " dims"]
    degrees_of_freedom: Float[Array, " dims"]
    standard_error: Float[Array, "dims terms"]
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
    grams: Sequence[Float[np.ndarray, "terms terms"]],
    squares: Float[np.ndarray, " dims"],
    *,
    coefficients: Float[np.ndarray, "dims terms"],
    support: Bool[np.ndarray, "dims terms"],
    ridge: Float[np.ndarray, " terms"],
    increments: float,
) -> Identifiability:
    """The report.

    **Arguments:** `grams`, each equation's Gram matrix of its terms (their sensitivities);
    `squares`, its sum of squared residuals; `ridge`, what was added to the Gram matrix' diagonal.
    """
    rows = [
        _one_equation(np.asarray(gram), float(square), weights, active, ridge, increments)
        for gram, square, weights, active in zip(grams, squares, coefficients, support, strict=True)
    ]
    rank, condition, dof, errors, weakest, value, weakest_error, noise = zip(*rows, strict=True)
    return Identifiability(
        active=tuple(int(n) for n in support.sum(axis=1)),
        increments=increments,
        rank=rank,
        condition=jax_array(condition),
        degrees_of_freedom=jax_array(dof),
        standard_error=jax_array(np.stack(errors)),
        weakest=jax_array(np.stack(weakest)),
        weakest_value=jax_array(value),
        weakest_error=jax_array(weakest_error),
        noise=jax_array(noise),
    )


def _one_equation(gram, square, weights, active, ridge, increments):
    direction, errors = np.zeros(len(gram)), np.zeros(len(gram))
    if not active.any():
        noise = np.sqrt(square / increments)
        return 0, 1.0, 0.0, errors, direction, 0.0, 0.0, noise
    block = gram[np.ix_(active, active)]
    length = np.sqrt(np.diagonal(block))
    length = np.where(length > 0, length, 1.0)
    scaled = block / np.outer(length, length)
    values, vectors = np.linalg.eigh(scaled)
    singular = np.sqrt(np.clip(values, 0, None))
    rank = int((singular > _RANK * singular[-1]).sum())
    # With the ridge the estimate is (G + R)^-1 A' y: a shrunken one with a smaller variance.
    inverse = np.linalg.pinv(scaled + np.diag(ridge[active] / length**2), hermitian=True)
    dof = float(np.trace(inverse @ scaled))
    left = increments - dof
    noise = np.sqrt(square / left) if left > 0 else np.nan
    variance = np.diagonal(inverse @ scaled @ inverse)
    errors[active] = noise * np.sqrt(np.clip(variance, 0, None)) / length
    direction[active] = vectors[:, 0]
    value = float(vectors[:, 0] @ (weights[active] * length))
    least, greatest = float(singular[0]), float(singular[-1])
    weakest_error = float(noise / least) if least > 0 else np.inf
    condition = greatest / least if least > 0 else np.inf
    return rank, condition, dof, errors, direction, value, weakest_error, noise
