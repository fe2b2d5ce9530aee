"""What a way of fitting gives back."""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from .._precision import jax_array
from .identifiability import Identifiability, identifiability
from .integral import NormalEquations
from .results import RESULTS


class CoefficientEstimate(eqx.Module):
    """Coefficients and what goes with them.

    - `coefficients`; `deviations`, each family's own part (partial pooling only); `first`, the
      estimated first state of each family (trajectory matching only); `report`; `result`.
    """

    coefficients: Float[Array, "dims terms"]
    deviations: Float[Array, "families dims terms"] | None
    first: Float[Array, "families dims"] | None
    report: Identifiability
    result: RESULTS


def residual_squares(
    normal: NormalEquations, coefficients: Float[Array, "dims terms"]
) -> Float[Array, " dims"]:
    """Sum of squared residuals of each equation."""
    # |y - A w|^2 = y'y - 2 w'A'y + w'A'A w.
    weights, gram, moment = map(np.asarray, (coefficients, normal.gram, normal.moment))
    fitted = np.einsum("dt,tu,du->d", weights, gram, weights)
    squares = np.asarray(normal.total) - 2 * np.sum(weights.T * moment, axis=0) + fitted
    return jax_array(np.maximum(squares, 0))


def regression_report(
    normal: NormalEquations,
    coefficients: Float[Array, "dims terms"],
    squares: Float[Array, " dims"],
    ridge: Float[Array, " terms"],
) -> Identifiability:
    """What the integral form determines of `coefficients`, fitted with residuals `squares`."""
    return identifiability(
        [np.asarray(normal.gram)] * len(coefficients),
        np.asarray(squares),
        coefficients=np.asarray(coefficients),
        support=np.asarray(coefficients) != 0,
        ridge=np.asarray(ridge),
        increments=float(normal.rows),
    )
