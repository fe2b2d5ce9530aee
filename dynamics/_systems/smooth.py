"""A smooth path through the points of each trajectory, and how noisy the points are."""

import dataclasses
from collections.abc import Callable

import numpy as np
import scipy  # and not scipy.interpolate, a third of a second that only series need
from jaxtyping import Float
from scipy.linalg import eigh

#: Scaled states are of size 1: errors below this do not count as noise.
LEAST_NOISE = 1e-4
_FEWEST_FOR_SPLINE = 6
#: Where a relative error vanishes with the state, a point is still no more exact than this share of
#: the others: its weight would rest on the noise model alone.
_LEAST_SHARE = 0.15
_MOST_KNOTS = 200
_EXACT = 2e-3  # noise below which the path goes through the points
_FEWEST_STEPS, _MOST_STEPS = 64, 1024
#: The solver's error as a share of the noise; of next to no noise it must be a smaller one, or
#: terms are found that describe the solver.
_STEP_SHARE, _EXACT_STEP_SHARE = 0.15, 0.03


@dataclasses.dataclass(frozen=True)
class NoiseLevel:
    """Variance of the error of a state at value x: constant + relative * x^2."""

    constant: float
    relative: float

    def deviation(self, x: Float[np.ndarray, " many"]) -> Float[np.ndarray, " many"]:
        """The standard deviation at each value, no less than a share of the whole's."""
        variance = self.constant + self.relative * x**2
        least = max(LEAST_NOISE**2, _LEAST_SHARE**2 * float(np.mean(variance)))
        return np.sqrt(np.maximum(variance, least))


@dataclasses.dataclass(frozen=True)
class SmoothPath:
    """The smoothed states of one trajectory as functions of time, held beyond their ends."""

    splines: tuple
    ends: tuple[tuple[float, float], ...]

    def __call__(self, t: Float[np.ndarray, " many"]) -> Float[np.ndarray, "many dims"]:
        columns = [
            s(np.clip(t, low, high)) for s, (low, high) in zip(self.splines, self.ends, strict=True)
        ]
        return np.stack(columns, axis=1)

    def inside(self, t: Float[np.ndarray, " many"]) -> Float[np.ndarray, "many dims"]:
        """The same, NaN beyond the first and the last measurement of a state."""
        low, high = np.array(self.ends).T
        known = (t[:, None] >= low) & (t[:, None] <= high)
        return np.where(known, self(t), np.nan)


def noise_levels(times: list, states: list) -> tuple[NoiseLevel, ...]:
    """The noise of each state, pooled over trajectories."""
    dims = states[0].shape[1]
    return tuple(_noise_level(times, [x[:, d] for x in states]) for d in range(dims))


def _noise_level(times, columns) -> NoiseLevel:
    # The cubic through the two points before and the two after a point misses it by its own error
    # and a mix of theirs, whose variance the Lagrange weights give; a smooth path adds O(h^4).
    squares, values = [], []
    for t, x in zip(times, columns, strict=True):
        seen = np.isfinite(x)
        t, x = t[seen], x[seen]
        if len(t) < 5:
            continue
        near = np.stack([t[:-4], t[1:-3], t[3:-1], t[4:]], axis=1)
        at, around = t[2:-2], np.stack([x[:-4], x[1:-3], x[3:-1], x[4:]], axis=1)
        weights = _lagrange(near, at)
        miss = x[2:-2] - np.sum(weights * around, axis=1)
        squares.append(miss**2 / (1 + np.sum(weights**2, axis=1)))
        values.append(np.mean(np.column_stack([around, x[2:-2]]), axis=1))
    if not squares:
        return NoiseLevel(LEAST_NOISE**2, 0.0)
    return _variance_line(np.concatenate(squares), np.concatenate(values) ** 2)


def _lagrange(near, at):
    weights = np.ones_like(near)
    for i in range(near.shape[1]):
        for j in range(near.shape[1]):
            if i != j:
                weights[:, i] *= (at - near[:, j]) / (near[:, i] - near[:, j])
    return weights


def _variance_line(squares, levels) -> NoiseLevel:
    """Non-negative weighted least squares of squares on [1, levels], weights from the fit."""
    constant, relative = float(np.mean(squares)), 0.0
    for _ in range(8):
        variance = np.maximum(constant + relative * levels, LEAST_NOISE**2)
        weight = 1 / variance**2
        design = np.column_stack([np.ones_like(levels), levels])
        gram, right = design.T @ (design * weight[:, None]), design.T @ (squares * weight)
        both = np.linalg.lstsq(gram, right, rcond=None)[0]
        if (both < 0).any():
            alone = right / np.diag(gram)
            both = np.array([alone[0], 0]) if both[1] < 0 else np.array([0, alone[1]])
        constant, relative = float(both[0]), float(both[1])
    return NoiseLevel(constant, relative)


def smooth_path(times, states, noise: tuple[NoiseLevel, ...]) -> SmoothPath:
    """Smoothing splines, their strength by generalised cross-validation (Wahba 1990)."""
    splines, ends = [], []
    for d, level in enumerate(noise):
        seen = np.isfinite(states[:, d])
        t, x = times[seen], states[seen, d]
        splines.append(_spline(t, x, level))
        ends.append((float(t[0]), float(t[-1])))
    return SmoothPath(tuple(splines), tuple(ends))


def _spline(t, x, level: NoiseLevel):
    if len(t) < 4:
        return scipy.interpolate.PchipInterpolator(t, x)
    deviation = level.deviation(x)
    if len(t) < _FEWEST_FOR_SPLINE or deviation.max() <= _EXACT:
        return scipy.interpolate.CubicSpline(t, x)
    rough = penalised_spline(t, x, 1 / deviation**2)
    return penalised_spline(t, x, 1 / level.deviation(rough(t)) ** 2)


def penalised_spline(t, x, weight) -> Callable[..., np.ndarray]:
    """The cubic spline that minimises sum weight (x - f)^2 + strength * integral f''^2.

    At most 200 knots at quantiles of the times; the strength has the least generalised
    cross-validation score, degrees of freedom counted 1.2 times, which guards against following
    the noise (Wood 2017, section 6.2).
    """
    inner = np.quantile(t, np.linspace(0, 1, min(max(len(t) // 2, 4), _MOST_KNOTS)))
    knots = np.r_[[inner[0]] * 3, inner, [inner[-1]] * 3]
    basis = scipy.interpolate.BSpline.design_matrix(t, knots, 3).toarray()
    bent = _bending(knots, inner)
    gram = (basis.T * weight) @ basis
    gram += 1e-10 * np.trace(gram) / len(gram) * np.eye(len(gram))
    # With the eigenvectors of the penalty against the Gram matrix every strength is a shrinkage:
    # fitted = sum_j b_j / (1 + strength mu_j), degrees of freedom = sum_j 1 / (1 + strength mu_j).
    mu, vectors = eigh(bent, gram)
    mu = np.clip(mu, 0, None)
    along = vectors.T @ (basis.T @ (weight * x))
    fitted = basis @ vectors
    best, at = np.inf, None
    for strength in np.geomspace(1e-3 / mu.max(), 1e3 / mu[mu > 1e-9 * mu.max()].min(), 40):
        shrunk = along / (1 + strength * mu)
        freedom = 1.2 * float(np.sum(1 / (1 + strength * mu)))
        if freedom >= len(t):
            continue
        score = float(np.sum(weight * (x - fitted @ shrunk) ** 2)) / (1 - freedom / len(t)) ** 2
        if score < best:
            best, at = score, shrunk
    return scipy.interpolate.BSpline(knots, vectors @ (along if at is None else at), 3)


def _bending(knots, inner):
    """Integrals of the products of second derivatives: these are linear between knots."""
    half = np.diff(inner) / 2
    node = 1 / np.sqrt(3)
    middle = (inner[1:] + inner[:-1]) / 2
    at = np.r_[middle - half * node, middle + half * node]
    count = len(knots) - 4
    second = scipy.interpolate.BSpline(knots, np.eye(count), 3).derivative(2)(at)
    return (second.T * np.r_[half, half]) @ second


def steps_for(path: SmoothPath, begin: float, end: float, noise: tuple[NoiseLevel, ...]) -> int:
    """How many equal solver steps follow the path: so many that cubic Hermite pieces, whose error
    is of the solver's order, stay within a share of the noise."""
    fine = np.linspace(begin, end, _MOST_STEPS * 2 + 1)
    x = path(fine)
    unit = np.stack([n.deviation(c) for n, c in zip(noise, x.T, strict=True)], axis=1)
    share = _STEP_SHARE if float(np.mean(unit)) > _EXACT else _EXACT_STEP_SHARE
    steps = _FEWEST_STEPS
    while steps < _MOST_STEPS:
        nodes = x[:: 2 * _MOST_STEPS // steps]
        pieces = scipy.interpolate.CubicSpline(np.linspace(begin, end, steps + 1), nodes)(fine)
        if np.sqrt(np.mean(((pieces - x) / unit) ** 2)) < share:
            break
        steps *= 2
    return steps
