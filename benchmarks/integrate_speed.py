"""A batch of families integrated: ours (diffrax, compiled, one batch) beside SciPy, in turn.

    python benchmarks/integrate_speed.py [--families 1000] [--repeats 5]

Quadratic systems of five scores, one for each family, from first scores of their own, to 16 sizes
over three decades, relative tolerance 1e-6. `integrate` vmapped over the families, beside a loop
of `scipy.integrate.solve_ivp` with RK45 (a method of the same order) and with LSODA. Differences
are from SciPy's DOP853 at 1e-11.
"""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
from _planted import terms
from _side_by_side.measure import in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows
from scipy.integrate import solve_ivp

from nullcline import dynamics

jax.config.update("jax_enable_x64", True)

DIMS, SPAN = 5, 3.0
GRID = np.linspace(0.0, SPAN, 16)
RTOL, ATOL = 1e-6, 1e-8


def systems(families: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients "families dims terms" with damping, and first states "families dims"."""
    rng = np.random.default_rng(0)
    size = 1 + DIMS + DIMS * (DIMS + 1) // 2
    coefficients = rng.normal(0, 0.15, (families, DIMS, size))
    coefficients[:, np.arange(DIMS), 1 + np.arange(DIMS)] -= 1.0
    return coefficients, rng.uniform(0, 0.8, (families, DIMS))


def ours(coefficients: np.ndarray, x0: np.ndarray):
    """A function that integrates all families as one batch."""
    names = tuple(f"x{i}" for i in range(DIMS))
    grid = jnp.asarray(GRID)

    def one(weights, first):
        ode = dynamics.CapabilityODE(
            dynamics.PolynomialLibrary(2), weights, dynamics.ode.Unbounded(), names
        )
        return dynamics.integrate(ode, first, log10_n=grid, rtol=RTOL, atol=ATOL, throw=False).x

    batch = jax.jit(jax.vmap(one))
    return lambda: np.asarray(batch(coefficients, x0))


def theirs(coefficients: np.ndarray, x0: np.ndarray, method: str, rtol: float, atol: float):
    """A function that integrates them one after another."""

    def run():
        found = []
        for weights, first in zip(coefficients, x0, strict=True):
            solved = solve_ivp(
                lambda s, x, w=weights: w @ terms(x),
                (0, SPAN), first, t_eval=GRID, method=method, rtol=rtol, atol=atol,
            )  # fmt: skip
            found.append(solved.y.T)
        return np.stack(found)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--families", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    add_rows_option(parser)
    options = parser.parse_args()
    given = systems(options.families)
    routes = {
        "ours": ours(*given),
        **{method: theirs(*given, method, RTOL, ATOL) for method in ("RK45", "LSODA")},
    }
    timings = in_turn(routes, options.repeats)
    exact = theirs(*given, "DOP853", 1e-11, 1e-12)()
    error = {name: float(np.abs(route() - exact).max()) for name, route in routes.items()}
    work = f"{options.families:,} families of {DIMS} scores integrated"
    rows = []
    for method in ("RK45", "LSODA"):
        one, other = timings["ours"], timings[method]
        rows += [
            Row(
                work, "seconds", f"SciPy, {method}", tuple(one.seconds), tuple(other.seconds),
                compile_s=one.compile_s, our_mb=one.peak_mb, their_mb=other.peak_mb,
            ),
            Row(
                work, "largest error", f"SciPy, {method}", (error["ours"],), (error[method],),
                pairs="of all families",
            ),
        ]  # fmt: skip
    write_rows(options, rows)
    for row in rows:
        print(f"{row.measured}: ours {row.our_middle:.3g}, {row.peer} {row.their_middle:.3g}")


if __name__ == "__main__":
    main()
