"""Trajectory matching: exactness, errors in the first point, sensitivities, robustness."""

import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import linear, quadratic

from nullcline import dynamics

BOX = dynamics.ode.Unbounded()


def run(data, library, start, *, support=None, ridge=0.0, noise=0.01, weights=None, **settings):
    problem = dynamics.ode.match_problem(data, library, BOX, dynamics.ode.Matching(**settings))
    shape = start.shape
    return dynamics.ode.match(
        problem,
        jnp.asarray(start),
        problem.state[:, 0],
        jnp.ones(shape, bool) if support is None else jnp.asarray(support),
        noise=jnp.full(shape[0], noise),
        family_weights=jnp.ones(len(data.families)) if weights is None else jnp.asarray(weights),
        ridge=jnp.full(shape, ridge),
    )


@pytest.mark.slow(reason="compiles matching for long series")
def test_integral_form_and_matching_agree_with_the_truth_on_noiseless_data():
    data, truth = linear(np.random.default_rng(0), points=(25, 30))
    fits = [
        dynamics.fit_ode(data, penalty=dynamics.Ridge(0.0), method=method, coordinates=BOX)
        for method in ("integral", "trajectory")
    ]
    # Spline paths through 25 points are exact to about 1e-6, the matched ones to the solver's
    # error of 1e-8, both magnified by the condition of the terms (about 30).
    np.testing.assert_allclose(fits[0].coefficients, truth, atol=1e-3)
    np.testing.assert_allclose(fits[1].coefficients, truth, atol=1e-5)
    assert fits[1].first is not None
    np.testing.assert_allclose(fits[1].first, data.x[:, 0], atol=1e-6)


@pytest.mark.slow(reason="compiles matching of a quadratic system")
def test_matching_needs_few_points_where_the_integral_form_fails():
    data, truth = quadratic(np.random.default_rng(0), points=(4, 4), noise=0.0)
    library, support = dynamics.PolynomialLibrary(2), truth != 0
    start = dynamics.fit_ode(
        data, library, penalty=dynamics.Ridge(0.0), coordinates=BOX, candidates=support
    )
    assert np.abs(start.coefficients - truth).max() > 1e-2
    found = run(data, library, start.coefficients, support=support, solver_steps=16)
    assert bool(found.converged)
    np.testing.assert_allclose(found.coefficients, truth, atol=1e-5)
    assert not np.asarray(found.coefficients)[~support].any()


@pytest.mark.slow(reason="a bias is a mean over simulated tables of 60 families")
def test_a_free_first_point_removes_the_bias_of_its_error():
    rng = np.random.default_rng(1)
    errors = {"free": [], "fixed": []}
    for _ in range(8):
        data, truth = linear(rng, families=60, points=(4, 4), noise=0.03)
        for name in errors:
            found = run(data, dynamics.PolynomialLibrary(1), truth, first_point=name)
            errors[name].append(np.asarray(found.coefficients - truth))
            if name == "fixed":
                np.testing.assert_array_equal(found.first, data.x[:, 0])
    bias = {name: np.abs(np.mean(e, axis=0)).max() for name, e in errors.items()}
    # A fixed noisy start is an error in the regressors: the coefficients shrink, however many
    # families there are.
    assert bias["free"] < 0.5 * bias["fixed"]


@pytest.mark.slow(reason="compiles matching for each loss")
def test_robust_loss_resists_an_outlier():
    data, truth = linear(np.random.default_rng(2), families=12, points=(6, 6), noise=0.005)
    x = np.array(data.x)
    x[3, 4, 0] += 0.4
    spoiled = dynamics.Trajectories.from_arrays(list(np.asarray(data.s)), list(x))
    library = dynamics.PolynomialLibrary(1)
    error = {
        loss: np.abs(
            run(spoiled, library, truth, loss=loss, noise=0.005).coefficients - truth
        ).max()
        for loss in ("squared", "robust")
    }
    assert error["robust"] < 0.5 * error["squared"]


def test_weights_of_zero_leave_families_out():
    data, truth = linear(np.random.default_rng(3), points=(5, 6), noise=0.01)
    library = dynamics.PolynomialLibrary(1)
    weights = np.ones(len(data.families))
    weights[[1, 4]] = 0
    some = run(data, library, truth, weights=weights, tolerance=1e-8)
    kept = run(data.take(np.flatnonzero(weights)), library, truth, tolerance=1e-8)
    # Both are minima of the same sum; Levenberg-Marquardt ends 1e-8 from it.
    np.testing.assert_allclose(some.coefficients, kept.coefficients, atol=1e-6)


@pytest.mark.slow(reason="compiles matching and its derivatives")
def test_ridge_is_that_of_the_augmented_residuals():
    data, truth = linear(np.random.default_rng(4), points=(6, 6), noise=0.01)
    found = run(data, dynamics.PolynomialLibrary(1), truth, ridge=40.0, tolerance=1e-10)
    problem = dynamics.ode.match_problem(data, dynamics.PolynomialLibrary(1), BOX)
    normal = dynamics.ode.weighted_sum(
        dynamics.ode.gauss_newton(
            problem, found.coefficients, found.first, noise=jnp.full(2, 0.01)
        ),
        jnp.ones(len(data.families)),
    )
    flat = np.asarray(found.coefficients).ravel()
    # At the minimum the gradient of squares plus ridge is zero, to the size of its terms.
    slope = np.asarray(normal.gram) @ flat - np.asarray(normal.moment)[:, 0] + 40 * flat
    assert np.abs(slope).max() < 1e-4 * np.abs(40 * flat).max()


@pytest.mark.slow(reason="compiles matching and its derivatives")
def test_gauss_newton_information_is_that_of_finite_differences():
    data, truth = quadratic(np.random.default_rng(5), families=3, points=(5, 6))
    library = dynamics.PolynomialLibrary(2)
    problem = dynamics.ode.match_problem(data, library, BOX)
    noise = jnp.array([0.01, 0.02])
    first = problem.state[:, 0]
    found = dynamics.ode.gauss_newton(problem, jnp.asarray(truth), first, noise=noise)
    # Values of each family, less those that its first point takes up.
    assert np.array_equal(found.rows, 2 * (np.asarray(data.sizes) - 1))

    def path(flat, start, f):
        ode = dynamics.CapabilityODE(library, jnp.asarray(flat).reshape(2, 6), BOX, ("a", "b"))
        grid = data.s[f, : data.sizes[f]]
        solved = dynamics.integrate(ode, start, log10_n=grid, rtol=1e-10, atol=1e-11)
        return np.asarray(solved.x / noise[None]).ravel()

    step = 1e-5
    for f in range(3):
        start, flat = np.asarray(first[f]), truth.ravel()
        by_weight = np.stack(
            [
                (path(flat + step * e, start, f) - path(flat - step * e, start, f)) / (2 * step)
                for e in np.eye(12)
            ],
            axis=1,
        )
        by_start = np.stack(
            [
                (path(flat, start + step * e, f) - path(flat, start - step * e, f)) / (2 * step)
                for e in np.eye(2)
            ],
            axis=1,
        )
        state = np.asarray(data.x[f, : data.sizes[f]] / noise[None]).ravel()
        target = state - path(flat, start, f) + by_weight @ flat
        # Profiling out the first point is regressing on its columns.
        project = np.eye(len(state)) - by_start @ np.linalg.pinv(by_start)
        gram = by_weight.T @ project @ by_weight
        # The matching solver's own error at 4 steps per interval is about 1e-5.
        np.testing.assert_allclose(found.gram[f], gram, rtol=1e-3, atol=1e-4 * np.abs(gram).max())
        moment = by_weight.T @ project @ target
        np.testing.assert_allclose(
            found.moment[f, :, 0], moment, rtol=1e-3, atol=1e-4 * np.abs(moment).max()
        )


def test_a_wild_start_does_not_blow_up():
    data, _truth = quadratic(np.random.default_rng(6), points=(6, 6))
    found = run(data, dynamics.PolynomialLibrary(2), np.full((2, 6), 8.0))
    assert bool(jnp.all(jnp.isfinite(found.residual)))


@pytest.mark.slow(reason="compiles matching for two limits of steps")
def test_stopping_early_is_a_result():
    data, _truth = quadratic(np.random.default_rng(7))
    fit = dynamics.fit_ode(
        data,
        dynamics.PolynomialLibrary(2),
        penalty=dynamics.Ridge(1e-6),
        method="trajectory",
        coordinates=BOX,
        matching=dynamics.ode.Matching(steps=1),
        throw=False,
    )
    assert fit.result == dynamics.RESULTS.not_converged
    assert np.isfinite(fit.coefficients).all()
    with pytest.raises(dynamics.DynamicsError, match="sparser library"):
        dynamics.fit_ode(
            data,
            dynamics.PolynomialLibrary(2),
            penalty=dynamics.Ridge(1e-6),
            method="trajectory",
            coordinates=BOX,
            matching=dynamics.ode.Matching(steps=1),
        )
