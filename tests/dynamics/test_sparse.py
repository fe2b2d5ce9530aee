"""Penalties against closed forms, scikit-learn, brute force and planted truth."""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import linear, quadratic
from sklearn.linear_model import ElasticNet, Lasso

from nullcline import dynamics


def regression(rng, *, rows=60, terms=8, dims=2, members=None):
    """A design, targets, and their normal equations."""
    shape = (rows, terms) if members is None else (members, rows, terms)
    design = rng.normal(size=shape) * np.linspace(0.5, 2, terms)
    design[..., 1] += 0.8 * design[..., 0]
    truth = np.zeros((dims, terms))
    truth[0, [0, 3]], truth[1, [1, 4, 5]] = (1.0, -0.7), (0.8, 0.5, -1.2)
    target = design @ truth.T + 0.05 * rng.normal(size=(*shape[:-1], dims))
    normal = dynamics.ode.NormalEquations(
        gram=jnp.array(np.swapaxes(design, -1, -2) @ design),
        moment=jnp.array(np.swapaxes(design, -1, -2) @ target),
        total=jnp.array((target**2).sum(axis=-2)),
        rows=jnp.full(shape[:-2], float(rows)),
    )
    return design, target, normal, truth


EVERY = jnp.ones((2, 8), bool)


@pytest.mark.parametrize("scaled", [True, False])
def test_ridge_is_least_squares_of_the_augmented_rows(scaled):
    design, target, normal, _ = regression(np.random.default_rng(0))
    found = dynamics.Ridge(0.3, scaled).solve(normal, EVERY)
    unit = np.sqrt((design**2).mean(axis=0)) if scaled else np.ones(8)
    extra = np.sqrt(0.3 * len(design)) * np.diag(unit)
    expected = np.linalg.lstsq(
        np.vstack([design, extra]), np.vstack([target, np.zeros((8, 2))]), rcond=None
    )[0]
    # Normal equations of a condition of a few hundred lose that many rounding errors.
    np.testing.assert_allclose(found, expected.T, rtol=1e-10)


def test_candidates_restrict_each_equation():
    design, target, normal, _ = regression(np.random.default_rng(1))
    allowed = np.zeros((2, 8), bool)
    allowed[0, [0, 2]], allowed[1, [1, 5, 7]] = True, True
    found = np.asarray(dynamics.Ridge(0.0).solve(normal, jnp.array(allowed)))
    for d in range(2):
        expected = np.linalg.lstsq(design[:, allowed[d]], target[:, d], rcond=None)[0]
        np.testing.assert_allclose(found[d, allowed[d]], expected, rtol=1e-10)
        assert (found[d, ~allowed[d]] == 0).all()


@pytest.mark.parametrize("strength", [0.003, 0.1, 0.5])
def test_l1_solution_is_that_of_scikit_learn(strength):
    design, target, normal, _ = regression(np.random.default_rng(2))
    found = dynamics.Lasso(strength, scaled=False).solve(normal, EVERY)
    for d in range(2):
        peer = Lasso(alpha=strength, fit_intercept=False, tol=1e-12, max_iter=100_000)
        expected = peer.fit(design, target[:, d]).coef_
        # Coordinate descent stops at a duality gap of 1e-12 of the squared targets.
        np.testing.assert_allclose(found[d], expected, atol=1e-6)
        np.testing.assert_array_equal(np.asarray(found[d]) == 0, expected == 0)


@pytest.mark.parametrize("ratio", [0.2, 0.7])
def test_elastic_net_is_that_of_scikit_learn(ratio):
    design, target, normal, _ = regression(np.random.default_rng(3))
    unit = np.sqrt((design**2).mean(axis=0))
    found = dynamics.ElasticNet(0.1, ratio).solve(normal, EVERY)
    for d in range(2):
        peer = ElasticNet(
            alpha=0.1, l1_ratio=ratio, fit_intercept=False, tol=1e-12, max_iter=100_000
        )
        expected = peer.fit(design / unit, target[:, d]).coef_ / unit
        np.testing.assert_allclose(found[d], expected, atol=1e-6)


def test_l1_with_collinear_terms_satisfies_its_optimality_conditions():
    design, target, _, _ = regression(np.random.default_rng(4))
    design[:, 6] = design[:, 0] + design[:, 3]
    normal = dynamics.ode.NormalEquations(
        jnp.array(design.T @ design),
        jnp.array(design.T @ target),
        jnp.array((target**2).sum(axis=0)),
        jnp.array(60.0),
    )
    found = np.asarray(dynamics.Lasso(0.05, scaled=False).solve(normal, EVERY))
    slope = (design.T @ (target - design @ found.T)).T / 60
    # Every gradient is at most the strength, and equal to it with the sign where a term is used.
    assert np.abs(slope).max() <= 0.05 * (1 + 1e-6)
    used = found != 0
    np.testing.assert_allclose(slope[used], 0.05 * np.sign(found[used]), rtol=1e-6)


def plain_stlsq(design, target, threshold, alpha):
    """The algorithm as its authors describe it."""
    weights = np.zeros(design.shape[1])
    kept = np.ones(design.shape[1], bool)
    while True:
        block = design[:, kept]
        weights[:] = 0
        weights[kept] = np.linalg.solve(
            block.T @ block + alpha * np.eye(kept.sum()), block.T @ target
        )
        large = np.abs(weights) >= threshold
        if (large == kept).all():
            break
        kept = large
    weights[:] = 0
    weights[kept] = np.linalg.lstsq(design[:, kept], target, rcond=None)[0]
    return weights


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.6])
def test_stlsq_is_the_plain_algorithm(threshold):
    design, target, normal, _ = regression(np.random.default_rng(5))
    found = dynamics.STLSQ(threshold, 0.4).solve(normal, EVERY)
    for d in range(2):
        expected = plain_stlsq(design, target[:, d], threshold, 0.4)
        np.testing.assert_allclose(found[d], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.slow(reason="fits every member by itself, in each of eight settings")
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("terms", [8, 21])
def test_many_members_at_once_are_each_fitted_alone(scaled, everything, terms):
    # 150 members fill more than one chunk and leave the last one partly empty.
    _, _, normal, _ = regression(np.random.default_rng(6), members=150, terms=terms)
    allowed = np.ones((2, terms), bool)
    if not everything:
        allowed[0, 2] = allowed[1, :2] = False
    penalty = dynamics.STLSQ(0.1, 0.4, scaled)
    many = eqx.filter_jit(penalty.solve_many)(normal, jnp.array(allowed))
    alone = jax.vmap(penalty.solve, in_axes=(0, None))(normal, jnp.array(allowed))
    np.testing.assert_array_equal(many != 0, alone != 0)
    np.testing.assert_allclose(many, alone, rtol=1e-9, atol=1e-12)


def test_best_subset_is_that_of_brute_force():
    solve = eqx.filter_jit(dynamics.BestSubset(4, gamma=0.5).solve)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        design, target, normal, _ = regression(rng, rows=30, terms=8)
        target = target + 0.8 * rng.normal(size=target.shape)
        normal = dynamics.ode.NormalEquations(
            normal.gram,
            jnp.array(design.T @ target),
            jnp.array((target**2).sum(axis=0)),
            normal.rows,
        )
        found = np.asarray(solve(normal, EVERY))
        for d in range(2):
            best, kept = np.inf, ()
            for size in range(5):
                for subset in itertools.combinations(range(8), size):
                    block = design[:, subset]
                    fit = np.linalg.lstsq(block, target[:, d], rcond=None)[0] if size else []
                    rss = ((target[:, d] - block @ fit) ** 2).sum()
                    value = 30 * np.log(rss / 30) + size * (np.log(30) + np.log(8))
                    if value < best:
                        best, kept = value, subset
            assert tuple(np.flatnonzero(found[d])) == kept


def test_best_subset_refuses_a_search_that_would_not_end():
    _, _, normal, _ = regression(np.random.default_rng(0), rows=200, terms=56)
    count = sum(math.comb(56, k) for k in (0, 1, 2, 3, 4, 5))
    with pytest.raises(ValueError, match=f"have {count} subsets .*lower max_terms"):
        dynamics.BestSubset(5).solve(normal, jnp.ones((2, 56), bool))


PENALTIES = {
    "ridge": dynamics.Ridge(1e-10),
    "lasso": dynamics.Lasso(1e-7),
    "elastic net": dynamics.ElasticNet(1e-7, 0.5),
    "stlsq": dynamics.STLSQ(0.1, 1e-9),
    "best subset": dynamics.BestSubset(3, gamma=1.0),
    "pooling": dynamics.PartialPooling(1.0, 1e-10),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_every_penalty_finds_a_planted_linear_system(name):
    data, truth = linear(np.random.default_rng(0), families=12, points=(7, 9))
    fit = dynamics.fit_ode(
        data, penalty=PENALTIES[name], coordinates=dynamics.ode.Unbounded(), throw=False
    )
    assert fit.result == dynamics.RESULTS.successful
    # Exact data: what is left is the error of the spline path through 7 to 9 points.
    np.testing.assert_allclose(fit.coefficients, truth, atol=0.02)


@pytest.mark.parametrize("name", ["lasso", "stlsq", "best subset"])
def test_sparse_penalties_find_the_planted_support(name):
    data, truth = quadratic(np.random.default_rng(1), points=(40, 40), noise=1e-3)
    weak = {"lasso": dynamics.Lasso(1e-5), "stlsq": dynamics.STLSQ(0.3, 1e-6)}
    penalty = {**PENALTIES, **weak}[name]
    fit = dynamics.fit_ode(
        data, dynamics.PolynomialLibrary(2), penalty=penalty, coordinates=dynamics.ode.Unbounded()
    )
    found = np.asarray(fit.support)
    assert found[truth != 0].all()
    if name != "lasso":  # L1 keeps some small terms where others are shrunk
        np.testing.assert_array_equal(found, truth != 0)


def test_negative_strengths_are_refused():
    for make in (dynamics.Ridge, dynamics.Lasso, dynamics.STLSQ, dynamics.PartialPooling):
        with pytest.raises(ValueError, match="at least 0"):
            make(-1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        dynamics.ElasticNet(0.1, 2.0)


def test_a_zero_column_gets_no_weight():
    design, target, _, _ = regression(np.random.default_rng(8))
    design[:, 2] = 0
    normal = dynamics.ode.NormalEquations(
        jnp.array(design.T @ design),
        jnp.array(design.T @ target),
        jnp.array((target**2).sum(axis=0)),
        jnp.array(60.0),
    )
    for penalty in (dynamics.Ridge(0.0), dynamics.Lasso(0.01), dynamics.STLSQ(0.1)):
        found = np.asarray(penalty.solve(normal, EVERY))
        assert np.isfinite(found).all()
        assert (found[:, 2] == 0).all()
