"""The same verdict and the same numbers whatever precision JAX is set to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nullcline import dynamics

# Two scores on one line: 64 bits see that no data can tell them apart, 32 bits do not.
SCRIPT = """
import json
import jax
import numpy as np
from nullcline import dynamics

def numbers(*values):
    return [np.asarray(value, float).tolist() for value in values]

random = np.random.default_rng(0)
s = [np.sort(random.uniform(8, 11, 5)) for _ in range(6)]
x = [0.3 + 0.2 * (t - 8)[:, None] * [1, -0.5] + random.normal(0, 0.01, (5, 1)) * [1, -0.5]
     for t in s]
collinear = dynamics.Trajectories.from_arrays(s, x)
table = dynamics.load_table("uniform")
pair = dynamics.Trajectories.from_table(table, benchmarks=["hellaswag", "truthfulqa_mc2"])
fit = dynamics.fit_ode(pair)
ensemble = dynamics.bootstrap(fit, pair, key=jax.random.key(0), members=20)
band = ensemble.coefficient_band()
sparse = dynamics.fit_ode(pair, penalty="trajectory", throw=False)
size, score = np.linspace(8, 11, 8), 0.4 + 0.03 * (np.linspace(8, 11, 8) - 9.6) ** 2
family = np.repeat(["a", "b", "c"], 8)
scores = np.concatenate([score + 0.01 * random.standard_normal(8) for _ in "abc"])
critical = dynamics.critical_point(np.tile(size, 3), scores, family, n_boot=200)
published = dynamics.phases.critical_point_published(np.tile(size, 3), scores, n_boot=200)
cohort = dynamics.held_out_cohort(table, benchmarks=["hellaswag", "truthfulqa_mc2"])
settings = dynamics.forecast.forecast_settings()[:2]
forecaster = dynamics.fit_forecaster(cohort, settings=settings)
predicted = dynamics.predict(forecaster, [0.4, 0.4], log10_n=[10.0], start=9.0)
solution = dynamics.integrate(fit.ode, [0.4, 0.4], log10_n=[9.0, 10.0, 11.0])
member = dynamics.integrate(forecaster.ode(), [0.4, 0.4], log10_n=[0.0, 1.0])
rest = dynamics.fixed_points(fit.ode)
method = next(m for m in dynamics.forecast.baseline_methods() if m.name == "ridge linear ODE")
left_out = dynamics.forecast.left_out_errors(fit, pair, n_boot=200)
print(json.dumps({
    "verdicts": [
        dynamics.ode.result_name(dynamics.fit_ode(collinear, throw=False).result),
        dynamics.ode.result_name(fit.result), dynamics.ode.result_name(sparse.result),
        critical.status, published.status, [point.stability for point in rest],
    ],
    "fit": numbers(fit.coefficients, fit.identifiability.condition, sparse.coefficients),
    "ensemble": numbers(ensemble.coefficients, ensemble.inclusion, band.low, band.high),
    "critical": numbers(critical.vertex, critical.low, critical.high, critical.no_minimum_share),
    "published": numbers(published.vertex, published.low, published.high),
    "forecast": numbers(predicted.scores, predicted.low, member.x),
    "solution": numbers(solution.x, solution.velocity),
    "solution gamma": numbers(solution.gamma(reasoning="hellaswag", truth="truthfulqa_mc2")),
    "rest": numbers(*[point.x for point in rest]),
    "velocity": numbers(fit.ode.velocity(np.array([0.4, 0.4])), fit.ode.jacobian(rest[0].x)),
    "baseline": numbers(dynamics.forecast.fit_method(method, cohort)[1]),
    "left out": numbers(left_out.mae, left_out.low, left_out.high),
    "setting": bool(jax.config.read("jax_enable_x64")),
}))
"""


def _run(bits: str, cache: Path) -> dict:
    environment = {
        **os.environ,
        "JAX_ENABLE_X64": bits,
        # The second run finds what the first compiled: both compute in 64 bits.
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow(reason="two processes that run most of the package, one a precision")
def test_verdicts_and_numbers_do_not_depend_on_the_setting(tmp_path):
    single, double = _run("0", tmp_path), _run("1", tmp_path)
    # The setting itself is left as it was.
    assert (single.pop("setting"), double.pop("setting")) == (False, True)
    assert single["verdicts"][0] == "underdetermined"
    assert single == double


@pytest.fixture
def single():
    with jax.enable_x64(False):
        yield


def _system(dtype) -> dynamics.CapabilityODE:
    return dynamics.CapabilityODE(
        dynamics.PolynomialLibrary(),
        jnp.array([[0.1, -0.2]], dtype),
        dynamics.ode.UnitBox(),
        ("score",),
    )


@pytest.mark.slow(reason="compiles the solver and its gradient")
def test_inside_a_transformation_the_callers_precision_holds(single):
    """No truncation warning either: warnings are errors here."""
    with jax.enable_x64(True):
        wide = _system(jnp.float64)
    states = jnp.full((3, 1), 0.4, jnp.float32)
    assert jax.vmap(wide.velocity)(states).dtype == jnp.float32

    def end(state):
        return dynamics.integrate(wide, state, log10_n=[9.0, 10.0], throw=False).x[-1, 0]

    assert jax.grad(end)(states[0]).dtype == jnp.float32
    assert jax.jit(end)(states[0]).dtype == jnp.float32


def test_narrow_arguments_are_widened(single):
    solution = dynamics.integrate(_system(jnp.float32), jnp.array([0.4]), log10_n=[9.0, 10.0])
    assert solution.x.dtype == jnp.float64
    rate, rest = -0.2, 0.5
    exact = rest + (0.4 - rest) * np.exp(rate)
    # 1e-7: single-precision coefficients and the solver's tolerance of 1e-6 per step.
    assert float(solution.x[-1, 0]) == pytest.approx(exact, abs=1e-6)
