"""The cluster bootstrap over families of two curves with family offsets: quadratic and segmented.

Both curves are linear in two slopes once their family offsets (and the break of the segmented one)
are given. A family therefore enters only through five sums of products of its centred columns, and
a resample is the counts of families times these sums, followed by a solve in closed form.
"""

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from .._precision import in_double_precision
from .._statistics.resampling import cluster_weights, padded_families, percentile_interval
from .critical_types import COLLINEAR, CriticalPoint, WithinFamilies, as_ambient, within_families

#: Breaks tried between the second and the last but one position on the axis.
_BREAKS = 61
#: Of two families there are three different resamples.
_LEAST_FAMILIES = 3
#: Degrees of freedom: with fewer the residuals say nothing of the noise.
_LEAST_DOF = 3
#: Resamples that are fitted at once: each needs the sums of all breaks, 4 kB.
_AT_ONCE = 2**15

Curve = Literal["quadratic", "segmented"]
Sums = Float[np.ndarray, "families 5"]


@in_double_precision
def critical_point_bootstrap(
    x: Float[Array | np.ndarray, " models"],
    y: Float[Array | np.ndarray, " models"],
    family: Shaped[Array | np.ndarray, " models"],
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
    padding = padded_families(data.families) - data.families
    lines = np.pad(quadratic, ((0, padding), (0, 0)))
    hinges = np.pad(segmented, ((0, 0), (0, padding), (0, 0)))
    ends = (np.array([np.min(data.x), np.max(data.x)]) - centre) / scale
    arrays = (as_ambient(values) for values in (lines, hinges, breaks, ends))
    # The first row of weights takes every family once: the fit of the data themselves.
    fits = jax.device_get(_resample(jax.random.key(seed), data.families, *arrays, n_boot=n_boot))

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
Fit = tuple[Float[Array, ""], Float[Array, ""], Bool[Array, ""]]
Fits = tuple[Float[Array, " rows"], Float[Array, " rows"], Bool[Array, " rows"]]


def _slopes(sums: Float[Array, "*batch 5"]) -> tuple[Array, Array, Array]:
    """Both slopes of the least squares, and the sum of squares that they explain."""
    pp, pq, qq, py, qy = (sums[..., i] for i in range(5))
    determinant = pp * qq - pq * pq
    # Normal equations of two columns by Cramer's rule; explained = w'A'y.
    # Collinear columns (a resample of too few positions) have no solution of their own.
    solvable = determinant > COLLINEAR * jnp.finfo(sums.dtype).eps * pp * qq
    safe = jnp.where(solvable, determinant, 1)
    first = jnp.where(solvable, (qq * py - pq * qy) / safe, jnp.nan)
    second = jnp.where(solvable, (pp * qy - pq * py) / safe, jnp.nan)
    return first, second, first * py + second * qy


def _fit(
    weights: Float[Array, " families"],
    lines: Float[Array, "families 5"],
    hinges: Float[Array, "breaks families 5"],
    breaks: Float[Array, " breaks"],
    ends: Float[Array, "2"],
) -> dict[str, Fit]:
    """Both curves for given counts of families."""
    slope, curvature, explained = _slopes(weights @ lines)
    vertex = -slope / (2 * curvature)
    minimum = (curvature > 0) & (vertex > ends[0]) & (vertex < ends[1])
    left, right, gains = _slopes(jnp.einsum("f,bfk->bk", weights, hinges))
    best = jnp.argmax(jnp.where(jnp.isfinite(gains), gains, -1))
    turns = (left[best] < 0) & (right[best] > 0)
    return {
        "quadratic": (vertex, explained, minimum),
        "segmented": (breaks[best], gains[best], turns),
    }


@partial(jax.jit, static_argnames="n_boot")
def _resample(key, families, lines, hinges, breaks, ends, *, n_boot: int) -> dict[str, Fits]:
    padded = lines.shape[0]
    drawn = cluster_weights(key, families, n_boot=n_boot, padded=padded)
    once = (jnp.arange(padded) < families).astype(drawn.dtype)
    weights = jnp.concatenate([once[None], drawn])

    def fit(row: Float[Array, " families"]) -> dict[str, Fit]:
        return _fit(row, lines, hinges, breaks, ends)

    if len(weights) <= _AT_ONCE:
        return jax.vmap(fit)(weights)
    return jax.lax.map(fit, weights, batch_size=_AT_ONCE)


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
