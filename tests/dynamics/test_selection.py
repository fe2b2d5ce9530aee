"""Selection of terms: the search against brute force, and planted systems through the solver."""

import itertools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import quadratic

from nullcline import dynamics
from nullcline.dynamics._ode.subset_search import search


def test_search_ends_where_no_single_move_helps_and_mostly_at_the_best_of_all():
    find = eqx.filter_jit(search)
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(20):
        design = rng.normal(size=(40, 7))
        design[:, 1] += 0.9 * design[:, 0]
        target = design[:, [0, 2, 5]] @ [0.5, -0.4, 0.3] + 0.5 * rng.normal(size=40)
        found = find(
            jnp.array(design.T @ design),
            jnp.array(design.T @ target),
            jnp.array(target @ target),
            jnp.array(40.0),
            start=jnp.array(rng.random(7) < 0.5),
            candidates=jnp.ones(7, bool),
            criterion=dynamics.ode.Criterion(0.5),
        )

        def value(subset, design=design, target=target):
            block = design[:, list(subset)]
            rest = target - block @ np.linalg.lstsq(block, target, rcond=None)[0]
            size = len(subset)
            return 40 * np.log(rest @ rest / 40) + size * (np.log(40) + np.log(7))

        chosen = set(np.flatnonzero(found.support))
        np.testing.assert_allclose(found.value, value(chosen), rtol=1e-10)
        outside = set(range(7)) - chosen
        moves = [chosen - {i} for i in chosen] + [chosen | {j} for j in outside]
        moves += [(chosen - {i}) | {j} for i in chosen for j in outside]
        assert all(value(move) >= found.value - 1e-9 for move in moves)
        every = [set(s) for k in range(8) for s in itertools.combinations(range(7), k)]
        hits += min(every, key=value) == chosen
    # Local optima under swaps of seven columns are nearly always global.
    assert hits >= 18


def test_search_starts_from_more_columns_than_rows():
    rng = np.random.default_rng(1)
    design = rng.normal(size=(15, 20))
    target = design[:, 3] * 2 + 0.1 * rng.normal(size=15)
    found = eqx.filter_jit(search)(
        jnp.array(design.T @ design),
        jnp.array(design.T @ target),
        jnp.array(target @ target),
        jnp.array(15.0),
        start=jnp.ones(20, bool),
        candidates=jnp.ones(20, bool),
        criterion=dynamics.ode.Criterion(1.0),
    )
    assert 0 < int(found.support.sum()) < 15
    assert np.isfinite(found.value)


@pytest.mark.slow(reason="selects among all supports of three planted systems")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_terms_are_found_from_eight_noisy_irregular_points(seed):
    data, truth = quadratic(np.random.default_rng(seed))
    fit = dynamics.fit_ode(
        data,
        dynamics.PolynomialLibrary(2),
        penalty=dynamics.TrajectorySelection(),
        method="trajectory",
        coordinates=dynamics.ode.Unbounded(),
    )
    assert fit.result == dynamics.RESULTS.successful
    np.testing.assert_array_equal(fit.support, truth != 0)
    # Five standard errors, which at 1 % noise are about .01.
    error = np.asarray(fit.identifiability.standard_error)
    assert (np.abs(fit.coefficients - truth) <= 5 * error).all()
    assert 0 < error[truth != 0].max() < 0.05
    # The noise that was put in, .01, from 70 increments: good to about a tenth; 3 sigma.
    np.testing.assert_allclose(fit.identifiability.noise, 0.01, rtol=0.3)


@pytest.mark.slow(reason="compiles a selection for its own terms")
def test_only_candidates_are_chosen():
    data, truth = quadratic(np.random.default_rng(3))
    allowed = np.ones((2, 6), bool)
    allowed[0, 4] = False
    fit = dynamics.fit_ode(
        data,
        dynamics.PolynomialLibrary(2),
        penalty=dynamics.TrajectorySelection(),
        method="trajectory",
        coordinates=dynamics.ode.Unbounded(),
        candidates=allowed,
        throw=False,
    )
    assert not bool(fit.support[0, 4])
    assert not np.array_equal(fit.support, truth != 0)


def test_selection_needs_trajectories():
    data, _ = quadratic(np.random.default_rng(4))
    with pytest.raises(ValueError, match='method="trajectory"'):
        dynamics.fit_ode(
            data,
            penalty=dynamics.TrajectorySelection(),
            method="integral",
            coordinates=dynamics.ode.Unbounded(),
        )
    with pytest.raises(ValueError, match="gamma"):
        dynamics.TrajectorySelection(gamma=2.0)
