"""The cluster bootstrap over families of two curves with family offsets: quadratic and segmented.

Both curves are linear in two slopes once their family offsets (and the break of the segmented one)
are given. A family therefore enters only through five sums of products of its centred columns, and
a resample is the counts of families times these sums, followed by a solve in closed form.
"""

from functools import partial
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Shaped

from ...common.arrays import AnyArray
from .._statistics.resampling import (
    cluster_weights,
    drawn_families,
    padded_families,
    percentile_interval,
)
from .._statistics.threefry import key_of
from .critical_types import COLLINEAR, CriticalPoint, WithinFamilies, within_families

#: Breaks tried between the second and the last but one position on the axis.
_BREAKS = 61
#: Of two families there are three different resamples.
_LEAST_FAMILIES = 3
#: Degrees of freedom: with fewer the residuals say nothing of the noise.
_LEAST_DOF = 3
#: Resamples that are fitted at once. Each needs the sums of all breaks, 2 kB: with so many they
#: stay in the processor's cache.
_AT_ONCE = 2**9

Curve = Literal["quadratic", "segmented"]
Sums = Float[np.ndarray, "families 5"]


def critical_point_bootstrap(
    x: Float[AnyArray, " models"],
    y: Float[AnyArray, " models"],
    family: Shaped[Any, " models"],
    *,
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[CriticalPoint, CriticalPoint]:
    """Minimum of a quadratic, and of two slopes, with an offset per family; families resampled.

    **Arguments:** `x`, position on the axis (log10 of a size, of FLOPs, or the reasoning score);
    `y`, the score as a fraction; `family`, a label per model; `n_boot` resamples of whole families
    drawn from `seed`; `level` of the percentile interval. Models with a value that is not finite
    and families at a single position on the axis are left out.

    **Returns:** the quadratic and the segmented result. A resample whose curve does not open
    upwards, or whose vertex lies outside the data, has no minimum; it is counted in
    `no_minimum_share` and left out of the interval, which is thus conditional on a minimum.

    **Limits:** percentile intervals over few families are too narrow: on simulated families they
    cover well below the nominal level (docs/calibration.md); `critical_point` is the calibrated
    interval. A symmetric quadratic is biased where the curve is steeper on one side.
    """
    _check(n_boot=n_boot, level=level)
    data = within_families(x, y, family)
    settings = {"n_boot": n_boot, "seed": seed, "level": level}
    if is_underdetermined(data):
        blank = partial(_underdetermined, data, level=level, settings=settings)
        return blank("quadratic_cluster_bootstrap"), blank("segmented_cluster_bootstrap")

    centre, scale = float(np.mean(data.x)), float(np.ptp(data.x)) / 2
    quadratic, segmented, breaks, total = family_sums(data, centre=centre, scale=scale)
    ends = (np.array([np.min(data.x), np.max(data.x)]) - centre) / scale
    # The first row takes every family once: the fit of the data themselves.
    fits = _resample(seed, quadratic, segmented, breaks, ends, n_boot=n_boot)

    def result(name: Curve) -> CriticalPoint:
        vertices, explained, has_minimum = fits[name]
        vertices = np.where(has_minimum, vertices, np.nan) * scale + centre
        low, high = percentile_interval(vertices[1:], level=level)
        return CriticalPoint(
            vertex=float(vertices[0]),
            low=low if has_minimum[0] else -np.inf,
            high=high if has_minimum[0] else np.inf,
            level=level,
            within_r2=float(explained[0] / total),
            no_minimum_share=float(np.mean(~has_minimum[1:])),
            models=data.x.size,
            families=data.families,
            method=f"{name}_cluster_bootstrap",
            status="ok" if has_minimum[0] else "no_minimum",
            settings=settings,
        )

    return result("quadratic"), result("segmented")


def is_underdetermined(data: WithinFamilies) -> bool:
    """Whether offsets and two slopes would leave too little to judge the fit by."""
    return (
        data.families < _LEAST_FAMILIES
        or data.x.size - data.families < 2 + _LEAST_DOF
        or max(np.unique(data.x[data.index == f]).size for f in range(data.families)) < 3
        or not np.any(data.centred(data.y))
    )


def family_sums(
    data: WithinFamilies, *, centre: float, scale: float
) -> tuple[Sums, Float[np.ndarray, "breaks families 5"], Float[np.ndarray, " breaks"], float]:
    """Products of centred columns, summed by family: (pp, pq, qq, py, qy).

    Columns (p, q) are (u, u²) for the quadratic, and for each break the parts of u below and above
    it, with u = (x - centre) / scale. Also the breaks in u and the sum of squares of the centred y.
    """
    u, y = (data.x - centre) / scale, data.centred(data.y)
    inner = np.unique(u)
    breaks = np.linspace(inner[1], inner[-2], _BREAKS)

    def products(p, q):
        p, q = data.centred(p), data.centred(q)
        return data.sums(np.stack([p * p, p * q, q * q, p * y, q * y], axis=-1))

    quadratic = products(u, u * u)
    segmented = np.stack([products(np.minimum(u - c, 0), np.maximum(u - c, 0)) for c in breaks])
    return quadratic, segmented, breaks, float(y @ y)


# Vertex, explained sum of squares, and whether there is a minimum.
Fits = tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Bool[np.ndarray, " rows"]]


def _slopes(sums: Float[np.ndarray, "5 *batch"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both slopes of the least squares, and the sum of squares that they explain."""
    pp, pq, qq, py, qy = sums
    determinant = pp * qq - pq * pq
    # Normal equations of two columns by Cramer's rule; explained = w'A'y.
    # Collinear columns (a resample of too few positions) have no solution of their own.
    solvable = determinant > COLLINEAR * np.finfo(sums.dtype).eps * pp * qq
    safe = np.where(solvable, determinant, np.nan)
    first = (qq * py - pq * qy) / safe
    second = (pp * qy - pq * py) / safe
    return first, second, first * py + second * qy


def _fit(
    weights: Float[np.ndarray, "rows families"],
    lines: Sums,
    hinges: Float[np.ndarray, "breaks families 5"],
    breaks: Float[np.ndarray, " breaks"],
    ends: Float[np.ndarray, "2"],
) -> dict[Curve, Fits]:
    """Both curves for each row of counts of families."""
    slope, curvature, explained = _slopes((weights @ lines).T)
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = -slope / (2 * curvature)
    minimum = (curvature > 0) & (vertex > ends[0]) & (vertex < ends[1])
    left, right, gains = _slopes(weights @ hinges.transpose(2, 1, 0))
    rows, best = np.arange(len(weights)), np.argmax(np.where(np.isfinite(gains), gains, -1), axis=1)
    turns = (left[rows, best] < 0) & (right[rows, best] > 0)
    return {
        "quadratic": (vertex, explained, minimum),
        "segmented": (breaks[best], gains[rows, best], turns),
    }


def _resample(
    seed: int,
    lines: Sums,
    hinges: Float[np.ndarray, "breaks families 5"],
    breaks: Float[np.ndarray, " breaks"],
    ends: Float[np.ndarray, "2"],
    *,
    n_boot: int,
) -> dict[Curve, Fits]:
    """Both curves of the data, and then of each resample."""
    families, key = len(lines), key_of(seed)
    row_length = padded_families(families)
    found = [_fit(np.ones((1, families)), lines, hinges, breaks, ends)]
    for first in range(0, n_boot, _AT_ONCE):
        rows = range(first, min(first + _AT_ONCE, n_boot))
        drawn = drawn_families(key, families, rows=rows, row_length=row_length)
        found.append(_fit(cluster_weights(drawn), lines, hinges, breaks, ends))

    def joined(name: Curve) -> Fits:
        vertex, explained, minimum = zip(*(fits[name] for fits in found), strict=True)
        return np.concatenate(vertex), np.concatenate(explained), np.concatenate(minimum)

    return {"quadratic": joined("quadratic"), "segmented": joined("segmented")}


def _underdetermined(data: WithinFamilies, method: str, *, level, settings) -> CriticalPoint:
    return CriticalPoint(
        vertex=np.nan,
        low=-np.inf,
        high=np.inf,
        level=level,
        within_r2=np.nan,
        no_minimum_share=np.nan,
        models=data.x.size,
        families=data.families,
        method=method,
        status="underdetermined",
        settings=settings,
    )


def _check(*, n_boot: int, level: float) -> None:
    if n_boot < 1:
        raise ValueError(f"n_boot is {n_boot}; give at least 1 resample")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability such as 0.95")
