"""Does one family bracket a minimum? Lind and Mehlum's test of a U, with Fieller's interval."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Shaped
from scipy import stats

from ...common.statistics import fieller
from .._statistics.resampling import family_index
from .critical_types import NOISE_DEGREES, FamilyCritical, FamilyStatus, known_noise

# Residuals below so many units in the last place of the scores are rounding, not noise.
_ROUNDING = 1000


def u_test(
    x: Float[Array | np.ndarray, " models"],
    y: Float[Array | np.ndarray, " models"],
    *,
    family: Any = None,
    y_stderr: Float[Array | np.ndarray, " models"] | None = None,
    prior_degrees: float = NOISE_DEGREES,
    level: float = 0.95,
) -> FamilyCritical:
    """The minimum of a quadratic of one family's scores, and whether the family brackets it.

    **Arguments:** `x`, place on the axis; `y`, the score as a fraction; `y_stderr`, its known
    standard errors, if any; `prior_degrees`, how many degrees of freedom the known errors are worth
    beside the fit's own residuals; `level` of the interval, and 1 - `level` of the test.

    **Returns:** a `FamilyCritical`. The test's null is that the quadratic is no U inside the data:
    p is the larger of the one-sided p values of "falls at the smallest x" and "rises at the largest
    x". The interval is Fieller's: the places where a slope of zero cannot be rejected; where the
    curvature is not significant only the branch that holds the fitted minimum is given, and its
    open end is infinite. Status:

    - `bracketed`: the test rejects;
    - `not_bracketed`: it does not, but a minimum inside the data cannot be excluded, or the fitted
      curve peaks inside the data (the lowest score is then at an edge);
    - `monotone`: the fitted curve rises or falls over all the data, and Fieller's interval holds
      no place inside them;
    - `underdetermined`: fewer than four models at four places on the axis, or no residual.

    With `y_stderr` the residual variance is the mean of the fit's own and the known one, weighted
    by degrees of freedom, and never below the known one. Binomial errors of scores on the same
    items are an upper bound on the noise of their differences, so this is conservative.

    **Limits:** a quadratic is symmetric: where the curve is steeper on one side the vertex is
    biased towards the gentler side. Where `x` is itself a noisy score the slope
    is attenuated (errors in variables); with standard errors that are small beside the spread of
    `x`, as for HellaSwag within a family, the effect on the vertex is small, and it is ignored.

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
    settings = {
        "level": level,
        "prior_degrees": prior_degrees if noise is not None else 0.0,
        "known_noise": math.sqrt(noise) if noise is not None else None,
    }

    def result(status: FamilyStatus, vertex, low, high, p, curvature, degrees) -> FamilyCritical:
        return FamilyCritical(
            family, status, vertex, low, high, level, p, curvature, degrees, x.size, settings
        )

    if np.unique(x).size < 4:
        return result("underdetermined", np.nan, -np.inf, np.inf, np.nan, np.nan, 0.0)
    centre, scale = float(np.mean(x)), float(np.ptp(x)) / 2
    u = (x - centre) / scale
    design = np.stack([np.ones_like(u), u, u * u], axis=1)
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ coefficients
    degrees = float(x.size - 3)
    variance = float(residual @ residual) / degrees
    if noise is not None:
        pooled = (degrees * variance + prior_degrees * noise) / (degrees + prior_degrees)
        degrees, variance = degrees + prior_degrees, max(pooled, noise)
    slope, bend = float(coefficients[1]), float(coefficients[2])
    if variance <= (_ROUNDING * np.finfo(float).eps * np.max(np.abs(y))) ** 2:
        # An exact fit: no noise to test against, and none that was told.
        return result("underdetermined", np.nan, -np.inf, np.inf, np.nan, np.nan, degrees)
    covariance = (variance * np.linalg.inv(design.T @ design))[1:, 1:]

    def upward(place: float) -> float:
        """The t statistic of the slope at a place."""
        gradient = np.array([1.0, 2 * place])
        return float((slope + 2 * bend * place) / np.sqrt(gradient @ covariance @ gradient))

    first, last = float(np.min(u)), float(np.max(u))
    p = float(max(stats.t.cdf(upward(first), degrees), stats.t.sf(upward(last), degrees)))
    vertex = -slope / (2 * bend) if bend > 0 else np.nan
    quantile = float(stats.t.ppf((1 + level) / 2, degrees))
    # The vertex is the ratio of -slope and twice the curvature.
    turn = np.array([-1.0, 2.0])
    low, high = fieller(-slope, 2 * bend, covariance * np.outer(turn, turn), quantile=quantile)
    peaks = bend < 0 and first < -slope / (2 * bend) < last
    if p < 1 - level:
        status: FamilyStatus = "bracketed"
    elif peaks or (bend > 0 and low < last and high > first):
        status = "not_bracketed"
    else:
        status = "monotone"
    return result(
        status,
        vertex * scale + centre,
        low * scale + centre if bend > 0 else -np.inf,
        high * scale + centre if bend > 0 else np.inf,
        p,
        bend / scale**2,
        degrees,
    )


def critical_points_by_family(
    x: Float[Array | np.ndarray, " models"],
    y: Float[Array | np.ndarray, " models"],
    family: Shaped[Array | np.ndarray, " models"] | Sequence,
    *,
    y_stderr: Float[Array | np.ndarray, " models"] | None = None,
    prior_degrees: float = NOISE_DEGREES,
    level: float = 0.95,
) -> tuple[FamilyCritical, ...]:
    """`u_test` of every family, in order of first appearance."""
    labels, index = family_index(family)
    x, y = np.asarray(x), np.asarray(y)
    errors = None if y_stderr is None else np.asarray(y_stderr)
    return tuple(
        u_test(
            x[index == place],
            y[index == place],
            family=label,
            y_stderr=None if errors is None else errors[index == place],
            prior_degrees=prior_degrees,
            level=level,
        )
        for place, label in enumerate(labels.tolist())
    )
