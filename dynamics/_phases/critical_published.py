"""The published procedure for the critical scale (claim C06), as its paper describes it."""

import numpy as np
from jaxtyping import Bool, Float

from ...common.arrays import AnyArray
from .._statistics.resampling import cluster_weights, drawn_families, percentile_interval
from .._statistics.threefry import key_of
from .critical_types import COLLINEAR, CriticalPoint

#: Resamples that are fitted at once.
_AT_ONCE = 2**12


def critical_point_published(
    x: Float[AnyArray, " models"],
    y: Float[AnyArray, " models"],
    *,
    bounds: tuple[float, float] = (7.0, 12.0),
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> CriticalPoint:
    """Minimum of one quadratic through all models, models resampled as if independent.

    **Arguments:** `x`, log10 of the parameter counts; `y`, the score as a fraction; a resample
    counts if it opens upwards with its vertex inside `bounds`; `level` of the percentile interval
    over the `n_boot` resamples drawn from `seed`.

    **Returns:** a `CriticalPoint` with `families = 1`: the procedure knows no families.
    `within_r2` is the plain R² of the quadratic.

    **Limits:** families with different offsets distort the pooled curve, models of one family are
    not independent, and discarding resamples without a minimum hides how often there is none. On
    simulated families it mostly covers 45 to 75 % at nominal 95 % (docs/calibration.md).

    **Source:** Amin, arXiv:2605.18838 (2026).
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    settings = {"bounds": bounds, "n_boot": n_boot, "seed": seed, "level": level}
    common = {"level": level, "models": x.size, "families": 1, "method": "published"}
    if np.unique(x).size < 4:
        return CriticalPoint(
            np.nan,
            -np.inf,
            np.inf,
            within_r2=np.nan,
            no_minimum_share=np.nan,
            status="underdetermined",
            settings=settings,
            **common,
        )
    centre, scale = float(np.mean(x)), float(np.ptp(x)) / 2
    u, height = (x - centre) / scale, np.mean(y)
    design = np.stack([np.ones_like(u), u, u * u, u**3, u**4], axis=1)
    moments = np.hstack([design, design[:, :3] * (y - height)[:, None]])
    limits = (np.asarray(bounds) - centre) / scale
    of_data = _vertex(np.ones((1, x.size)), moments, limits)
    vertex, has_minimum, explained = (values[0] for values in of_data)
    vertices, minimum = _resample_models(seed, moments, limits, n_boot=n_boot)
    low, high = percentile_interval(np.where(minimum, vertices, np.nan), level=level)
    return CriticalPoint(
        vertex=float(vertex * scale + centre) if has_minimum else np.nan,
        low=float(low * scale + centre) if has_minimum else -np.inf,
        high=float(high * scale + centre) if has_minimum else np.inf,
        within_r2=float(explained) / float(np.sum((y - height) ** 2)),
        no_minimum_share=float(np.mean(~minimum)),
        status="ok" if has_minimum else "no_minimum",
        settings=settings,
        **common,
    )


def _vertex(
    weights: Float[np.ndarray, "rows models"],
    moments: Float[np.ndarray, "models 8"],
    limits: Float[np.ndarray, "2"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted least squares on (1, u, u²) from sums of powers and of powers times the score."""
    n, s1, s2, s3, s4, t0, t1, t2 = (weights @ moments).T
    pp, pq, qq = s2 - s1 * s1 / n, s3 - s1 * s2 / n, s4 - s2 * s2 / n
    py, qy = t1 - s1 * t0 / n, t2 - s2 * t0 / n
    determinant = pp * qq - pq * pq
    solvable = determinant > COLLINEAR * np.finfo(moments.dtype).eps * s2 * s4
    safe = np.where(solvable, determinant, 1)
    slope, curvature = (qq * py - pq * qy) / safe, (pp * qy - pq * py) / safe
    vertex = -slope / np.where(curvature > 0, 2 * curvature, 1)
    inside = (vertex > limits[0]) & (vertex < limits[1])
    return vertex, solvable & (curvature > 0) & inside, slope * py + curvature * qy


def _resample_models(
    seed: int,
    moments: Float[np.ndarray, "models 8"],
    limits: Float[np.ndarray, "2"],
    *,
    n_boot: int,
) -> tuple[Float[np.ndarray, " resamples"], Bool[np.ndarray, " resamples"]]:
    """The vertex of each resample, and whether it is a minimum inside the limits."""
    models, key = len(moments), key_of(seed)
    vertices, minimum = np.empty(n_boot), np.empty(n_boot, dtype=bool)
    for first in range(0, n_boot, _AT_ONCE):
        rows = range(first, min(first + _AT_ONCE, n_boot))
        weights = cluster_weights(drawn_families(key, models, rows=rows, row_length=models))
        vertices[first : rows.stop], minimum[first : rows.stop], _ = _vertex(
            weights, moments, limits
        )
    return vertices, minimum
