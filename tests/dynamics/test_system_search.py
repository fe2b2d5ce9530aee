"""The parts of the search against brute force, differences and planted noise."""

import itertools

import numpy as np
import pytest

from nullcline.dynamics._systems.prepared import first_states, make_segments, prepare
from nullcline.dynamics._systems.shooting import information, residuals, shoot
from nullcline.dynamics._systems.smooth import LEAST_NOISE, noise_levels, penalised_spline
from nullcline.dynamics._systems.subsets import best_subset, criterion
from nullcline.dynamics._systems.terms import Factor, Term, TermValues, monomials

TERMS = (
    *monomials(2, 3),
    *(Term((1, 0), Factor(name, 1, 0.7)) for name in ("sin", "cos", "exp", "hill1", "hill2")),
)


def test_the_subset_is_the_best_of_all_on_easy_designs():
    rng = np.random.default_rng(0)
    for _ in range(10):
        design = rng.normal(size=(60, 7))
        target = design[:, [0, 2, 5]] @ [0.5, -0.4, 0.3] + 0.3 * rng.normal(size=60)
        gram, moment, total = design.T @ design, design.T @ target, float(target @ target)
        every = np.ones(7, bool)
        found = best_subset(
            gram, moment, total, rows=60.0, start=rng.random(7) < 0.5, allowed=every, floor=0.0
        )

        def value(subset, design=design, target=target):
            chosen = design[:, list(subset)]
            rest = target - chosen @ np.linalg.lstsq(chosen, target, rcond=None)[0]
            return criterion(float(rest @ rest), len(subset), rows=60.0, candidates=7, floor=0.0)

        subsets = [s for k in range(8) for s in itertools.combinations(range(7), k)]
        best = min(subsets, key=value)
        assert tuple(np.flatnonzero(found.support)) == best
        assert found.value == pytest.approx(value(best), rel=1e-9)


def test_no_group_has_more_columns_than_it_may():
    rng = np.random.default_rng(1)
    design = rng.normal(size=(80, 8))
    target = design @ np.array([0.1, 1, 1, 1, 0.1, 1, 1, 1])
    group = np.repeat([0, 1], 4)
    found = best_subset(
        design.T @ design, design.T @ target, float(target @ target), rows=80.0,
        start=np.ones(8, bool), allowed=np.ones(8, bool), floor=1e-6, group=group, most=3,
    )  # fmt: skip
    np.testing.assert_array_equal(np.bincount(group[found.support]), [3, 3])
    # The weakest of each group is what is left out.
    np.testing.assert_array_equal(np.flatnonzero(~found.support), [0, 4])


def test_slopes_of_terms_are_their_differences():
    values = TermValues(TERMS, 2)
    x = np.random.default_rng(2).normal(size=(9, 2))
    ours, slopes = values.values_and_slopes(x)
    np.testing.assert_allclose(ours, values.values(x), rtol=1e-14)
    for d in range(2):
        step = np.zeros(2)
        step[d] = 1e-6
        between = (values.values(x + step) - values.values(x - step)) / 2e-6
        # Central differences of smooth functions of size 1: h^2 and rounding / h, both 1e-10.
        np.testing.assert_allclose(slopes[:, :, d], between, atol=1e-7)


def prepared():
    t = np.linspace(0, 1, 40)
    x = np.column_stack([np.cos(5 * t), -np.sin(5 * t)])
    x[7, 0] = np.nan
    return prepare([t], [x], [np.ones(40)])


def test_the_information_is_that_of_differences_through_the_solver():
    data = prepared()
    segments = make_segments(data, 2)
    values = TermValues(monomials(2, 2), 2)
    weights = np.zeros((2, 6))
    weights[0, 2], weights[1, 1] = 5.0, -5.0
    weights[1, 4] = 0.1
    support, first = weights != 0, first_states(data, segments)
    shot = shoot(values, weights, first, segments, steps=1)
    known = information(values, shot, support, segments)
    assert known is not None
    columns = []
    for at in zip(*np.nonzero(support), strict=True):
        moved = [shot.weights.copy(), shot.weights.copy()]
        moved[0][at] += 1e-5
        moved[1][at] -= 1e-5
        up, down = (residuals(values, w, shot.first, segments) for w in moved)
        columns.append((down - up).ravel() / 2e-5)
    starts = []
    for m, d in itertools.product(range(2), range(2)):
        moved = [shot.first.copy(), shot.first.copy()]
        moved[0][m, d] += 1e-6
        moved[1][m, d] -= 1e-6
        up, down = (residuals(values, shot.weights, x, segments) for x in moved)
        starts.append((down - up).ravel() / 2e-6)
    basis, _ = np.linalg.qr(np.array(starts).T)
    design = np.array(columns).T
    design = design - basis @ (basis.T @ design)
    # Differences carry h^2 times third derivatives, about 1e-7 of these sizes.
    np.testing.assert_allclose(known.gram, design.T @ design, rtol=1e-4)


def test_a_fit_ends_where_the_gradient_vanishes_and_gaps_do_not_count():
    data = prepared()
    segments = make_segments(data, 1)
    values = TermValues(monomials(2, 1), 2)
    weights = np.array([[0.0, 0, 4], [0, -6, 0]])
    shot = shoot(values, weights, first_states(data, segments), segments, tolerance=1e-12)
    # x' = 5 y, y' = -5 x exactly; the solver's own steps err by 1e-5.
    np.testing.assert_allclose(shot.weights, [[0, 0, 5], [0, -5, 0]], atol=1e-3)
    assert shot.residual[7, 0] == 0


@pytest.mark.parametrize(("constant", "relative"), [(0.05, 0.0), (0.0, 0.05)])
def test_noise_is_told_apart_from_the_path(constant, relative):
    rng = np.random.default_rng(3)
    t = np.sort(rng.uniform(0, 1, 600))
    path = 2 + np.sin(12 * t)
    x = path + rng.standard_normal(600) * (constant + relative * path)
    (level,) = noise_levels([t], [x[:, None]])
    # A standard deviation from 600 overlapping misses is known to about 5 %.
    expected = constant + relative * path
    assert np.median(level.deviation(path) / expected) == pytest.approx(1, rel=0.15)
    spline = penalised_spline(t, x, 1 / level.deviation(x) ** 2)
    error = np.sqrt(np.mean((spline(t) - path) ** 2))
    assert error < 0.4 * np.sqrt(np.mean((x - path) ** 2))


def test_noise_of_exact_data_is_next_to_none():
    t = np.linspace(0, 1, 300)
    (level,) = noise_levels([t], [np.sin(12 * t)[:, None]])
    # What counts as noise at the least, of states of size 1.
    assert level.deviation(np.array([0.5]))[0] == pytest.approx(LEAST_NOISE)
