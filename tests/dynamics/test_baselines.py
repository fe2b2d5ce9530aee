"""Each baseline against a closed form or an independent fit."""

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics._forecast.baselines import baseline_methods, fit_method
from nullcline.dynamics._forecast.protocol import Cohort, CohortFamily

METHODS = {method.name: method for method in baseline_methods()}


def cohort_of(trajectories, benchmarks=("hellaswag", "winogrande")) -> Cohort:
    families = [
        CohortFamily(f"f{i}", f"lab{i}", tuple(f"m{j}" for j in range(len(s))), s, x)
        for i, (s, x) in enumerate(trajectories)
    ]
    return Cohort(tuple(families), benchmarks, ())


@pytest.fixture
def straight():
    """Families on parallel lines, slopes .1 and .05 per decade."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(5):
        s = np.sort(rng.uniform(8, 11, 4))
        rows.append((s, rng.uniform(0.3, 0.5, 2) + (s - 8)[:, None] * np.array([0.1, 0.05])))
    return cohort_of(rows)


def predictor(name, cohort, weights=None):
    weights = np.ones((1, len(cohort.families))) if weights is None else weights
    return METHODS[name].fit(cohort, weights)[0][0]


GIVEN, SIZES, GRID = np.array([[0.5, 0.6]]), np.array([9.0]), np.array([10.0, 11.0])


def test_anchored_slope_continues_parallel_lines(straight):
    predicted = predictor("anchored slope", straight)(GIVEN, SIZES, GRID)
    np.testing.assert_allclose(predicted, [[0.6, 0.65], [0.7, 0.7]], atol=1e-12)


def test_anchored_slope_is_least_squares_with_family_offsets():
    table = dynamics.load_table("uniform")
    cohort = dynamics.held_out_cohort(table)
    count = [len(family.models) for family in cohort.families]
    dummies = np.repeat(np.eye(len(count)), count, axis=0)
    log10_n = np.concatenate([family.log10_n for family in cohort.families])
    scores = np.concatenate([family.scores for family in cohort.families])
    slope = np.linalg.lstsq(np.column_stack([log10_n, dummies]), scores, rcond=None)[0][0]
    given, sizes = np.full((1, 5), 0.5), np.array([9.0])
    predicted = predictor("anchored slope", cohort)(given, sizes, np.array([9.5]))
    np.testing.assert_allclose(predicted[0], 0.5 + slope / 2, atol=1e-10)


def test_constants_and_pooled_trends(straight):
    scores = np.stack([family.scores.mean(axis=0) for family in straight.families])
    mean = predictor("training mean", straight)(GIVEN, SIZES, GRID)
    np.testing.assert_allclose(mean, [scores.mean(axis=0)] * 2)
    np.testing.assert_array_equal(
        predictor("persistence", straight)(GIVEN, SIZES, GRID), np.repeat(GIVEN, 2, axis=0)
    )
    log10_n = np.concatenate([family.log10_n for family in straight.families])
    first = np.concatenate([family.scores[:, 0] for family in straight.families])
    for degree, name in ((1, "pooled linear"), (2, "pooled quadratic")):
        expected = np.polyval(np.polyfit(log10_n, first, degree), GRID)
        np.testing.assert_allclose(
            predictor(name, straight)(GIVEN, SIZES, GRID)[:, 0], expected, atol=1e-9
        )


def test_anchored_logistic_continues_parallel_lines_in_log_odds():
    floor = np.array([0.25, 0.5])
    rows = []
    for offset in (-1.0, -0.5, 0.2, 0.4):
        s = np.array([8.0, 9.0, 10.5])
        z = offset + (s - 9)[:, None] * np.array([0.8, 0.6])
        rows.append((s, floor + (1 - floor) / (1 + np.exp(-z))))
    predicted = predictor("anchored logistic", cohort_of(rows))(
        rows[2][1][:1], np.array([8.0]), np.array([9.0, 10.5])
    )
    np.testing.assert_allclose(predicted, rows[2][1][1:], atol=1e-10)


@pytest.fixture
def flowing():
    """Families that follow dx/ds = b + A x exactly."""
    drift = np.array([[0.30, -0.30, 0.10], [0.20, 0.15, -0.35]])
    rows = []
    for x0 in ([0.3, 0.5], [0.4, 0.55], [0.35, 0.6], [0.5, 0.5], [0.45, 0.65]):
        s = np.linspace(8, 10.5, 9)
        rows.append((s, exact(drift, np.array(x0), s - 8)))
    return drift, cohort_of(rows)


def exact(drift, x0, elapsed):
    """The solution in the eigenbasis of A about the fixed point."""
    fixed = np.linalg.solve(drift[:, 1:], -drift[:, 0])
    values, vectors = np.linalg.eig(drift[:, 1:])
    parts = np.linalg.solve(vectors, x0 - fixed)
    return (fixed + np.exp(np.outer(elapsed, values)) * parts @ vectors.T).real


def test_ridge_linear_ode_recovers_a_linear_system(flowing):
    drift, cohort = flowing
    x0, grid = np.array([0.38, 0.52]), np.array([9.0, 10.0, 11.0])
    predicted = predictor("ridge linear ODE", cohort)(x0[None], np.array([8.0]), grid)
    # The integral form interpolates the path by a spline; at nine points its error is 1e-5.
    np.testing.assert_allclose(predicted, exact(drift, x0, grid - 8), atol=1e-4)


def test_ridge_linear_ode_is_fit_ode(flowing):
    _, cohort = flowing
    trajectories = dynamics.Trajectories.from_arrays(
        [family.log10_n for family in cohort.families],
        [family.scores for family in cohort.families],
        benchmarks=cohort.benchmarks,
    )
    fit = dynamics.fit_ode(trajectories, penalty=dynamics.Ridge(0.0), noise="increment")
    x0 = np.array([0.38, 0.52])
    solved = dynamics.predict(fit, x0, log10_n=[9.0, 10.0], start=8.0)
    predicted = predictor("ridge linear ODE", cohort)(
        x0[None], np.array([8.0]), np.array([9.0, 10.0])
    )
    # The solver's tolerance.
    np.testing.assert_allclose(solved.scores, predicted, atol=1e-5)
    assert np.isnan(solved.low).all()


def test_a_weight_of_zero_leaves_a_family_out(flowing):
    _, cohort = flowing
    weights = np.ones((1, 5))
    weights[0, 2] = 0
    fewer = cohort_of([(f.log10_n, f.scores) for i, f in enumerate(cohort.families) if i != 2])
    for name, method in METHODS.items():
        left = method.fit(cohort, weights)[0]
        without = method.fit(fewer, np.ones((1, 4)))[0]
        for one, other in zip(left, without, strict=True):
            np.testing.assert_allclose(
                one(GIVEN, SIZES, GRID), other(GIVEN, SIZES, GRID), atol=1e-8, err_msg=name
            )


def test_slope_given_reasoning_and_uncoupled_use_their_terms_only(flowing):
    _, cohort = flowing
    other = np.array([[0.5, 0.7]])
    by_reasoning = predictor("slope given reasoning", cohort)
    change = [by_reasoning(g, SIZES, GRID)[:, 1] - g[0, 1] for g in (GIVEN, other)]
    np.testing.assert_allclose(change[0], change[1], atol=1e-9)
    uncoupled = predictor("uncoupled ODE", cohort)
    np.testing.assert_allclose(
        uncoupled(GIVEN, SIZES, GRID)[:, 0], uncoupled(other, SIZES, GRID)[:, 0], atol=1e-9
    )


def test_settings_are_chosen_by_left_out_families(flowing):
    _, cohort = flowing
    _, error = fit_method(METHODS["ridge linear ODE"], cohort)
    # Data without noise: the least ridge wins, and is off by the quadrature only.
    assert error < 1e-3
