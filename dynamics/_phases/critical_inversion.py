"""The calibrated interval of a pooled vertex: a test inverted over candidate vertices.

At a candidate vertex c the scores of a family are

    offset + k d² + a sign(d) d² + (m + m_f) 2 d + noise,    d = x - c,

with a curvature k, half a difference a between the curvatures of the two sides, and a slope at c
that is m on average and m_f in this family. A family whose own vertex lies δ from c has the slope
-k δ there, so families with vertices of mean c have m = 0: that is the test. Candidates at which it
does not reject are the interval.

Offsets are free. a is drawn to zero by a normal prior of standard deviation `asymmetry` times k.
The m_f have variance (k τ)², with τ a mode of its restricted likelihood. The standard error of m is
rescaled by the scatter that the families show (Hartung and Knapp), so the statistic has about a t
distribution of families - 1 degrees of freedom whatever the true τ is.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from .critical_types import WithinFamilies

# Candidates for the vertex: 120 steps over the data's span.
_CANDIDATES = 181
# Candidates run this share of the data's span beyond either end, so that a root at an end is seen.
_MARGIN = 0.25
# The likelihood of τ is looked at on every fifth candidate.
_STRIDE = 5
# Spreads tried for τ, in spans of the data.
_SPREADS = (0.0, 0.015, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.3)
# Below this share of the pooled curvature that within families is lost in noise.
_LEAST_CURVATURE = 0.3
# Noise below this share of the spread of the scores would make the weights singular.
_LEAST_NOISE = 1e-5

Sums = Float[np.ndarray, "families candidates 4 4"]


@dataclass(frozen=True)
class Inversion:
    """Vertex and interval; `spread` is the working τ and `curvature` the working k."""

    vertex: float
    low: float
    high: float
    spread: float
    curvature: float


def invert_slope_test(
    data: WithinFamilies,
    *,
    level: float,
    asymmetry: float,
    spread: float,
    least_spread: float,
    noise: float | None,
    noise_degrees: float,
) -> Inversion | None:
    """Vertex with its interval at `level`; None where no curve opens upwards inside the data.

    `asymmetry` is the prior standard deviation of a / k; `spread` the scale of the half-normal
    prior of τ, in spans of the data, and `least_spread` its floor, likewise, for two families (it
    falls with the square root of their number less one); `noise` a known variance of the scores,
    worth `noise_degrees` degrees of freedom.
    """
    first, last = float(np.min(data.x)), float(np.max(data.x))
    span = last - first
    candidates = np.linspace(first - _MARGIN * span, last + _MARGIN * span, _CANDIDATES)
    # In spans of the data, so that the numbers below have no unit.
    sums = _sums(data, (data.x[:, None] - candidates) / span)
    variance, curvature = _working_values(data, sums, noise=noise, noise_degrees=noise_degrees)
    if not curvature > 0:
        return None
    penalty = variance / (asymmetry * curvature) ** 2
    inside = (candidates >= first) & (candidates <= last)

    def ratio(tau: float) -> float:
        return (tau * curvature) ** 2 / variance

    # The likelihood of τ hardly depends on the candidate, once m is fitted: a few will do.
    sample = sums[:, np.flatnonzero(inside)[::_STRIDE]]
    scores = [
        np.max(_likelihood(sample, ratio(t), penalty, variance)) - (t / spread) ** 2 / 2
        for t in _SPREADS
    ]
    floor = least_spread / math.sqrt(data.families - 1)
    chosen = max(_SPREADS[int(np.argmax(scores))], floor)
    statistic = _statistic(sums, ratio(chosen), penalty)
    quantile = float(distributions.t.ppf((1 + level) / 2, data.families - 1))
    accepted = _accepted(candidates, statistic, _residual(sums, 0.0, penalty), inside, quantile)
    if accepted is None:
        return None
    vertex, low, high = accepted
    return Inversion(
        vertex=vertex,
        # An end outside the data would be an extrapolation.
        low=low if low >= first else -math.inf,
        high=high if high <= last else math.inf,
        spread=chosen * span,
        curvature=curvature / span**2,
    )


def _accepted(
    candidates, statistic, residual, inside, quantile: float
) -> tuple[float, float, float] | None:
    """The vertex, and the ends of the candidates at which the test does not reject.

    None where no curve turns upwards inside the data; an end that the candidates do not reach is
    infinite. Of several vertices that of the least residual is taken.
    """
    # m falls short of zero below the vertex of an upward curve and exceeds it above.
    rises = np.flatnonzero((statistic[:-1] < 0) & (statistic[1:] >= 0) & inside[:-1] & inside[1:])
    if rises.size == 0:
        return None
    left = int(rises[np.argmin(residual[rises])])
    vertex = _crossing(candidates, statistic, left, left + 1, 0.0)
    # With the vertex among the candidates at least one of them is accepted.
    candidates = np.insert(candidates, left + 1, vertex)
    size = np.insert(np.abs(statistic), left + 1, 0.0)
    start, end = np.flatnonzero(size <= quantile)[[0, -1]]
    bounded = start > 0, end < candidates.size - 1
    low = _crossing(candidates, size, start - 1, start, quantile) if bounded[0] else -math.inf
    high = _crossing(candidates, size, end, end + 1, quantile) if bounded[1] else math.inf
    return vertex, low, high


def _sums(data: WithinFamilies, d: Float[np.ndarray, "models candidates"]) -> Sums:
    """Products of the centred columns (d², sign(d) d², 2 d, y), summed by family."""
    columns = np.stack([d * d, np.sign(d) * d * d, 2 * d], axis=-1)
    y = np.broadcast_to(data.y[:, None, None], (*d.shape, 1))
    centred = data.centred(np.concatenate([columns, y], axis=-1))
    return data.sums(centred[..., :, None] * centred[..., None, :])


def _working_values(
    data: WithinFamilies, sums: Sums, *, noise: float | None, noise_degrees: float
) -> tuple[float, float]:
    """Residual variance and curvature of the quadratic whose families have slopes of their own.

    Both are the same at every candidate, and neither knows of the spread of the vertices. Where the
    curvature within families is far below the pooled one it is lost in noise, and the pooled one is
    taken.
    """
    within = _pooled(sums, np.inf)[0]
    curvature = within[0, 3] / within[0, 0]
    dof = data.x.size - 2 * data.families - 1
    residual = max(within[3, 3] - curvature * within[0, 3], 0.0)
    if noise is not None:
        pooled = (residual + noise_degrees * noise) / (max(dof, 0) + noise_degrees)
        variance = max(pooled, noise)
    else:
        variance = residual / max(dof, 1)
    common = np.sum(sums, axis=0)
    pooled_curvatures = common[:, 0, 3] / common[:, 0, 0]
    upward = pooled_curvatures > 0
    explained = pooled_curvatures * common[:, 0, 3]
    unexplained = np.where(upward, common[:, 3, 3] - explained, np.inf)
    best = float(pooled_curvatures[np.argmin(unexplained)]) if np.any(upward) else -1.0
    tiny = _LEAST_NOISE**2 * common[0, 3, 3] / data.x.size
    lost = curvature <= _LEAST_CURVATURE * best
    return max(float(variance), tiny), best if lost else float(curvature)


def _pooled(sums: Sums, ratio: float) -> Float[np.ndarray, "candidates 4 4"]:
    """Generalised sums over families whose slopes have `ratio` times the residual variance."""
    # Scores of a family are X b + m_f z + e, z = 2 d centred, var m_f = ratio var e. By Sherman and
    # Morrison (1 + ratio z z')^-1 = 1 - z z' ratio / (1 + ratio z'z): from each product of columns
    # p'q that of their projections on z is taken. An infinite ratio projects z out altogether.
    slope = sums[:, :, 2, :]
    share = 1 / sums[:, :, 2, 2] if np.isinf(ratio) else ratio / (1 + ratio * sums[:, :, 2, 2])
    return np.sum(sums - (share[..., None] * slope)[..., None] * slope[..., None, :], axis=0)


def _penalised(
    sums: Sums, ratio: float, penalty: float
) -> tuple[Float[np.ndarray, "candidates k k"], Float[np.ndarray, "candidates k"], np.ndarray]:
    """Normal matrix and right side for (k, a, m), or (k, a) where slopes are free; and y'y."""
    pooled = _pooled(sums, ratio)
    pooled[:, 1, 1] += penalty
    width = 2 if np.isinf(ratio) else 3
    return pooled[:, :width, :width], pooled[:, :width, 3], pooled[:, 3, 3]


def _residual(sums: Sums, ratio: float, penalty: float) -> Float[np.ndarray, " candidates"]:
    normal, right, total = _penalised(sums, ratio, penalty)
    return total - np.sum(right * np.linalg.solve(normal, right[..., None])[..., 0], axis=-1)


def _likelihood(
    sums: Sums, ratio: float, penalty: float, variance: float
) -> Float[np.ndarray, " candidates"]:
    """Restricted log likelihood of the spread, up to a constant."""
    # -(log|V| + log|X'V^-1 X| + r'V^-1 r / variance) / 2, where a family's |1 + ratio z z'| is
    # 1 + ratio z'z.
    normal, right, total = _penalised(sums, ratio, penalty)
    weights = np.sum(np.log1p(ratio * sums[:, :, 2, 2]), axis=0)
    residual = total - np.sum(right * np.linalg.solve(normal, right[..., None])[..., 0], axis=-1)
    return -(weights + np.linalg.slogdet(normal)[1] + residual / variance) / 2


def _statistic(sums: Sums, ratio: float, penalty: float) -> Float[np.ndarray, " candidates"]:
    """m over its standard error, rescaled by the scatter between families."""
    # With a slope free in each family (infinite ratio) the residual has no part between families,
    # so the difference of the two is sum_f w_f (m_f - m)^2 with w_f = z'z / (1 + ratio z'z), apart
    # from what k and a take up. Over families - 1 it is the variance that the weights take for 1,
    # whether they are right or not.
    normal, right, total = _penalised(sums, ratio, penalty)
    inverse = np.linalg.inv(normal)
    solution = np.sum(inverse * right[..., None, :], axis=-1)
    between = total - np.sum(right * solution, axis=-1) - _residual(sums, np.inf, penalty)
    # Rounding may leave a difference of equal sums below zero.
    scatter = np.maximum(between, np.finfo(float).eps * total) / (sums.shape[0] - 1)
    return solution[:, 2] / np.sqrt(inverse[:, 2, 2] * scatter)


def _crossing(candidates, values, left, right, height) -> float:
    """Where the line between two candidates reaches a height."""
    share = (height - values[left]) / (values[right] - values[left])
    return float(candidates[left] + share * (candidates[right] - candidates[left]))
