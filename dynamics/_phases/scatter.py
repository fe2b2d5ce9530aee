"""How far models of one family lie from their family's curve beyond what their items explain.

Two models that differ by training noise alone differ by more than binomial error. Two models
cannot show by how much, so every window borrows the figure that all families show together.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from ...common.display import shown
from .family_curve import quadratic_design

#: Scatter of TruthfulQA MC2 in the shipped table `uniform`, which a small table borrows; a test
#: computes it again.
TYPICAL_SD = 0.0102
#: The degrees of freedom behind it there.
TYPICAL_DOF = 33
#: Degrees of freedom that it counts for beside a table's own: other tables are other worlds.
_WEIGHT = 8.0


@shown
@dataclass(frozen=True)
class Scatter:
    """Standard deviation between models of one family about the family's curve.

    - `sd`: beyond the known errors, a fraction; `low`, `high`: its 95 % interval.
    - `degrees_of_freedom`: of the estimate, by the rule of Satterthwaite (1946) for the mean of the
      table's own and the borrowed one; `models`: those behind the table's own.
    """

    sd: float
    low: float
    high: float
    degrees_of_freedom: float
    models: int


@dataclass(frozen=True)
class Residuals:
    """Squares about one family's quadratic in log N, and what known errors make of them."""

    squares: float
    expected: float
    dof: int
    models: int


def residuals_about_curve(
    log10_params: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    y_stderr: Float[np.ndarray, " models"],
) -> Residuals | None:
    """None for fewer than four sizes, or where no error is known."""
    if np.unique(log10_params).size < 4 or not np.all(np.isfinite(y_stderr)):
        return None
    size = (log10_params - log10_params.mean()) / np.ptp(log10_params)
    basis, _ = np.linalg.qr(quadratic_design(size))
    left = y - basis @ (basis.T @ y)
    # E[r'r] = Σ σ_i² (1 - h_i), h being the leverages.
    leverage = np.sum(basis**2, axis=1)
    return Residuals(
        squares=float(left @ left),
        expected=float(np.sum(y_stderr**2 * (1 - leverage))),
        dof=y.size - 3,
        models=y.size,
    )


def pooled_scatter(families: Iterable[Residuals | None]) -> Scatter:
    """The scatter that families show together, drawn towards `TYPICAL_SD`.

    The variance beyond known errors is (Σ squares - Σ expected) / Σ dof, averaged with
    `TYPICAL_SD`², which counts for eight degrees of freedom. A mean w a + (1 - w) b of variances
    with f and g degrees of freedom has 1 / (w² / f + (1 - w)² / g) of them. The interval is that of
    a chi-square for the whole residual variance, less the known part.
    """
    known = [family for family in families if family is not None]
    dof = float(sum(family.dof for family in known))
    squares, expected = (
        sum(getattr(family, name) for family in known) for name in ("squares", "expected")
    )
    own = dof / (dof + _WEIGHT)
    whole_dof = 1 / ((own**2 / dof if dof else 0.0) + (1 - own) ** 2 / TYPICAL_DOF)
    # A variance below zero is an estimate of a small one, and stays in the mean as it is.
    variance = (squares - expected + _WEIGHT * TYPICAL_SD**2) / (dof + _WEIGHT)
    error = expected / dof if dof else 0.0
    total = max(variance, 0.0) + error
    low, high = (
        math.sqrt(
            max(total * whole_dof / float(distributions.chi2.ppf(tail, whole_dof)) - error, 0.0)
        )
        for tail in (0.975, 0.025)
    )
    return Scatter(
        sd=math.sqrt(max(variance, 0.0)),
        low=low,
        high=high,
        degrees_of_freedom=whole_dof,
        models=sum(family.models for family in known),
    )
