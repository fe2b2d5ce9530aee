"""Trajectories of textbook systems, measured with noise, as arrays and as files."""

import numpy as np
from scipy.integrate import solve_ivp


def lotka_volterra(t, x):
    return [1.1 * x[0] - 0.4 * x[0] * x[1], 0.1 * x[0] * x[1] - 0.4 * x[1]]


def pendulum(t, x):
    return [x[1], -2 * np.sin(x[0]) - 0.05 * x[1]]


def forced_oscillator(t, x):
    return [x[1], -x[0] - 0.1 * x[1] + np.cos(2.3 * t)]


def measured(field, x0, times, *, noise=0.0, seed=0):
    """States at `times`, each with a relative error."""
    span = (float(times[0]), float(times[-1]))
    solved = solve_ivp(field, span, x0, t_eval=times, rtol=1e-9, atol=1e-11, method="LSODA")
    x = solved.y.T
    return x * (1 + noise * np.random.default_rng(seed).standard_normal(x.shape))


def write_rows(path, header, rows):
    """A CSV of numbers; None is an empty cell."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_text("\n".join([",".join(header), *lines]) + "\n")
    return str(path)
