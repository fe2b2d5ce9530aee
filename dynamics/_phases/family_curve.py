"""The quadratic of one family's scores with what is not known about it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from ...common.display import shown
from .critical_types import NOISE_DEGREES


@shown
@dataclass(frozen=True)
class FamilyCurve:
    """score = constant + slope u + curvature u², u = (x - centre) / scale, fitted to one family.

    - `coefficients`: (constant, slope, curvature); `covariance`: theirs; `degrees_of_freedom`: of
      the residual variance behind it.
    - `scatter`: variance of models about the curve beyond the noise of their scores.
    - `span`: the smallest and the largest x of the family.
    """

    coefficients: Float[np.ndarray, "3"]
    covariance: Float[np.ndarray, "3 3"]
    degrees_of_freedom: float
    scatter: float
    centre: float
    scale: float
    span: tuple[float, float]
    models: int

    def __call__(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The curve at positions `x`, a fraction."""
        return self._design(x) @ self.coefficients

    def band(
        self, x: Float[np.ndarray, " n"], *, level: float = 0.95
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Pointwise confidence band of the curve at positions `x`: its lower and its upper edge."""
        design = self._design(x)
        spread = np.sqrt(np.einsum("ni,ij,nj->n", design, self.covariance, design))
        half = float(distributions.t.ppf((1 + level) / 2, self.degrees_of_freedom)) * spread
        middle = design @ self.coefficients
        return middle - half, middle + half

    def _design(self, x) -> np.ndarray:
        return quadratic_design((np.asarray(x, dtype=np.float64) - self.centre) / self.scale)


def quadratic_design(u: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 3"]:
    """Columns 1, u, u²."""
    return np.stack([np.ones_like(u), u, u * u], axis=-1)


def family_curve(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    y_stderr: Float[np.ndarray, " models"],
) -> FamilyCurve | None:
    """Least-squares quadratic of one family's `y` along `x`, with its covariance.

    **Arguments:** `x`, position on an axis (log10 of parameters, or another score); `y`, the score
    as a fraction; `y_stderr`, its known standard errors. The residual variance is that of `u_test`:
    the fit's own and the known one, weighted by degrees of freedom (8 for the known one), never
    below the known one.

    **Returns** None where fewer than three positions on the axis, or an unknown error, leave the
    curve or its band open.

    **Limits:** errors in `x` are not modelled; the band is of the curve, not of the next model.
    """
    x, y, errors = (np.asarray(values, dtype=np.float64) for values in (x, y, y_stderr))
    known = np.isfinite(errors).all() and bool((errors > 0).all())
    if not known or not (np.isfinite(x) & np.isfinite(y)).all() or np.unique(x).size < 3:
        return None
    centre, scale = float(x.mean()), float(np.ptp(x)) / 2
    design = quadratic_design((x - centre) / scale)
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    residual = y - design @ coefficients
    noise = float(np.mean(errors**2))
    dof = len(x) - 3
    variance = residual_variance(float(residual @ residual), dof, noise)
    own = float(residual @ residual) / dof if dof else noise
    return FamilyCurve(
        coefficients=coefficients,
        covariance=variance * np.linalg.inv(design.T @ design),
        degrees_of_freedom=dof + NOISE_DEGREES,
        scatter=max(own - noise, 0.0),
        centre=centre,
        scale=scale,
        span=(float(x.min()), float(x.max())),
        models=len(x),
    )


def residual_variance(squares, dof: int, noise):
    """Of `u_test`: own residuals and known noise pooled, never below the known noise."""
    pooled = (squares + NOISE_DEGREES * noise) / (dof + NOISE_DEGREES)
    return np.maximum(pooled, noise)
