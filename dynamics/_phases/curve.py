"""The quadratic with an offset per family, as something to draw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Quadratic:
    """constant + slope x + curvature x², the constant being the mean offset of the families.

    `span`: the smallest and the largest x that it was fitted to.
    """

    constant: float
    slope: float
    curvature: float
    span: tuple[float, float]

    def __call__(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self.constant + self.slope * x + self.curvature * x * x


def within_family_quadratic(
    x: Float[np.ndarray, " models"], y: Float[np.ndarray, " models"], family: Sequence
) -> Quadratic | None:
    """Least-squares quadratic of `y` in `x` with an offset per family.

    None where fewer than three positions on the axis, or no more models than coefficients, leave it
    undetermined. Families of one model do not take part.
    """
    _, index, counts = np.unique(list(family), return_inverse=True, return_counts=True)
    several = counts[index] > 1
    x, y, index = x[several], y[several], index[several]
    if len(x) <= len(np.unique(index)) + 2 or len(np.unique(x)) < 3:
        return None
    offsets = (index[:, None] == np.unique(index)).astype(float)
    design = np.column_stack([offsets, x, x * x])
    fit = np.linalg.lstsq(design, y, rcond=None)[0]
    return Quadratic(
        constant=float(fit[:-2].mean()),
        slope=float(fit[-2]),
        curvature=float(fit[-1]),
        span=(float(x.min()), float(x.max())),
    )
