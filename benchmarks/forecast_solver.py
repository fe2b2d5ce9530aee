"""The forecaster's own Levenberg-Marquardt beside optimistix's, on the shipped table.

    python benchmarks/forecast_solver.py

Both minimise the same objective for six of the forecaster's 36 candidate settings, each started
from its linear guess. Printed are the time for one fit, the objective reached, and how far the
predicted scores of the larger models lie apart.
"""

import time

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import optimistix as optx

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


def main() -> None:
    cohort = dynamics.held_out_cohort(dynamics.load_table("uniform"))
    every = np.ones(len(cohort.families))
    dims = len(cohort.benchmarks)
    found: dict[str, list] = {"own": [], "optimistix": []}
    clock = dict.fromkeys(found, 0.0)
    for _ in range(2):  # the first round compiles
        for way in found:
            found[way], begin = [], time.perf_counter()
            for setting in SETTINGS:
                shooting = Shooting.from_families(cohort.families, cohort.benchmarks, setting)
                penalty = penalty_weights(setting, dims)
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
                found[way].append((value, to_scores(end[:, 1:], shooting.floor)))
            clock[way] = (time.perf_counter() - begin) / len(SETTINGS)
    for way, rows in found.items():
        value = np.mean([row[0] for row in rows])
        print(f"{way}: {1000 * clock[way]:.0f} ms a fit, mean objective {value:.6f}")
    pairs = zip(found["own"], found["optimistix"], strict=True)
    apart = max(np.abs(own[1] - other[1]).max() for own, other in pairs)
    print(f"predicted scores apart by at most {100 * apart:.3f} points")


if __name__ == "__main__":
    main()
