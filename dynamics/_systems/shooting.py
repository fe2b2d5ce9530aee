"""Multiple shooting: solutions through segments of the data, all segments side by side.

Each segment has a free first state; the coefficients are shared. Segments are integrated together
by the classical Runge-Kutta method, with the sensitivities to the first states and coefficients of
the same steps (the exact derivative of the discrete solution), and read off at the times of the
data by cubic Hermite interpolation. The more segments, the easier the least-squares problem (Bock
1983); the fewer, the more a coefficient must answer for.
"""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from .terms import TermValues

_FAR = 20.0  # scaled states are of size 1; a solution this far away has escaped
_MOST_STEPS = 25
_LARGEST = 1e12  # squares of larger numbers say nothing


@dataclasses.dataclass(frozen=True)
class Segments:
    """Where segments begin and end, and where the data lie in them; build with `make_segments`.

    - `begin`, `length`: of each segment; `steps`: of the solver in each.
    - `owner`, `node`, `share`: of each row of data its segment, the solver step that holds it, and
      how far in that step it lies (0 to 1).
    - `y`, `weight`: states of each row, and 1/noise, 0 where a state is missing.
    """

    begin: Float[np.ndarray, " segments"]
    length: Float[np.ndarray, " segments"]
    steps: int
    owner: Int[np.ndarray, " rows"]
    node: Int[np.ndarray, " rows"]
    share: Float[np.ndarray, " rows"]
    y: Float[np.ndarray, "rows dims"]
    weight: Float[np.ndarray, "rows dims"]

    @property
    def count(self) -> int:
        return len(self.begin)

    @property
    def freedom(self) -> float:
        """Values of data less first states."""
        return float((self.weight > 0).sum() - self.count * self.y.shape[1])


@dataclasses.dataclass(frozen=True)
class Shot:
    """Coefficients, first states, weighted residuals and their sum of squares."""

    weights: Float[np.ndarray, "dims terms"]
    first: Float[np.ndarray, "segments dims"]
    residual: Float[np.ndarray, "rows dims"]
    squares: float


def _path(values: TermValues, weights, first, segments: Segments, stages: list | None = None):
    """States and slopes at all nodes, no sensitivities; to `stages` the states of each step at
    which a slope was taken."""
    h = (segments.length / segments.steps)[:, None]
    half, sixth = h / 2, h / 6
    x = first
    xs, fs = [x], []
    transposed = weights.T
    for _ in range(segments.steps):
        k1 = values.values(x) @ transposed
        x2 = x + half * k1
        k2 = values.values(x2) @ transposed
        x3 = x + half * k2
        k3 = values.values(x3) @ transposed
        x4 = x + h * k3
        k4 = values.values(x4) @ transposed
        if stages is not None:
            stages.append((x, x2, x3, x4))
        x = np.maximum(np.minimum(x + sixth * (k1 + 2 * k2 + 2 * k3 + k4), _FAR), -_FAR)
        fs.append(k1)
        xs.append(x)
    fs.append(values.values(x) @ transposed)
    return np.array(xs), np.array(fs)


def _sensitive_path(values: TermValues, weights, support, first, segments: Segments):
    """States, slopes, and the derivatives of both by first states and coefficients, at nodes.

    States do not depend on the derivatives, so what drives these is evaluated for all steps at
    once: a call of NumPy costs more than the few segments that it works on.
    """
    stages = []
    xs, fs = _path(values, weights, first, segments, stages)
    dims, (equation, term) = values.dims, np.nonzero(support)
    place = np.arange(len(equation)) + dims
    rows = np.concatenate([np.array(stages).reshape(-1, dims), xs[-1]])
    theta, slopes = values.values_and_slopes(rows)
    shape = (4 * segments.steps + 1, len(first))
    jacobians = np.matmul(weights, slopes).reshape(*shape, dims, dims)
    driven = theta[:, term].reshape(*shape, len(term))
    h = (segments.length / segments.steps)[:, None, None]
    half, sixth = h / 2, h / 6

    def change(stage: int, z):
        found = np.matmul(jacobians[stage], z)
        found[:, equation, place] += driven[stage]
        return found

    z = np.zeros((len(first), dims, dims + len(equation)))
    z[:, np.arange(dims), np.arange(dims)] = 1
    zs, gs = [z], []
    for at in range(0, 4 * segments.steps, 4):
        g1 = change(at, z)
        g2 = change(at + 1, z + half * g1)
        g3 = change(at + 2, z + half * g2)
        g4 = change(at + 3, z + h * g3)
        z = z + sixth * (g1 + 2 * g2 + 2 * g3 + g4)
        gs.append(g1)
        zs.append(z)
    gs.append(change(4 * segments.steps, z))
    return xs, fs, np.array(zs), np.array(gs)


def _hermite(segments: Segments, values, slopes):
    """What stands at nodes, at the rows of the data."""
    u, node, owner = segments.share, segments.node, segments.owner
    h = (segments.length / segments.steps)[owner]
    shape = (-1,) + (1,) * (values.ndim - 2)
    a, b = (1 + 2 * u) * (1 - u) ** 2, u**2 * (3 - 2 * u)
    c, d = h * u * (1 - u) ** 2, h * u**2 * (u - 1)
    return (
        a.reshape(shape) * values[node, owner]
        + b.reshape(shape) * values[node + 1, owner]
        + c.reshape(shape) * slopes[node, owner]
        + d.reshape(shape) * slopes[node + 1, owner]
    )


def residuals(values: TermValues, weights, first, segments: Segments):
    """Weighted residuals of the data; large ones where a solution escaped."""
    with np.errstate(all="ignore"):
        xs, fs = _path(values, weights, first, segments)
        rest = (segments.y - _hermite(segments, xs, fs)) * segments.weight
    return np.where(np.abs(rest) < _LARGEST, rest, _LARGEST)


@dataclasses.dataclass(frozen=True)
class Information:
    """Gauss-Newton information on coefficients, first states profiled out.

    Near the shot its sum of squares is total - 2 w'moment + w'gram w, in absolute coefficients.
    """

    gram: Float[np.ndarray, "columns columns"]
    moment: Float[np.ndarray, " columns"]
    total: float
    rows: float


def _jacobian(values, shot_weights, support, first, segments):
    with np.errstate(all="ignore"):
        xs, fs, zs, gs = _sensitive_path(values, shot_weights, support, first, segments)
        rest = (segments.y - _hermite(segments, xs, fs)) * segments.weight
        slopes = _hermite(segments, zs, gs) * segments.weight[:, :, None]
    if not (np.abs(rest).max(initial=0) < _LARGEST and np.abs(slopes).max(initial=0) < _LARGEST):
        return None
    return rest, slopes


def information(values: TermValues, shot: Shot, support, segments: Segments) -> Information | None:
    """The information on the coefficients in `support` (usually all candidates); None where the
    solutions are not finite."""
    parts = window_information(values, shot, support, segments)
    if parts is None:
        return None
    return Information(
        sum((p.gram for p in parts[1:]), start=parts[0].gram),
        sum((p.moment for p in parts[1:]), start=parts[0].moment),
        sum(p.total for p in parts),
        sum(p.rows for p in parts),
    )


def window_information(
    values: TermValues, shot: Shot, support, segments: Segments
) -> list[Information] | None:
    """The information of each segment by itself."""
    found = _jacobian(values, shot.weights, support, shot.first, segments)
    if found is None:
        return None
    rest, slopes = found
    dims, flat = values.dims, shot.weights[support]
    parts = []
    for m in range(segments.count):
        rows = segments.owner == m
        own = slopes[rows].reshape(-1, slopes.shape[2])
        target = rest[rows].reshape(-1) + own[:, dims:] @ flat
        basis, _ = np.linalg.qr(own[:, :dims])
        others = own[:, dims:] - basis @ (basis.T @ own[:, dims:])
        target = target - basis @ (basis.T @ target)
        known = float((segments.weight[rows] > 0).sum() - dims)
        parts.append(
            Information(others.T @ others, others.T @ target, float(target @ target), known)
        )
    return parts


def shoot(
    values: TermValues,
    weights: Float[np.ndarray, "dims terms"],
    first: Float[np.ndarray, "segments dims"],
    segments: Segments,
    *,
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
    steps: int = _MOST_STEPS,
    tolerance: float = 1e-4,
    hold: bool = False,
) -> Shot:
    """Least squares over the coefficients that are not 0 and all first states, from a start.

    Levenberg-Marquardt; first states are eliminated segment by segment. `bounds` (lower, upper) of
    the coefficients are kept by projection. With `hold` only the first states move.
    """
    support = weights != 0
    used = support.any(axis=0)
    small = TermValues([t for t, u in zip(values.terms, used, strict=True) if u], values.dims)
    active = support[:, used] & (not hold)
    w = weights[:, used]
    limits = None if bounds is None else tuple(b[:, used][active] for b in bounds)
    rest = residuals(small, w, first, segments)
    best, damping, slopes = float((rest**2).sum()), 1e-3, None
    for _ in range(steps):
        if slopes is None:
            found = _jacobian(small, w, active, first, segments)
            if found is None:
                break
            rest, slopes = found
            system = _normal(rest, slopes, segments, values.dims)
        change, move = _step(system, damping)
        flat = w[active] + change
        if limits is not None:
            flat = np.clip(flat, *limits)
        trial = w.copy()
        trial[active] = flat
        begin = np.clip(first + move, -_FAR, _FAR)
        tried = residuals(small, trial, begin, segments)
        squares = float((tried**2).sum())
        if squares < best:
            gain = (best - squares) / max(best, 1e-300)
            w, first, best, rest, slopes = trial, begin, squares, tried, None
            damping = max(damping / 5, 1e-12)
            if gain < tolerance:
                break
        else:
            damping *= 8
            if damping > 1e8:
                break
    full = np.zeros_like(weights)
    full[:, used] = w
    return Shot(full, first, rest, best)


def _normal(rest, slopes, segments: Segments, dims: int):
    parts = []
    for m in range(segments.count):
        rows = segments.owner == m
        own = slopes[rows].reshape(-1, slopes.shape[2])
        right = own.T @ rest[rows].reshape(-1)
        parts.append((own.T @ own, right))
    return parts, dims


def _step(system, damping: float):
    """One damped step: of the coefficients, and of the first states of each segment."""
    parts, dims = system
    size = len(parts[0][1]) - dims
    schur, right = np.zeros((size, size)), np.zeros(size)
    for gram, moment in parts:
        schur += gram[dims:, dims:]
        right += moment[dims:]
    diagonal = np.diag(schur).copy()
    schur = schur + np.diag(damping * diagonal + 1e-14 * diagonal.max(initial=1e-300) + 1e-300)
    kept = []
    for gram, moment in parts:
        block = gram[:dims, :dims]
        own = np.diag(block)
        block = block + np.diag(damping * own + 1e-12 * own.max(initial=0) + 1e-300)
        solved = np.linalg.solve(block, np.column_stack([gram[:dims, dims:], moment[:dims]]))
        schur -= gram[dims:, :dims] @ solved[:, :-1]
        right -= gram[dims:, :dims] @ solved[:, -1]
        kept.append(solved)
    change = np.linalg.lstsq(schur, right, rcond=1e-13)[0] if size else right
    move = np.array([solved[:, -1] - solved[:, :-1] @ change for solved in kept])
    return change, move
