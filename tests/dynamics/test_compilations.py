"""Few compiled programs for tables of all sizes, and the same results as without padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compilations import compilations
from planted_families import planted
from planted_ode import linear

from nullcline import dynamics
from nullcline.dynamics._ode.padding import pad_rows, padded_size

SIZES = (3, 5, 9, 14, 30, 70, 200)


def trajectories(families, seed=0):
    found, _ = linear(np.random.default_rng(seed), families=families, points=(2, 7), noise=0.002)
    return found


def test_the_counter_counts():
    with compilations() as counted:
        jax.jit(lambda x: 2 * x + 1)(np.arange(7.0))
    assert counted.count == 1


def test_sizes_grow_by_their_factor():
    assert [padded_size(n) for n in (1, 8, 9, 17)] == [8, 8, 16, 32]
    assert padded_size(65, least=16, factor=4) == 256
    rows = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(pad_rows(rows, 5)[3:], np.zeros((2, 2)))
    np.testing.assert_array_equal(pad_rows(rows, 5, copies=True)[3:], rows[[-1, -1]])


@pytest.mark.slow(reason="counts what is compiled, so nothing compiled before may be used")
def test_eight_compilations_serve_fits_and_predictions_of_all_sizes():
    data = [trajectories(families) for families in SIZES]
    jax.clear_caches()
    with compilations() as counted:
        for each, points in zip(data, (1, 2, 3, 7, 20, 50, 120), strict=True):
            fit = dynamics.fit_ode(each, throw=False)
            grid = np.linspace(9.5, 10, points)
            dynamics.predict(fit, [0.3, 0.6], log10_n=grid, start=9.0, throw=False)
    assert 0 < counted.count <= 8


@pytest.mark.slow(reason="counts what is compiled, so nothing compiled before may be used")
@pytest.mark.parametrize(
    "penalty",
    [dynamics.STLSQ(0.05), dynamics.Lasso(), dynamics.BestSubset(2), dynamics.PartialPooling()],
    ids=lambda penalty: type(penalty).__name__,
)
def test_eight_compilations_serve_all_sizes_of_another_penalty(penalty):
    data = [trajectories(families) for families in SIZES]
    jax.clear_caches()
    with compilations() as counted:
        for each in data:
            dynamics.fit_ode(each, penalty=penalty, throw=False)
    assert 0 < counted.count <= 8


@pytest.mark.slow(reason="counts what is compiled, so nothing compiled before may be used")
def test_eight_compilations_serve_resamples_and_families_left_out():
    data = [trajectories(families) for families in SIZES[1:]]
    fits = [dynamics.fit_ode(each, throw=False) for each in data]
    jax.clear_caches()
    with compilations() as counted:
        for fit, each in zip(fits, data, strict=True):
            dynamics.bootstrap(fit, each, key=jax.random.key(0), members=100)
    assert 0 < counted.count <= 8
    with compilations() as counted:
        for fit, each in zip(fits, data, strict=True):
            dynamics.forecast.left_out_errors(fit, each, n_boot=100)
    assert 0 < counted.count <= 8


@pytest.mark.slow(reason="counts what is compiled, so nothing compiled before may be used")
def test_eight_compilations_serve_cross_validations_of_all_sizes():
    jax.clear_caches()
    with compilations() as counted:
        for families in (5, 9, 14, 60):
            dynamics.cross_validate(planted(families, noise=0.01), forecasters=(), n_boot=200)
    assert 0 < counted.count <= 8


def test_normal_equations_are_those_of_traced_arrays():
    # Traced, nothing is done in NumPy and nothing is padded.
    regression = dynamics.ode.integral_form(
        trajectories(9), dynamics.PolynomialLibrary(2), dynamics.ode.UnitBox()
    )
    weights = np.random.default_rng(0).uniform(0, 2, (3, 9))
    with jax.enable_x64(True):
        traced = jax.vmap(regression.normal_equations)(jnp.asarray(weights))
    plain = dynamics.ode.weighted_sum(regression.per_family(), weights)
    for one, other in zip(jax.tree.leaves(plain), jax.tree.leaves(traced), strict=True):
        # Sums in another order: rounding only.
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "library",
    [
        dynamics.PolynomialLibrary(3),
        dynamics.PolynomialLibrary(2, constant=False, products=False),
        dynamics.LogisticLibrary() + dynamics.PolynomialLibrary(),
        dynamics.FunctionLibrary((lambda z: jnp.sin(z[0]) * z[2],), ("sin(a) * c",)),
    ],
    ids=["cubic", "powers", "joined", "own"],
)
@pytest.mark.parametrize("rows", [1, 1024, 1500])
def test_terms_of_many_rows_are_those_of_one_state_each(library, rows):
    states = np.random.default_rng(0).uniform(-1, 1, (rows, 3))
    with jax.enable_x64(True):
        one_by_one = jax.vmap(library)(jnp.asarray(states))
        np.testing.assert_allclose(library.rows(states), one_by_one, rtol=1e-14)


def test_log_odds_of_numpy_arrays_are_those_of_jax():
    box = dynamics.ode.LogOdds(floor=(0.2, 0.0))
    scores = np.random.default_rng(0).uniform(0, 1, (4, 5, 2))
    with jax.enable_x64(True):
        np.testing.assert_allclose(box.rows(scores), box.state(jnp.asarray(scores)), rtol=1e-13)
    with pytest.raises(ValueError, match="3 benchmarks but 2 floors"):
        box.rows(np.zeros((1, 3)))


@pytest.mark.slow(reason="compiles the solver for two lengths")
def test_a_grid_of_any_length_gives_the_same_solution():
    fit = dynamics.fit_ode(trajectories(9), throw=False)
    whole = dynamics.integrate(fit.ode, [0.3, 0.6], log10_n=np.linspace(9, 10, 101), start=8.5)
    short = dynamics.integrate(fit.ode, [0.3, 0.6], log10_n=np.linspace(9, 10, 11), start=8.5)
    assert whole.x.shape == (101, 2)
    np.testing.assert_allclose(short.x, whole.x[::10], rtol=1e-12)
    np.testing.assert_allclose(short.velocity, whole.velocity[::10], rtol=1e-12)
    back = dynamics.integrate(fit.ode, short.x[-1], log10_n=[10.0, 9.5, 8.5])
    np.testing.assert_allclose(back.x[-1], [0.3, 0.6], atol=1e-5)  # tolerance of the solver


@pytest.mark.slow(reason="compiles matching for two sizes")
@pytest.mark.parametrize("method", ["integral", "trajectory"])
def test_families_of_weight_0_and_absent_ones_are_the_same(method):
    # With eleven families other shapes are compiled than with eight.
    data = trajectories(11)
    part = data.take(range(8))
    weights = np.repeat([1.0, 0.0], [8, 3])
    whole = dynamics.fit_ode(data, method=method, family_weights=weights, throw=False)
    alone = dynamics.fit_ode(part, method=method, throw=False)
    # Trajectory matching stops at a relative step of 1e-4 in either case.
    tolerance = 1e-11 if method == "integral" else 1e-5
    np.testing.assert_allclose(whole.coefficients, alone.coefficients, atol=tolerance)


@pytest.mark.slow(reason="compiles matching twice")
def test_matching_without_padding_is_the_same():
    data = trajectories(5)
    library, box = dynamics.PolynomialLibrary(), dynamics.ode.UnitBox()
    problem = dynamics.ode.match_problem(data, library, box)
    start = np.asarray(dynamics.fit_ode(data, throw=False).coefficients)
    with jax.enable_x64(True):
        arguments = jnp.asarray(start), problem.state[:, 0], jnp.ones((2, 3), bool)
        options = {
            "noise": jnp.full(2, 0.01), "family_weights": jnp.ones(5), "ridge": jnp.zeros((2, 3)),
        }  # fmt: skip
        padded = dynamics.ode.match(problem, *arguments, **options)
        assert padded.residual.shape == data.x.shape
        traced = jax.jit(
            lambda first: dynamics.ode.match(problem, arguments[0], first, arguments[2], **options)
        )(arguments[1])
    np.testing.assert_allclose(padded.coefficients, traced.coefficients, atol=1e-8)
    np.testing.assert_allclose(padded.residual, traced.residual, atol=1e-8)


def test_draws_do_not_depend_on_the_length_that_was_compiled():
    values = np.random.default_rng(0).normal(size=22)
    with jax.enable_x64(True):
        drawn = np.asarray(jax.random.randint(jax.random.key(3), (1000, 32), 0, 22))[:, :22]
    expected = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    found = dynamics.forecast.family_interval(values, n_boot=1000, seed=3)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
