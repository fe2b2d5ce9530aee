"""ODEBench: its systems from a file, and data made of them as its paper does.

d'Ascoli et al. (2024), "ODEFormer", arXiv:2310.05573: 512 points on 0 to 10, noise x (1 + sigma
xi) with standard normal xi, a share of the points dropped at random; R^2 weighted by variance of a
solution against the noise-free one.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy
from scipy.integrate import solve_ivp

#: (noise, share of points dropped), as published.
CONDITIONS = ((0.0, 0.0), (0.05, 0.0), (0.0, 0.5), (0.05, 0.5))


@dataclass(frozen=True)
class System:
    """One system: `field` as a function, its equations, two first states, and solutions of both."""

    id: int
    dims: int
    equations: tuple[sympy.Expr, ...]
    times: np.ndarray
    first: np.ndarray
    solutions: np.ndarray
    polynomial: bool

    def measured(self, noise, dropped, seed):
        """Times and states of the first solution with noise, some points dropped."""
        rng = np.random.default_rng([seed, self.id, int(100 * noise), int(100 * dropped)])
        x = self.solutions[0]
        x = x * (1 + noise * rng.standard_normal(x.shape))
        count = len(self.times) - int(dropped * len(self.times))
        rows = np.sort(rng.permutation(len(self.times))[:count])
        return self.times[rows], x[rows]

    def support(self):
        """For each equation the exponents of its monomials."""
        symbols = sympy.symbols(f"x_0:{self.dims}")
        polys = [sympy.Poly(sympy.expand(e), *symbols) for e in self.equations]
        return [set(p.monoms()) if p != 0 else set() for p in polys]


def read_systems(path: Path) -> list[System]:
    """All systems of the file, in its order."""
    return [_system(one) for one in json.loads(path.read_text())]


def _system(one) -> System:
    symbols = sympy.symbols(f"x_0:{one['dim']}")
    known = {str(s): s for s in symbols}
    equations = tuple(sympy.parse_expr(text, local_dict=known) for text in one["equations"])
    field = sympy.lambdify(symbols, equations, "numpy")
    times = np.linspace(0, one["t_end"], one["points"])
    solved = [
        solution(lambda _, x: np.array(field(*x), float), np.array(x0, float), times)
        for x0 in one["init"]
    ]
    polynomial = all(e.is_polynomial(*symbols) for e in equations)
    return System(
        one["id"], one["dim"], equations, times, np.array(one["init"], float), np.array(solved),
        polynomial,
    )  # fmt: skip


def solution(field, x0, times):
    """The solution at `times`, NaN from where it escapes."""
    out = np.full((len(times), len(x0)), np.nan)

    def escaped(_, x):
        return 1e8 - np.abs(x).max()

    escaped.terminal = True  # pyright: ignore[reportFunctionMemberAccess]
    try:
        with np.errstate(all="ignore"):
            solved = solve_ivp(
                field, (times[0], times[-1]), x0, method="LSODA", t_eval=times, rtol=1e-7,
                atol=1e-9, events=escaped,
            )  # fmt: skip
    except (ValueError, OverflowError, FloatingPointError):
        return out
    out[: solved.y.shape[1]] = solved.y.T
    return out


def r2(true, found):
    """R^2 weighted by variance; minus infinity for a solution that does not reach the end."""
    if not np.isfinite(found).all():
        return -np.inf
    return float(1 - ((true - found) ** 2).sum() / ((true - true.mean(axis=0)) ** 2).sum())
