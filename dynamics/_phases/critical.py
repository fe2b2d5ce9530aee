"""The critical point of a score along an axis, families pooled, with the interval to report."""

from dataclasses import replace

import numpy as np
from jaxtyping import Array, Float, Shaped

from .critical_bootstrap import critical_point_bootstrap
from .critical_inversion import invert_slope_test
from .critical_types import (
    NOISE_DEGREES,
    CriticalPoint,
    CriticalStatus,
    known_noise,
    within_families,
)


def critical_point(
    x: Float[Array | np.ndarray, " models"],
    y: Float[Array | np.ndarray, " models"],
    family: Shaped[Array | np.ndarray, " models"],
    *,
    y_stderr: Float[Array | np.ndarray, " models"] | None = None,
    asymmetry: float = 0.3,
    spread: float = 0.1,
    least_spread: float = 0.07,
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> CriticalPoint:
    """Minimum of a U of `y` along `x`, pooled over families, with a calibrated interval.

    Every family has its own offset and its own vertex; the target is the mean of the families'
    vertices. The interval holds the places at which a mean slope of zero is not rejected, for a
    curve whose two sides may be steep in different measure.

    **Arguments:**

    - `x`: place on the axis: log10 of parameters or of FLOPs, or the reasoning score.
    - `y`: the score, as a fraction; `y_stderr`, its known standard errors (NaN where unknown): the
      residual variance is not taken below their mean square.
    - `family`: a label per model. Families of one place on the axis are left out.
    - `asymmetry`: prior standard deviation of (right - left) / (right + left) curvature; a ratio of
      1 : 1.5 is two thirds of the default, 1 : 1.86 all of it.
    - `spread`: scale of the half-normal prior of the vertices' standard deviation between families,
      in spans of the data; `least_spread`: its floor, likewise, divided by sqrt(families - 1): few
      families cannot show that they agree. Both choose weights; the width of the interval comes
      from the scatter that the families show.
    - `n_boot`, `seed`: for the cluster bootstraps in `alternatives` and for `no_minimum_share`.
    - `level`: of the interval.

    **Returns:** a `CriticalPoint`. An end of the interval outside the data is infinite and the
    status `unbounded`: an honest answer that few families often give. `within_r2` and
    `no_minimum_share` are those of the quadratic with family offsets. `alternatives` holds the
    quadratic and the segmented cluster bootstrap.

    **Raises:** ValueError for a setting outside its range.

    **Limits:** calibrated on families that share their curvatures and differ in offset and vertex
    (docs/calibration.md has the figures, the prior's weight and the designs). Families that bend in
    different measure, or not at all, are outside that. A strong asymmetry moves the vertex towards
    the gentler side. Where `x` is itself a noisy score, errors in it (errors in variables) are not
    modelled; they flatten the curve and matter when they are not small beside the spread of `x`
    within families.

    **Sources:** Hartung and Knapp (2001), Statistics in Medicine 20; Lind and Mehlum (2010) for the
    test of a slope in place of a ratio of coefficients.
    """
    for name, value in {"asymmetry": asymmetry, "spread": spread}.items():
        if not value > 0:
            raise ValueError(f"{name} is {value}; give a positive number")
    if not least_spread >= 0:
        raise ValueError(f"least_spread is {least_spread}; give zero or a positive number")
    quadratic, segmented = critical_point_bootstrap(
        x, y, family, n_boot=n_boot, seed=seed, level=level
    )
    settings = {
        "asymmetry": asymmetry,
        "spread": spread,
        "least_spread": least_spread,
        "n_boot": n_boot,
        "seed": seed,
        "level": level,
    }
    pooled = replace(
        quadratic,
        method="slope_test_inversion",
        settings=settings,
        alternatives=(quadratic, segmented),
    )
    if quadratic.status == "underdetermined":
        return pooled
    found = invert_slope_test(
        within_families(x, y, family),
        level=level,
        asymmetry=asymmetry,
        spread=spread,
        least_spread=least_spread,
        noise=known_noise(y_stderr),
        noise_degrees=NOISE_DEGREES,
    )
    if found is None:
        return replace(pooled, vertex=np.nan, low=-np.inf, high=np.inf, status="no_minimum")
    bounded = np.isfinite(found.low) and np.isfinite(found.high)
    status: CriticalStatus = "ok" if bounded else "unbounded"
    return replace(
        pooled,
        vertex=found.vertex,
        low=found.low,
        high=found.high,
        status=status,
        settings={**settings, "working_spread": found.spread},
    )
