"""The closed-form flow against matrix exponentials, finite differences and diffrax."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from nullcline import dynamics
from nullcline.dynamics._forecast.linear_flow import (
    _sensitivity_by_quadrature,
    linear_flow,
    linear_flow_sensitivity,
)

RNG = np.random.default_rng(0)
SOUND = RNG.normal(size=(4, 4)) * 0.5
# Nothing but a chain: no eigenbasis at all, as for a score whose slope depends on another only.
CHAIN = np.diag(np.array([0.7, -0.4, 1.1]), k=-1)
START = RNG.normal(size=(7, 4))
DURATION = RNG.uniform(0, 3, 7)


@pytest.mark.parametrize("matrix", [SOUND, CHAIN, np.zeros((4, 4))])
def test_flow_is_the_matrix_exponential(matrix):
    expected = np.stack([expm(matrix * d) @ y for d, y in zip(DURATION, START, strict=True)])
    # Both are backward stable; the eigenbasis' condition number costs a few digits of 16.
    np.testing.assert_allclose(linear_flow(matrix[None], START, DURATION), expected, atol=1e-11)


def test_each_point_takes_its_own_system():
    which = np.array([0, 1, 0, 1, 1, 0, 0])
    both = linear_flow(np.stack([SOUND, CHAIN]), START, DURATION, which)
    for place, matrix in enumerate((SOUND, CHAIN)):
        rows = which == place
        alone = linear_flow(matrix[None], START[rows], DURATION[rows])
        np.testing.assert_allclose(both[rows], alone, atol=1e-13)


@pytest.mark.parametrize("matrix", [SOUND, CHAIN])
def test_sensitivity_is_the_derivative(matrix):
    end, sensitivity = linear_flow_sensitivity(matrix, START, DURATION)
    np.testing.assert_allclose(end, linear_flow(matrix[None], START, DURATION), atol=1e-11)
    step = 1e-6
    for k, entry in np.ndindex(4, 4):
        moved = np.zeros((4, 4))
        moved[k, entry] = step
        above, below = (
            np.stack([expm(m * d) @ y for d, y in zip(DURATION, START, strict=True)])
            for m in (matrix + moved, matrix - moved)
        )
        # Central differences: error step^2 times the third derivative, and rounding / step.
        np.testing.assert_allclose(
            sensitivity[:, :, k, entry], (above - below) / (2 * step), atol=1e-6
        )


def test_both_ways_to_the_sensitivity_agree():
    close = np.diag([0.3, 0.3 + 1e-6, -0.2, -0.2]) + 0.1 * np.diag(np.ones(2), k=2)
    for matrix in (SOUND, close):
        fast = linear_flow_sensitivity(matrix, START, DURATION)[1]
        slow = _sensitivity_by_quadrature(matrix, START, DURATION)[1]
        np.testing.assert_allclose(fast, slow, atol=1e-8)


def test_flow_is_the_solution_that_diffrax_finds():
    drift = np.array([[0.4, -0.5, 0.2], [0.1, 0.3, -0.6]])
    ode = dynamics.CapabilityODE(
        dynamics.PolynomialLibrary(degree=1), jnp.array(drift), dynamics.ode.Unbounded(), ("a", "b")
    )
    grid = np.array([0.5, 1.0, 2.5])
    solved = dynamics.integrate(ode, jnp.array([0.2, -0.3]), log10_n=jnp.array(grid), start=0.0)
    matrix = np.concatenate([np.zeros((1, 3)), drift])
    exact = linear_flow(matrix[None], np.repeat([[1.0, 0.2, -0.3]], 3, axis=0), grid)[:, 1:]
    # The solver's tolerance is 1e-6 per step.
    np.testing.assert_allclose(np.asarray(solved.x), exact, atol=1e-5)
