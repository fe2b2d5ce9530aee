"""Does one family bracket a minimum? Lind and Mehlum's test of a U, with Fieller's interval."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from ...common import distributions
from ...common.arrays import AnyArray
from ...common.statistics import fieller
from .._statistics.resampling import family_index
from .critical_types import NOISE_DEGREES, FamilyCritical, FamilyStatus, known_noise
from .family_curve import quadratic_design

# Residuals below so many units in the last place of the scores are rounding, not noise.
_ROUNDING = 1000


def u_test(
    x: Float[AnyArray, " models"],
    y: Float[AnyArray, " models"],
    *,
    family: Any = None,
    y_stderr: Float[AnyArray, " models"] | None = None,
    prior_degrees: float = NOISE_DEGREES,
    level: float = 0.95,
) -> FamilyCritical:
    """The minimum of a quadratic of one family's scores, and whether the family brackets it.

    **Arguments:** `x`, position on the axis; `y`, the score as a fraction; `y_stderr`, its known
    standard errors, if any; `prior_degrees`, how many degrees of freedom the known errors are worth
    beside the fit's own residuals; `level` of the interval, and 1 - `level` of the test.

    **Returns:** a `FamilyCritical`. The test's null is that the quadratic is no U inside the data:
    p is the larger of the one-sided p values of "falls at the smallest x" and "rises at the largest
    x". The interval is Fieller's: the positions where a slope of zero cannot be rejected; where the
    curvature is not significant only the branch that holds the fitted minimum is given, and its
    open end is infinite.

    With `y_stderr` the residual variance is the mean of the fit's own and the known one, weighted
    by degrees of freedom, and never below the known one. Binomial errors of scores on the same
    items are an upper bound on the noise of their differences, so this is conservative.

    **Limits:** a quadratic is symmetric: where the curve is steeper on one side the vertex is
    biased towards the gentler side. Where `x` is itself a noisy score the slope is attenuated
    (errors in variables); with standard errors that are small beside the spread of `x`, as for
    HellaSwag within a family, the effect on the vertex is small, and it is ignored.

    **Raises:** ValueError for a `level` outside (0, 1), a negative or zero standard error.

    **Source:** Lind and Mehlum (2010), With or without U?, Oxford Bulletin of Economics and
    Statistics 72; Fieller (1954), JRSS B 16.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability such as 0.95")
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    keep = np.isfinite(x) & np.isfinite(y)
    noise = known_noise(y_stderr, keep)
    x, y = x[keep], y[keep]
    about = {
        "family": family,
        "level": level,
        "models": x.size,
        "settings": {
            "level": level,
            "prior_degrees": prior_degrees if noise is not None else 0.0,
            "known_noise": math.sqrt(noise) if noise is not None else None,
        },
    }
    if np.unique(x).size < 4:
        return _undetermined(about, 0.0)
    centre, scale = float(np.mean(x)), float(np.ptp(x)) / 2
    u = (x - centre) / scale
    coefficients, covariance, dof = _quadratic_fit(u, y, noise, prior_degrees)
    if covariance is None:
        return _undetermined(about, dof)
    return _judged(u, coefficients, covariance, dof, centre=centre, scale=scale, about=about)


def _undetermined(about: dict[str, Any], dof: float) -> FamilyCritical:
    return FamilyCritical(
        status="underdetermined",
        vertex=np.nan,
        low=-np.inf,
        high=np.inf,
        p_value=np.nan,
        curvature=np.nan,
        degrees_of_freedom=dof,
        **about,
    )


def _judged(
    u, coefficients, covariance, dof: float, *, centre: float, scale: float, about: dict[str, Any]
) -> FamilyCritical:
    """The verdict on a fitted quadratic of u = (x - centre) / scale, in the unit of x."""
    slope, curvature = float(coefficients[1]), float(coefficients[2])
    first, last = float(np.min(u)), float(np.max(u))
    p = _u_p_value(slope, curvature, covariance, ends=(first, last), dof=dof)
    vertex = -slope / (2 * curvature) if curvature > 0 else np.nan
    level = about["level"]
    quantile = float(distributions.t.ppf((1 + level) / 2, dof))
    # The vertex is the ratio of -slope and twice the curvature.
    turn = np.array([-1.0, 2.0])
    low, high = fieller(-slope, 2 * curvature, covariance * np.outer(turn, turn), quantile=quantile)
    peaks = curvature < 0 and first < -slope / (2 * curvature) < last
    if p < 1 - level:
        status: FamilyStatus = "bracketed"
    elif peaks or (curvature > 0 and low < last and high > first):
        status = "not_bracketed"
    else:
        status = "monotone"
    return FamilyCritical(
        status=status,
        vertex=vertex * scale + centre,
        low=low * scale + centre if curvature > 0 else -np.inf,
        high=high * scale + centre if curvature > 0 else np.inf,
        p_value=p,
        curvature=curvature / scale**2,
        degrees_of_freedom=dof,
        **about,
    )


def _quadratic_fit(u, y, noise: float | None, prior_degrees: float):
    """Coefficients of 1, u, u², the covariance of the last two, and its degrees of freedom.

    The covariance is None for an exact fit without known noise: nothing to test against.
    """
    design = quadratic_design(u)
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ coefficients
    dof = float(u.size - 3)
    variance = float(residual @ residual) / dof
    if noise is not None:
        pooled = (dof * variance + prior_degrees * noise) / (dof + prior_degrees)
        dof, variance = dof + prior_degrees, max(pooled, noise)
    if variance <= (_ROUNDING * np.finfo(float).eps * np.max(np.abs(y))) ** 2:
        return coefficients, None, dof
    return coefficients, (variance * np.linalg.inv(design.T @ design))[1:, 1:], dof


def _u_p_value(slope: float, curvature: float, covariance, *, ends, dof: float) -> float:
    """The larger of the p values of a fall at the first end and of a rise at the last."""

    def upward(position: float) -> float:
        """The t statistic of the slope at a position."""
        gradient = np.array([1.0, 2 * position])
        return float((slope + 2 * curvature * position) / np.sqrt(gradient @ covariance @ gradient))

    return float(
        max(distributions.t.cdf(upward(ends[0]), dof), distributions.t.sf(upward(ends[1]), dof))
    )


def critical_points_by_family(
    x: Float[AnyArray, " models"],
    y: Float[AnyArray, " models"],
    family: Shaped[Any, " models"] | Sequence[object],
    *,
    y_stderr: Float[AnyArray, " models"] | None = None,
    prior_degrees: float = NOISE_DEGREES,
    level: float = 0.95,
) -> tuple[FamilyCritical, ...]:
    """`u_test` of every family, in order of first appearance."""
    labels, index = family_index(family)
    x, y = np.asarray(x), np.asarray(y)
    errors = None if y_stderr is None else np.asarray(y_stderr)
    return tuple(
        u_test(
            x[index == i],
            y[index == i],
            family=label,
            y_stderr=None if errors is None else errors[index == i],
            prior_degrees=prior_degrees,
            level=level,
        )
        for i, label in enumerate(labels.tolist())
    )
