"""Solving the ODE: against the matrix exponential, finite differences and its own walls."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from nullcline import dynamics
from nullcline.dynamics._ode.match import _solve

NAMES = ("hellaswag", "truthfulqa_mc2")
MATRIX = np.array([[-0.6, 0.5], [-0.8, -0.9]])
START = np.array([0.3, 0.8])


def make(coefficients, degree=1, coordinates=None, names=NAMES):
    return dynamics.CapabilityODE(
        dynamics.PolynomialLibrary(degree),
        jnp.asarray(coefficients, float),
        dynamics.ode.Unbounded() if coordinates is None else coordinates,
        names,
    )


LINEAR = make(np.column_stack([np.zeros(2), MATRIX]))
GRID = jnp.array([9.0, 9.4, 10.1, 11.5])


def exact(s):
    return np.stack([expm(MATRIX * (t - 9.0)) @ START for t in s])


@pytest.mark.slow(reason="compiles the solver for each tolerance")
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-9])
def test_solution_is_the_matrix_exponential_within_the_tolerance(tolerance):
    found = dynamics.integrate(LINEAR, START, log10_n=GRID, rtol=tolerance, atol=tolerance)
    # The tolerance is per step; a few steps add up, and dense output adds its own error.
    np.testing.assert_allclose(found.x, exact(GRID), atol=20 * tolerance)
    assert found.result == dynamics.RESULTS.successful


def test_matching_solves_with_the_order_of_its_method():
    steps = np.array([8, 16, 32])
    s = jnp.array([9.0, 10.5])
    data = dynamics.Trajectories.from_arrays([np.asarray(s)], [exact(s)])
    errors = []
    for count in steps:
        problem = dynamics.ode.match_problem(
            data,
            dynamics.PolynomialLibrary(1),
            dynamics.ode.Unbounded(),
            dynamics.ode.Matching(solver_steps=int(count)),
        )
        path, _ = _solve(problem, LINEAR.coefficients, s, jnp.asarray(START))
        errors.append(np.abs(path[-1] - exact(s)[-1]).max())
    order = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    # Tsit5 is of order 5; from steps this coarse the slope nears it from above.
    assert 4.5 < order < 5.7


def test_start_may_lie_before_the_grid_and_the_grid_may_fall():
    forward = dynamics.integrate(LINEAR, START, log10_n=GRID[1:], start=9.0)
    np.testing.assert_allclose(forward.x, exact(GRID[1:]), atol=1e-5)
    back = dynamics.integrate(LINEAR, forward.x[-1], log10_n=GRID[::-1])
    np.testing.assert_allclose(back.x[-1], START, atol=1e-4)


@pytest.mark.slow(reason="compiles each adjoint of the solver")
@pytest.mark.parametrize("adjoint", [diffrax.RecursiveCheckpointAdjoint(), diffrax.ForwardMode()])
def test_gradients_are_those_of_finite_differences(adjoint):
    def end(coefficients, x0):
        solution = dynamics.integrate(
            make(coefficients, coordinates=dynamics.ode.UnitBox()),
            x0,
            log10_n=GRID,
            rtol=1e-10,
            atol=1e-10,
            adjoint=adjoint,
            throw=False,
        )
        return jnp.sum(solution.x[-1] * jnp.array([1.0, 2.0]))

    forward = isinstance(adjoint, diffrax.ForwardMode)
    differentiate = jax.jacfwd if forward else jax.grad
    point = (LINEAR.coefficients, jnp.asarray(START))
    found = differentiate(end, argnums=(0, 1))(*point)
    step = 1e-5
    for argument, slope in enumerate(found):
        for place in np.ndindex(slope.shape):
            ends = [
                end(
                    *[
                        p.at[place].add(sign * step) if i == argument else p
                        for i, p in enumerate(point)
                    ]
                )
                for sign in (1, -1)
            ]
            # Central differences: step^2 of truncation and solver error / step, both near 1e-6.
            np.testing.assert_allclose(slope[place], (ends[0] - ends[1]) / (2 * step), atol=2e-5)


def test_gamma_is_the_slope_of_one_score_over_the_other():
    fine = jnp.linspace(9, 11, 2001)
    found = dynamics.integrate(LINEAR, START, log10_n=fine, rtol=1e-9, atol=1e-9)
    gamma = found.gamma(reasoning="hellaswag", truth="truthfulqa_mc2")
    slope = np.gradient(np.asarray(found.x[:, 1]), np.asarray(found.x[:, 0]))
    # Inner points where the denominator is not near 0; second-order differences over steps of a
    # thousandth.
    clear = np.abs(np.asarray(found.velocity[:, 0])) > 0.02
    clear[[0, -1]] = False
    np.testing.assert_allclose(gamma[clear], slope[clear], rtol=1e-3)
    at = LINEAR.gamma(found.x[7], reasoning=0, truth=1)
    np.testing.assert_allclose(at, gamma[7], rtol=1e-9)
    with pytest.raises(ValueError, match="no benchmark 'mmlu'"):
        found.gamma(reasoning="mmlu", truth="hellaswag")


def test_walls_hold_what_would_leave_and_say_so():
    growing = np.array([[0.3, 0, 0], [-0.2, 0, 0]])
    box = dynamics.integrate(
        make(growing, coordinates=dynamics.ode.UnitBox()), START, log10_n=jnp.linspace(9, 15, 13)
    )
    assert box.result == dynamics.RESULTS.left_unit_box
    assert bool(jnp.all((box.x >= 0) & (box.x <= 1)))
    # Reaches 1 after .7/.3 decades and 0 after .8/.2 = 4; the rim is half a point wide.
    np.testing.assert_array_equal(box.held[:, 0], np.linspace(0, 6, 13) > 0.695 / 0.3)
    np.testing.assert_array_equal(box.held[:, 1], np.linspace(0, 6, 13) > 0.795 / 0.2)
    # Until then nothing is changed.
    np.testing.assert_allclose(box.x[:4, 0], 0.3 + 0.3 * np.linspace(0, 1.5, 4), atol=1e-8)


def test_log_odds_cannot_leave_and_need_no_wall():
    odds = dynamics.ode.LogOdds((0.225, 0.0))
    growing = np.array([[3.0, 0, 0], [-3.0, 0, 0]])
    found = dynamics.integrate(
        make(growing, coordinates=odds), START, log10_n=jnp.linspace(9, 12, 7)
    )
    assert found.result == dynamics.RESULTS.successful
    s = np.linspace(0, 3, 7)
    share = (0.3 - 0.225) / (1 - 0.225)
    z = np.log(share / (1 - share)) + 3 * s
    np.testing.assert_allclose(found.x[:, 0], 0.225 + 0.775 / (1 + np.exp(-z)), rtol=1e-6)
    np.testing.assert_allclose(
        found.velocity[:, 1], -3 * found.x[:, 1] * (1 - found.x[:, 1]), rtol=1e-6
    )


def test_log_odds_and_scores_are_inverse():
    odds = dynamics.ode.LogOdds((0.225, 0.0))
    x = jnp.array([[0.3, 0.1], [0.9, 0.9]])
    np.testing.assert_allclose(odds.scores(odds.state(x)), x, rtol=1e-12)
    # At or below the floor the score is drawn in, so that its log odds are finite.
    assert bool(jnp.all(jnp.isfinite(odds.state(jnp.array([0.1, 0.0])))))
    for bad in ((1.0,), (-0.1,)):
        with pytest.raises(ValueError, match="floor"):
            dynamics.ode.LogOdds(bad)


@pytest.mark.slow(reason="compiles the solver for each system that escapes or is stiff")
def test_escape_and_stiffness_are_named():
    # x' = x^2 from 1 reaches infinity after one decade.
    blow_up = make([[0.0, 0, 1]], 2, names=("x",))
    grid = jnp.array([9.0, 9.5, 10.5])
    found = dynamics.integrate(blow_up, [1.0], log10_n=grid, throw=False)
    assert found.result == dynamics.RESULTS.escaped
    np.testing.assert_allclose(found.x[:2, 0], [1, 2], rtol=1e-4)
    assert bool(jnp.isnan(found.x[2, 0]))
    with pytest.raises(dynamics.DynamicsError, match="log-odds") as error:
        dynamics.integrate(blow_up, [1.0], log10_n=grid)
    assert error.value.result == dynamics.RESULTS.escaped
    np.testing.assert_array_equal(error.value.value.x, found.x)

    stiff = make([[1e5, -1e5]], names=("x",))
    found = dynamics.integrate(stiff, [0.5], log10_n=grid, max_steps=200, throw=False)
    assert found.result == dynamics.RESULTS.stiff
    implicit = dynamics.integrate(stiff, [0.5], log10_n=grid, solver=diffrax.Kvaerno5())
    # The dense output of one long implicit step is less exact than its ends.
    np.testing.assert_allclose(implicit.x[1:, 0], 1, atol=1e-4)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="one score for each"):
        dynamics.integrate(LINEAR, [0.1], log10_n=GRID)
    with pytest.raises(ValueError, match="list of sizes"):
        dynamics.integrate(LINEAR, START, log10_n=jnp.zeros((0,)))
    with pytest.raises(ValueError, match="need"):
        make(np.zeros((2, 4)))


def test_equations_are_readable():
    ode = make([[0.25, 0, -1.5], [0, 0, 0]])
    assert ode.equations() == (
        "d hellaswag/ds = 0.25 - 1.5 truthfulqa_mc2",
        "d truthfulqa_mc2/ds = 0",
    )
    odds = make([[-0.25, 2, 0], [0, 1, 0]], coordinates=dynamics.ode.LogOdds((0.0, 0.0)))
    assert odds.equations()[0] == "d z(hellaswag)/ds = -0.25 + 2 z(hellaswag)"
