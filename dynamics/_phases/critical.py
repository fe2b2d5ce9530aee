"""The critical point of a score along an axis, families pooled, with the interval to report."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from ...common.arrays import AnyArray
from .critical_bootstrap import critical_point_bootstrap
from .critical_inversion import invert_slope_test
from .critical_types import (
    NOISE_DEGREES,
    CriticalPoint,
    WithinFamilies,
    known_noise,
    within_families,
)


def critical_point(
    x: Float[AnyArray, " models"],
    y: Float[AnyArray, " models"],
    family: Shaped[Any, " models"],
    *,
    y_stderr: Float[AnyArray, " models"] | None = None,
    asymmetry: float = 0.3,
    spread: float = 0.1,
    least_spread: float = 0.07,
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> CriticalPoint:
    """Minimum of a U of `y` along `x`, pooled over families, with a calibrated interval.

    Every family has its own offset and its own vertex; the target is the mean of the families'
    vertices. The interval holds the positions at which a mean slope of zero is not rejected, for a
    curve whose two sides may be steep in different measure.

    **Arguments:**

    - `x`: position on the axis: log10 of parameters or of FLOPs, or the reasoning score.
    - `y`: the score, as a fraction; `y_stderr`, its known standard errors (NaN where unknown): the
      residual variance is not taken below their mean square.
    - `family`: a label per model. Families at a single position on the axis are left out.
    - `asymmetry`: prior standard deviation of (right - left) / (right + left) curvature; a ratio of
      1 : 1.5 is two thirds of the default, 1 : 1.86 all of it.
    - `spread`: scale of the half-normal prior of the vertices' standard deviation between families,
      in spans of the data; `least_spread`: its floor, likewise, divided by sqrt(families - 1): few
      families cannot show that they agree. Both choose weights; the width of the interval comes
      from the scatter that the families show.
    - `n_boot`, `seed`: of the cluster bootstraps (`alternatives`, `no_minimum_share`); `level`: of
      the interval.

    **Returns:** a `CriticalPoint`. An end of the interval outside the data is infinite and the
    status `unbounded`: an honest answer that few families often give. `within_r2` and
    `no_minimum_share` are those of the quadratic with family offsets. `alternatives` holds the
    quadratic and the segmented cluster bootstrap.

    **Raises:** ValueError for a setting outside its range.

    **Limits:** calibrated on families that share their curvatures and differ in offset and vertex
    (docs/calibration.md has the figures, the prior's weight and the designs). Families whose
    curvatures differ, or that have none, are outside that. A strong asymmetry moves the vertex
    towards the gentler side. Where `x` is itself a noisy score, errors in it (errors in variables)
    are not modelled; they flatten the curve and matter when they are not small beside the spread of
    `x` within families.

    **Sources:** Hartung and Knapp (2001), Statistics in Medicine 20; Lind and Mehlum (2010) for the
    test of a slope in place of a ratio of coefficients.
    """
    settings = {"asymmetry": asymmetry, "spread": spread, "least_spread": least_spread}
    _check(settings)
    settings |= {"n_boot": n_boot, "seed": seed, "level": level}
    curves = critical_point_bootstrap(x, y, family, n_boot=n_boot, seed=seed, level=level)
    made = {"method": "slope_test_inversion", "settings": settings, "alternatives": curves}
    pooled = replace(curves[0], **made)
    if pooled.status == "underdetermined":
        return pooled
    return _inverted(pooled, within_families(x, y, family), known_noise(y_stderr))


def _check(priors: dict[str, float]) -> None:
    for name, value in priors.items():
        if name != "least_spread" and not value > 0:
            raise ValueError(f"{name} is {value}; give a positive number")
        if not value >= 0:
            raise ValueError(f"{name} is {value}; give zero or a positive number")


def _inverted(pooled: CriticalPoint, data: WithinFamilies, noise: float | None) -> CriticalPoint:
    """The quadratic's result with the vertex and the interval of the inverted test."""
    names = ("level", "asymmetry", "spread", "least_spread")
    inversion = invert_slope_test(
        data,
        **{name: pooled.settings[name] for name in names},
        noise=noise,
        noise_degrees=NOISE_DEGREES,
    )
    if inversion is None:
        return replace(pooled, vertex=np.nan, low=-np.inf, high=np.inf, status="no_minimum")
    bounded = np.isfinite(inversion.low) and np.isfinite(inversion.high)
    return replace(
        pooled,
        vertex=inversion.vertex,
        low=inversion.low,
        high=inversion.high,
        status="ok" if bounded else "unbounded",
        settings={**pooled.settings, "working_spread": inversion.spread},
    )
