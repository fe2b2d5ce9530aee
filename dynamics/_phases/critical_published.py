"""The published procedure for the critical scale (claim C06), as its paper describes it."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._precision import in_double_precision
from .._statistics.resampling import cluster_weights, percentile_interval
from .critical_types import COLLINEAR, CriticalPoint, as_ambient


@in_double_precision
def critical_point_published(
    x: Float[Array | np.ndarray, " models"],
    y: Float[Array | np.ndarray, " models"],
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
    moments = as_ambient(np.hstack([design, design[:, :3] * (y - height)[:, None]]))
    limits = as_ambient((np.asarray(bounds) - centre) / scale)
    vertex, has_minimum, explained = _vertex(jnp.ones(x.size, moments.dtype), moments, limits)
    vertices, minimum = jax.device_get(
        _resample_models(jax.random.key(seed), moments, limits, n_boot=n_boot)
    )
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
    weights: Float[Array, " models"],
    moments: Float[Array, "models 8"],
    limits: Float[Array, "2"],
) -> tuple[Array, Array, Array]:
    """Weighted least squares on (1, u, u²) from sums of powers and of powers times the score."""
    n, s1, s2, s3, s4, t0, t1, t2 = weights @ moments
    pp, pq, qq = s2 - s1 * s1 / n, s3 - s1 * s2 / n, s4 - s2 * s2 / n
    py, qy = t1 - s1 * t0 / n, t2 - s2 * t0 / n
    determinant = pp * qq - pq * pq
    solvable = determinant > COLLINEAR * jnp.finfo(moments.dtype).eps * s2 * s4
    safe = jnp.where(solvable, determinant, 1)
    slope, curvature = (qq * py - pq * qy) / safe, (pp * qy - pq * py) / safe
    vertex = -slope / jnp.where(curvature > 0, 2 * curvature, 1)
    inside = (vertex > limits[0]) & (vertex < limits[1])
    return vertex, solvable & (curvature > 0) & inside, slope * py + curvature * qy


@partial(jax.jit, static_argnames="n_boot")
def _resample_models(key, moments, limits, *, n_boot: int):
    models = moments.shape[0]
    weights = cluster_weights(key, models, n_boot=n_boot, padded=models)
    vertex, minimum, _ = jax.vmap(_vertex, in_axes=(0, None, None))(weights, moments, limits)
    return vertex, minimum
