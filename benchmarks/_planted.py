"""Planted systems: sparse quadratic dynamics whose true terms are known."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

#: Dimensions and number of true terms of the two kinds of system; both have a degree-2 library.
KINDS = {"2d": (2, 5), "5d": (5, 14)}
_SPAN = 3.0
#: Exact solutions stay within this; those of a fitted system count as 10 from where they leave 10.
_BOUND = 4.0


@dataclass(frozen=True)
class Planted:
    """A system (coefficients "dims terms", terms in the order of a degree-2 polynomial library),
    noisy trajectories to learn from, and exact ones from other first points to judge by."""

    coefficients: np.ndarray
    s: list[np.ndarray]
    x: list[np.ndarray]
    test_s: np.ndarray
    test_x: np.ndarray

    @property
    def scale(self) -> np.ndarray:
        """Standard deviation of each variable over the exact test trajectories."""
        return self.test_x.std(axis=(0, 1))


def terms(x: np.ndarray) -> np.ndarray:
    """Monomials up to degree 2 over the last axis: 1, x_i, x_i x_j with i <= j."""
    dims = x.shape[-1]
    first, second = np.triu_indices(dims)
    return np.concatenate([np.ones_like(x[..., :1]), x, x[..., first] * x[..., second]], axis=-1)


def solve_all(coefficients: np.ndarray, x0: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Solutions of several systems ("systems dims terms") from several first points on one grid.

    Fourth-order Runge-Kutta in 8 steps per grid interval; 10 from where a solution leaves |x| < 10.
    """

    def field(x):
        return np.einsum("adt,ant->and", coefficients, terms(x))

    x = np.broadcast_to(x0, (len(coefficients), *x0.shape)).copy()
    inside = np.ones(x.shape[:2], bool)
    path = [x]
    for length in np.diff(s):
        h = length / 8
        for _ in range(8):
            k1 = field(x)
            k2 = field(x + h / 2 * k1)
            k3 = field(x + h / 2 * k2)
            k4 = field(x + h * k3)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            inside &= np.abs(x).max(axis=-1) < 10
            x = np.where(inside[..., None], x, 10.0)
        path.append(np.where(inside[..., None], x, 10.0))
        x = np.where(inside[..., None], x, 0.0)
    return np.stack(path, axis=2)


def solve(coefficients: np.ndarray, x0: np.ndarray, s: np.ndarray) -> np.ndarray | None:
    """The solution at `s` (beginning at 0), or None if it leaves the bound."""

    def field(_, x):
        return coefficients @ terms(x)

    def far(_, x):
        return _BOUND - np.abs(x).max()

    far.terminal = True
    found = solve_ivp(field, (0, s[-1]), x0, t_eval=s, rtol=1e-9, atol=1e-10, events=far)
    return found.y.T if found.status == 0 and found.y.shape[1] == len(s) else None


def planted(kind: str, *, points: int, seed: int, noise: float = 0.01) -> Planted:
    """A random system: damping of each variable, the other true terms drawn anywhere.

    Ten trajectories over three units of time at irregular points; noise in shares of each
    variable's standard deviation. A draw is kept if all solutions stay bounded and every true term
    matters: without it the velocity changes by at least 5 % of that equation's typical size.
    """
    dims, count = KINDS[kind]
    rng = np.random.default_rng((seed, dims, 7))
    size = 1 + dims + dims * (dims + 1) // 2
    while True:
        coefficients = np.zeros((dims, size))
        damping = np.arange(dims), 1 + np.arange(dims)
        coefficients[damping] = -rng.uniform(0.5, 1.5, dims)
        others = np.flatnonzero(coefficients.ravel() == 0)
        chosen = rng.choice(others, count - dims, replace=False)
        draws = rng.uniform(0.5, 1.5, count - dims) * rng.choice([-1, 1], count - dims)
        coefficients.ravel()[chosen] = draws
        starts = rng.uniform(-1.5, 1.5, (30, dims))
        grid = np.linspace(0, _SPAN, 61)
        solved = [solve(coefficients, x0, grid) for x0 in starts]
        exact = [x for x in solved if x is not None]
        if len(exact) < len(starts):
            continue
        values = terms(np.stack(exact))
        typical = np.sqrt(np.mean((values @ coefficients.T) ** 2, axis=(0, 1)))
        parts = np.abs(coefficients) * np.sqrt(np.mean(values**2, axis=(0, 1)))
        if (parts >= 0.05 * typical[:, None])[coefficients != 0].all():
            break
    draw = np.random.default_rng((seed, dims, points, 11))
    test = np.stack(exact[10:])
    scale = test.std(axis=(0, 1))
    times, states = [], []
    for x0 in starts[:10]:
        s = np.concatenate([[0.0], np.sort(draw.uniform(0, _SPAN, points - 1))])
        true = solve(coefficients, x0, s)
        assert true is not None  # the same solution stayed within the bound on the grid
        times.append(s)
        states.append(true + noise * scale * draw.normal(size=(points, dims)))
    return Planted(coefficients, times, states, grid, test)


def f1(found: np.ndarray, true: np.ndarray) -> float:
    """F1 of a support against the true one."""
    hits = (found & true).sum()
    return float(2 * hits / (found.sum() + true.sum()))
