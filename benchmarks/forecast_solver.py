"""The forecaster's own Levenberg-Marquardt beside optimistix's, on the shipped table.

    python benchmarks/forecast_solver.py [--repeats 5]

Both minimise the same objective for six of the forecaster's 36 candidate settings, each started
from its linear guess, in turn. Printed are the time for one fit, the objective reached, and how far
the predicted scores of the larger models lie apart.
"""

import argparse

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import optimistix as optx
from _side_by_side.measure import in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics
from nullcline.dynamics._forecast.forecast_fit import (
    _HUBER,
    Shooting,
    _objective,
    allowed_terms,
    first_guess,
    gauss_newton,
    penalty_weights,
    system_matrix,
    to_scores,
)
from nullcline.dynamics._forecast.linear_flow import linear_flow

jax.config.update("jax_enable_x64", True)

#: All 36 would take minutes.
SETTINGS = dynamics.forecast.forecast_settings()[::6]


def residuals(drift, problem):
    """Residuals whose sum of squares is twice the forecaster's objective."""
    shooting, penalty = problem
    shape = (shooting[2].shape[1], shooting[2].shape[1] + 1)
    start, duration, target, weight, floor = shooting
    matrix = jnp.concatenate([jnp.zeros((1, shape[1])), drift.reshape(shape)])
    flow = jax.vmap(lambda time: jax.scipy.linalg.expm(matrix * time))(duration)
    end = jnp.einsum("nij,nj->ni", flow, start)[:, 1:]
    error = floor + (1 - floor) * jax.nn.sigmoid(end) - target
    size = jnp.abs(error)
    outside = jnp.sqrt(jnp.maximum(2 * _HUBER * size - _HUBER**2, _HUBER**2)) * jnp.sign(error)
    robust = jnp.where(size < _HUBER, error, outside)
    return jnp.sqrt(weight)[:, None] * robust, jnp.sqrt(penalty) * drift


@jax.jit
def peer(guess, problem):
    solved = optx.least_squares(
        lambda drift, _: residuals(drift, problem),
        optx.LevenbergMarquardt(rtol=1e-5, atol=1e-8, linear_solver=lx.Normal(lx.Cholesky())),
        guess.reshape(-1),
        max_steps=100,
        throw=False,
    )
    return solved.value, solved.stats["num_steps"]


def fits(way: str, cohort: dynamics.forecast.Cohort) -> list[tuple[float, np.ndarray]]:
    """The objective reached and the predicted scores of every setting."""
    every = np.ones(len(cohort.families))
    found = []
    for setting in SETTINGS:
        shooting = Shooting.from_families(cohort.families, cohort.benchmarks, setting)
        penalty = penalty_weights(setting, len(cohort.benchmarks))
        guess = first_guess(shooting, every)
        if way == "own":
            drift = gauss_newton(
                shooting,
                guess,
                families=every,
                penalty=penalty,
                active=allowed_terms("full", cohort.benchmarks),
            )
        else:
            arrays = (shooting.start, shooting.duration, shooting.target)
            arrays += (shooting.weight, shooting.floor)
            flat, _ = peer(guess, (arrays, penalty))
            drift = np.asarray(flat).reshape(guess.shape)
        end = linear_flow(system_matrix(drift)[None], shooting.start, shooting.duration)
        value = _objective(shooting, drift, every, penalty)
        found.append((value, to_scores(end[:, 1:], shooting.floor)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    add_rows_option(parser)
    options = parser.parse_args()
    cohort = dynamics.held_out_cohort(dynamics.load_table("uniform"))
    ways = ("own", "optimistix")
    timings = in_turn({way: lambda way=way: fits(way, cohort) for way in ways}, options.repeats)
    found = {way: fits(way, cohort) for way in ways}
    own, other = (timings[way] for way in ways)
    objective = {way: float(np.mean([value for value, _ in found[way]])) for way in ways}
    work, name = f"{len(SETTINGS)} fits of the forecaster", "optimistix, LevenbergMarquardt"
    rows = [
        Row(
            work, "seconds", name, tuple(own.seconds), tuple(other.seconds),
            compile_s=own.compile_s, our_mb=own.peak_mb, their_mb=other.peak_mb,
        ),
        Row(
            work, "objective reached", name, (objective["own"],), (objective["optimistix"],),
            pairs="mean of the fits",
        ),
    ]  # fmt: skip
    write_rows(options, rows)
    for way in ways:
        seconds = np.median(timings[way].seconds) / len(SETTINGS)
        print(f"{way}: {1000 * seconds:.0f} ms a fit, mean objective {objective[way]:.6f}")
    pairs = zip(found["own"], found["optimistix"], strict=True)
    apart = max(np.abs(one[1] - two[1]).max() for one, two in pairs)
    print(f"predicted scores apart by at most {100 * apart:.3f} points")


if __name__ == "__main__":
    main()
