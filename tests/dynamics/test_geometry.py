"""Nullclines, fixed points and stability against systems solved by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import linear

from nullcline import dynamics

NAMES = ("hellaswag", "truthfulqa_mc2")


def make(coefficients, degree=1, coordinates=None):
    return dynamics.CapabilityODE(
        dynamics.PolynomialLibrary(degree),
        jnp.asarray(coefficients, float),
        dynamics.ode.Unbounded() if coordinates is None else coordinates,
        NAMES,
    )


@pytest.mark.parametrize(
    ("matrix", "stability", "oscillates"),
    [
        ([[-1.0, 0.2], [0.1, -0.5]], "stable", False),
        ([[1.0, 0.2], [0.1, 0.5]], "unstable", False),
        ([[1.0, 0.2], [0.1, -0.5]], "saddle", False),
        ([[-0.2, 1.0], [-1.0, -0.2]], "stable", True),
        ([[0.0, 1.0], [-1.0, 0.0]], "undecided", True),
    ],
)
def test_linear_system_rests_at_the_solution_of_its_equations(matrix, stability, oscillates):
    matrix, rest = np.array(matrix), np.array([0.6, 0.4])
    (point,) = dynamics.fixed_points(make(np.column_stack([-matrix @ rest, matrix])))
    np.testing.assert_allclose(point.x, rest, atol=1e-8)
    expected = np.linalg.eigvals(matrix)
    order = np.lexsort((np.imag(expected), -np.real(expected)))
    found = np.asarray(point.eigenvalues)
    found = found[np.lexsort((np.imag(found), -np.real(found)))]
    np.testing.assert_allclose(found, expected[order], atol=1e-10)
    assert point.stability == stability
    assert point.oscillates == oscillates
    assert point.inside


def test_all_fixed_points_of_two_competing_species():
    # x' = x (1 - x - y/2), y' = y (1 - y - x/2) / 2: corners, both edges and the inner point.
    ode = make([[0, 1, 0, -1, -0.5, 0], [0, 0, 0.5, 0, -0.25, -0.5]], 2)
    found = {tuple(np.round(np.asarray(p.x), 6) + 0.0): p for p in dynamics.fixed_points(ode)}
    inner = (round(2 / 3, 6), round(2 / 3, 6))
    assert set(found) == {(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), inner}
    assert found[inner].stability == "stable"
    assert found[(0.0, 0.0)].stability == "unstable"
    assert found[(1.0, 0.0)].stability == "saddle"


def test_no_isolated_fixed_point_is_none():
    assert dynamics.fixed_points(make([[0.1, 0, 0], [0.2, 0, 0]])) == ()
    # A whole line of rest points is no fixed point that data could place.
    assert dynamics.fixed_points(make([[0, 1, -1], [0, 2, -2]])) == ()


def test_fixed_points_in_log_odds_are_given_as_scores():
    odds = dynamics.ode.LogOdds((0.2, 0.0))
    rest = np.array([0.7, 0.4])
    z = np.asarray(odds.state(jnp.asarray(rest)))
    matrix = np.array([[-1.0, 0.3], [0.2, -0.7]])
    ode = make(np.column_stack([-matrix @ z, matrix]), coordinates=odds)
    (point,) = dynamics.fixed_points(ode)
    np.testing.assert_allclose(point.x, rest, atol=1e-8)
    # At rest a change of variables is a similarity: the eigenvalues are those of the matrix.
    np.testing.assert_allclose(
        np.sort(np.real(point.eigenvalues)), np.sort(np.linalg.eigvals(matrix)), rtol=1e-6
    )


def test_a_fixed_point_outside_says_so():
    (point,) = dynamics.fixed_points(make([[1.3, -1, 0], [-0.4, 0, -1]]))
    np.testing.assert_allclose(point.x, [1.3, -0.4], atol=1e-8)
    assert not point.inside


def test_nullcline_of_a_linear_system_is_a_line():
    ode = make([[0.1, 0, 0], [0.3, 0.5, -1.0]])
    found = dynamics.nullcline(
        ode, truth="truthfulqa_mc2", reasoning="hellaswag", others=[0.0, 0.0]
    )
    # Linear between grid points, so linear interpolation is exact.
    np.testing.assert_allclose(found.at, 0.3 + 0.5 * np.asarray(found.along), atol=1e-12)
    np.testing.assert_array_equal(found.branches, 1)
    # The other way round the line is met where .5 x = y - .3, from y = .3 to y = .8 only.
    turned = dynamics.nullcline(
        make([[0.3, -1.0, 0.5], [0.1, 0, 0]]),
        truth="hellaswag",
        reasoning="truthfulqa_mc2",
        others=[0.0, 0.0],
        along=[0.0, 0.5, 1.0],
    )
    np.testing.assert_allclose(turned.at, [0.3, 0.55, 0.8], atol=1e-12)
    away = dynamics.nullcline(
        make([[0, 0, 0], [0.3, 0, 1.0]]),
        truth="truthfulqa_mc2",
        reasoning="hellaswag",
        others=[0.0, 0.0],
    )
    assert bool(jnp.all(jnp.isnan(away.at)))
    np.testing.assert_array_equal(away.branches, 0)


def test_branches_are_counted_and_the_lowest_is_given():
    # y' = (y - .25) (y - .75)
    ode = make([[0, 0, 0, 0, 0, 0], [0.1875, 0, -1, 0, 0, 1]], 2)
    found = dynamics.nullcline(
        ode, truth="truthfulqa_mc2", reasoning="hellaswag", others=[0.5, 0.5], along=[0.5]
    )
    assert float(found.branches[0]) == 2
    np.testing.assert_allclose(found.at, 0.25, atol=1e-9)


def test_geometry_of_an_ensemble_is_that_of_its_members():
    data, _truth = linear(np.random.default_rng(0), families=12, points=(5, 6), noise=0.005)
    fit = dynamics.fit_ode(data)
    ensemble = dynamics.bootstrap(fit, data, key=jax.random.key(1), members=25)
    (reference,) = dynamics.fixed_points(fit.ode)
    followed = dynamics.ode.follow_fixed_point(fit.ode, reference, ensemble.coefficients)
    assert bool(jnp.all(followed.exists))
    for member in (0, 24):
        weights = np.asarray(ensemble.coefficients[member])
        rest = -np.linalg.solve(weights[:, 1:], weights[:, 0])
        np.testing.assert_allclose(followed.x[member], rest, atol=1e-7)
        leading = np.linalg.eigvals(weights[:, 1:])
        np.testing.assert_allclose(followed.leading[member].real, leading.real.max(), rtol=1e-7)
    lines = dynamics.nullcline(
        fit.ode,
        truth="x1",
        reasoning="x0",
        others=[0.0, 0.0],
        along=[0.2, 0.4],
        coefficients=ensemble.coefficients,
    )
    weights = np.asarray(ensemble.coefficients)
    expected = (
        -(weights[:, 1, :1] + weights[:, 1, 1:2] * np.array([[0.2, 0.4]])) / weights[:, 1, 2:]
    )
    np.testing.assert_allclose(lines.at, expected, atol=1e-9)


def test_names_are_checked():
    ode = make([[0.1, 0, 0], [0.3, 0.5, -1.0]])
    with pytest.raises(ValueError, match="no benchmark 'mmlu'"):
        dynamics.nullcline(ode, truth="mmlu", reasoning="hellaswag", others=[0.0, 0.0])
    with pytest.raises(ValueError, match="name two"):
        dynamics.nullcline(ode, truth="hellaswag", reasoning="hellaswag", others=[0.0, 0.0])


def test_the_root_of_a_linear_system_is_where_newton_ends(monkeypatch):
    odds = dynamics.ode.LogOdds((0.2, 0.0))
    systems = [
        make([[0.3, -1.0, 0.2], [0.1, 0.3, -0.5]]),
        make([[0.3, -1.0, 0.2], [0.1, 0.3, -0.5]], coordinates=odds),
        make([[1e4, -1.0, 0.0], [0.1, 0.3, -0.5]]),  # rests far beyond any score
    ]
    closed = [dynamics.fixed_points(ode) for ode in systems]
    monkeypatch.setattr("nullcline.dynamics._ode.geometry.linear_system", lambda ode: None)
    for ours, ode in zip(closed, systems, strict=True):
        newton = dynamics.fixed_points(ode)
        assert [p.stability for p in ours] == [p.stability for p in newton]
        for one, other in zip(ours, newton, strict=True):
            np.testing.assert_allclose(one.x, other.x, atol=1e-8)
            np.testing.assert_allclose(one.eigenvalues, other.eigenvalues, atol=1e-6)
