"""Planted systems for the tests of the dynamics: exact solutions and noisy data."""

import numpy as np
from scipy.integrate import solve_ivp

from nullcline import dynamics


def linear(rng, *, families=8, points=(3, 6), noise=0.0, regular=False):
    """Trajectories of x' = A x + b that stay inside the unit box, and [b A]."""
    matrix = np.array([[-0.6, 0.5], [0.3, -0.9]])
    constant = np.array([0.15, 0.35])
    return nonlinear(
        rng,
        lambda x: matrix @ x + constant,
        families=families,
        points=points,
        noise=noise,
        truth=np.column_stack([constant, matrix]),
        regular=regular,
    )


def quadratic(rng, *, families=10, points=(8, 8), noise=0.01):
    """A damped predator and prey: 5 of the 12 terms of a degree-2 library."""
    truth = np.zeros((2, 6))
    truth[0, [1, 3, 4]] = 1.2, -0.8, -1.0
    truth[1, [2, 4]] = -0.7, 1.3

    def field(x):
        terms = np.array([1, x[0], x[1], x[0] ** 2, x[0] * x[1], x[1] ** 2])
        return truth @ terms

    return nonlinear(
        rng, field, families=families, points=points, noise=noise, truth=truth, span=3.0
    )


def nonlinear(rng, field, *, families, points, noise, truth, span=2.0, regular=False):
    times, states = [], []
    for _ in range(families):
        count = int(rng.integers(points[0], points[1] + 1))
        later = np.sort(rng.uniform(0.05, span, count - 1))
        s = 8 + (np.linspace(0, span, count) if regular else np.concatenate([[0.0], later]))
        start = rng.uniform(0.1, 0.9, 2)
        found = solve_ivp(
            lambda _, x: field(x), (s[0], s[-1]), start, t_eval=s, rtol=1e-11, atol=1e-12
        )
        times.append(s)
        states.append(found.y.T + noise * rng.normal(size=found.y.T.shape))
    return dynamics.Trajectories.from_arrays(times, states), truth
