"""Ensembles against fitting each resample by itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import linear, quadratic

from nullcline import dynamics

KEY = jax.random.key(0)
BOX = dynamics.ode.Unbounded()


@pytest.fixture(scope="module")
def planted():
    return linear(np.random.default_rng(0), families=10, points=(4, 6), noise=0.01)


@pytest.mark.slow(reason="fits every member by itself")
@pytest.mark.parametrize(
    "penalty",
    [dynamics.Ridge(1e-4), dynamics.STLSQ(0.2, 0.01), dynamics.Lasso(1e-3), dynamics.BestSubset(2)],
)
def test_each_member_is_the_fit_of_its_resample(planted, penalty):
    data, _ = planted
    fit = dynamics.fit_ode(data, penalty=penalty, coordinates=BOX, throw=False)
    ensemble = dynamics.bootstrap(fit, data, key=KEY, members=30)
    for member in (0, 13, 29):
        alone = dynamics.fit_ode(
            data,
            penalty=penalty,
            coordinates=BOX,
            family_weights=ensemble.weights[member],
            throw=False,
        )
        np.testing.assert_allclose(
            ensemble.coefficients[member], alone.coefficients, rtol=1e-7, atol=1e-9
        )
    share = np.mean([np.asarray(c != 0) for c in ensemble.coefficients], axis=0)
    np.testing.assert_allclose(ensemble.inclusion, share, rtol=1e-15)


def test_counts_are_draws_of_whole_clusters():
    cluster = [0, 0, 1, 2, 2, 2]
    counts = np.asarray(dynamics.ode.draw_counts(KEY, cluster, members=4000))
    np.testing.assert_array_equal(counts[:, 0], counts[:, 1])
    np.testing.assert_array_equal(counts[:, 3], counts[:, 5])
    np.testing.assert_array_equal(counts[:, [0, 2, 3]].sum(axis=1), 3)
    # Binomial(3, 1/3): mean 1, variance 2/3; four standard errors of 4000 draws.
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=4 * np.sqrt(2 / 3 / 4000))
    np.testing.assert_allclose(counts.var(axis=0), 2 / 3, atol=0.08)


def test_families_left_out_of_the_fit_are_left_out_of_every_member(planted):
    data, _ = planted
    weights = np.ones(10)
    weights[3] = 0
    fit = dynamics.fit_ode(data, coordinates=BOX, family_weights=weights)
    ensemble = dynamics.bootstrap(fit, data, key=KEY, members=50)
    assert not np.asarray(ensemble.weights[:, 3]).any()
    np.testing.assert_array_equal(ensemble.weights.sum(axis=1), 9)


def test_labs_are_drawn_whole(planted):
    data, _ = planted
    labs = tuple("ABCDE"[i // 2] for i in range(10))
    grouped = dynamics.Trajectories(
        data.s, data.x, data.mask, data.families, labs, data.models, data.benchmarks
    )
    fit = dynamics.fit_ode(grouped, coordinates=BOX)
    weights = np.asarray(
        dynamics.bootstrap(fit, grouped, key=KEY, members=40, clusters="lab").weights
    )
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])
    few = grouped.take([0, 1, 2, 3])
    with pytest.raises(ValueError, match="at least 3"):
        dynamics.bootstrap(
            dynamics.fit_ode(few, coordinates=BOX, throw=False),
            few,
            key=KEY,
            clusters="lab",
        )


@pytest.mark.slow(reason="a spread over many simulated data sets")
def test_spread_over_members_is_that_over_new_data():
    rng = np.random.default_rng(1)
    library = dynamics.PolynomialLibrary(1)
    # One set of true trajectories, measured again and again.
    exact, _ = linear(rng, families=30, points=(4, 4), regular=True)
    times = list(np.asarray(exact.s))
    fits = []
    for _ in range(100):
        noisy = np.asarray(exact.x) + 0.01 * rng.normal(size=exact.x.shape)
        data = dynamics.Trajectories.from_arrays(times, list(noisy))
        fits.append(np.asarray(dynamics.fit_ode(data, library, coordinates=BOX).coefficients))
    fit = dynamics.fit_ode(data, library, coordinates=BOX)
    ensemble = dynamics.bootstrap(fit, data, key=KEY, members=2000)
    true = np.std(fits, axis=0)
    # One bootstrap of 30 clusters knows a standard deviation to about 13 %, 100 fits to 7 %; three
    # of both together.
    np.testing.assert_allclose(np.std(ensemble.coefficients, axis=0), true, rtol=0.45)
    band = ensemble.coefficient_band(level=0.95)
    assert bool(jnp.all((band.low < band.median) & (band.median < band.high)))


@pytest.mark.slow(reason="solves each member by itself")
def test_solutions_of_members_are_their_own(planted):
    data, _ = planted
    fit = dynamics.fit_ode(data, coordinates=dynamics.ode.UnitBox())
    ensemble = dynamics.bootstrap(fit, data, key=KEY, members=20)
    grid = np.linspace(8.0, 10.0, 5)
    found = ensemble.solutions([0.2, 0.7], log10_n=grid)
    alone = dynamics.integrate(ensemble.member(7), [0.2, 0.7], log10_n=grid)
    np.testing.assert_allclose(found.x[7], alone.x, rtol=1e-9)
    band = dynamics.ode.band(found.x)
    assert band.low.shape == (5, 2)
    np.testing.assert_array_equal(band.share, 1.0)


def test_band_leaves_out_and_counts_what_is_not_finite():
    values = jnp.array([[1.0, jnp.nan], [2.0, 5.0], [3.0, jnp.inf]])
    band = dynamics.ode.band(values, level=0.5)
    np.testing.assert_allclose(band.median, [2.0, 5.0])
    np.testing.assert_allclose(band.share, [1, 1 / 3])
    with pytest.raises(ValueError, match="level"):
        dynamics.ode.band(values, level=95.0)


@pytest.mark.slow(reason="matches every member to the end")
def test_matched_members_step_where_their_own_match_goes():
    data, truth = quadratic(np.random.default_rng(2), points=(8, 8))
    library = dynamics.PolynomialLibrary(2)
    fit = dynamics.fit_ode(
        data,
        library,
        penalty=dynamics.TrajectorySelection(),
        method="trajectory",
        coordinates=BOX,
    )
    ensemble = dynamics.bootstrap(fit, data, key=KEY, members=200)
    np.testing.assert_allclose(ensemble.inclusion[truth != 0], 1.0)
    assert float(np.max(ensemble.inclusion[truth == 0])) < 0.3
    same = np.asarray(ensemble.coefficients != 0) == np.asarray(fit.support)[None]
    member = int(np.argmax(same.all(axis=(1, 2))))
    alone = dynamics.fit_ode(
        data,
        library,
        penalty=dynamics.Ridge(0.0),
        method="trajectory",
        coordinates=BOX,
        candidates=truth != 0,
        family_weights=ensemble.weights[member],
    )
    # One Gauss-Newton step against the whole way; what is left is second order in a shift of .01.
    shift = np.abs(alone.coefficients - fit.coefficients).max()
    assert np.abs(ensemble.coefficients[member] - alone.coefficients).max() < 0.2 * shift + 1e-3


PENALTIES = (
    dynamics.Ridge(1e-4),
    dynamics.Lasso(1e-4),
    dynamics.ElasticNet(1e-4, 0.5),
    dynamics.STLSQ(0.05, 1e-6),
    dynamics.BestSubset(3),
    dynamics.PartialPooling(0.05, 1e-4),
    dynamics.TrajectorySelection(),
)


@pytest.mark.slow(reason="compiles every penalty with every method")
@pytest.mark.parametrize(
    ("penalty", "method"), [(one, method) for one in PENALTIES for method in one.methods]
)
def test_every_penalty_keeps_every_method_it_names(penalty, method):
    """It fits, and refitted to the weights of the fit it gives the fit again."""
    data, _ = linear(np.random.default_rng(5), families=8, points=(5, 6))
    fit = dynamics.fit_ode(data, penalty=penalty, method=method, coordinates=BOX, throw=False)
    assert fit.method == method
    assert np.isfinite(fit.coefficients).all()
    again = dynamics.ode.reweight(fit, data, np.ones((2, 8)))
    # One Gauss-Newton step from a converged match stays within its tolerance of 1e-4.
    np.testing.assert_allclose(again[0], fit.coefficients, atol=2e-3, rtol=1e-6)
    np.testing.assert_array_equal(again[0], again[1])


def test_pooled_members_are_the_pooled_fits_of_their_resamples():
    data, _ = linear(np.random.default_rng(6), families=8, points=(5, 6))
    penalty = dynamics.PartialPooling(0.05, 1e-4)
    fit = dynamics.fit_ode(data, penalty=penalty, coordinates=BOX, throw=False)
    ensemble = dynamics.bootstrap(fit, data, key=KEY, members=5)
    for member in range(5):
        weights = ensemble.weights[member]
        alone = dynamics.fit_ode(
            data, penalty=penalty, coordinates=BOX, family_weights=weights, throw=False
        )
        np.testing.assert_allclose(
            ensemble.coefficients[member], alone.coefficients, atol=1e-8, rtol=1e-6
        )
