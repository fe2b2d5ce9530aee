"""Natural cubic splines: their basis, its slopes, and a fitted one as a function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common.display import shown


@shown
@dataclass(frozen=True)
class SplineCurve:
    """A natural cubic spline in x, linear beyond its outermost knots; call it on positions.

    `constant` is the mean offset of the families, `span` the positions that it was fitted to.
    """

    constant: float
    coefficients: Float[np.ndarray, " terms"]
    knots: Float[np.ndarray, " knots"]
    span: tuple[float, float]

    def __call__(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self.constant + natural_basis(x, self.knots) @ self.coefficients


def natural_basis(
    x: Float[np.ndarray, " n"], knots: Float[np.ndarray, " knots"]
) -> Float[np.ndarray, "n terms"]:
    """The natural cubic spline's basis without its constant, `knots` - 1 columns.

    Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, eq. 5.4 and 5.5.
    """
    return np.column_stack([x, *_cut_terms(lambda j: np.maximum(x - knots[j], 0) ** 3, knots)])


def natural_slopes(
    x: Float[np.ndarray, " n"], knots: Float[np.ndarray, " knots"]
) -> Float[np.ndarray, "n terms"]:
    """Derivative of each column of `natural_basis` at `x`."""
    powers = _cut_terms(lambda j: 3 * np.maximum(x - knots[j], 0) ** 2, knots)
    return np.column_stack([np.ones_like(x), *powers])


def _cut_terms(power: Callable[[int], np.ndarray], knots: np.ndarray) -> list[np.ndarray]:
    """The terms beyond the linear one; `power(j)` is what is cut off at knot j."""
    last = len(knots) - 1

    def cut(j: int) -> np.ndarray:
        return (power(j) - power(last)) / (knots[last] - knots[j])

    return [cut(j) - cut(last - 1) for j in range(last - 1)]
