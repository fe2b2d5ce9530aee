"""Partial pooling between one equation for all families and one for each."""

import numpy as np
import pytest
from planted_ode import linear, nonlinear

from nullcline import dynamics


def offsets(rng, *, noise=0.0):
    """x' = A x + b_f: only the constant differs between families, and only in the second score."""
    matrix = np.array([[-0.6, 0.5], [0.3, -0.9]])
    own = np.linspace(0.2, 0.5, 8)
    parts = [
        nonlinear(
            rng,
            lambda x, c=c: matrix @ x + np.array([0.15, c]),
            families=1,
            points=(7, 7),
            noise=noise,
            truth=None,
        )[0]
        for c in own
    ]
    data = dynamics.Trajectories.from_arrays(
        [np.asarray(p.s[0]) for p in parts], [np.asarray(p.x[0]) for p in parts]
    )
    return data, own, matrix


def fit(data, strength, **more):
    return dynamics.fit_ode(
        data, penalty=dynamics.PartialPooling(strength, 1e-8, **more), throw=False
    )


def test_strong_pooling_is_the_ridge_of_all_families():
    data, _ = linear(np.random.default_rng(0), noise=0.01)
    pooled = fit(data, 10.0)
    ridge = dynamics.fit_ode(data, penalty=dynamics.Ridge(1e-8))
    assert not np.asarray(pooled.deviations).any()
    # The proximal iteration ends when steps fall to rounding, times the condition of the design.
    np.testing.assert_allclose(pooled.coefficients, ridge.coefficients, atol=1e-7)


def test_planted_offsets_are_found_in_their_equation_only():
    data, own, matrix = offsets(np.random.default_rng(1))
    found = fit(data, 1e-5)
    deviations = np.asarray(found.deviations)
    # Shape: families, equations, terms; only the constant of the second equation deviates.
    # The first equation has none but what the path between points gets wrong.
    assert np.abs(deviations[:, 0]).max() < 5e-3
    assert not deviations[:, :, 1:].any()
    constants = np.asarray(found.coefficients)[1, 0] + deviations[:, 1, 0]
    # Shrunk by the penalty and blurred by the spline: within a twentieth of the spread of .3.
    np.testing.assert_allclose(constants, own, atol=0.015)
    np.testing.assert_allclose(found.coefficients[:, 1:], matrix, atol=0.03)
    ode = found.family_ode(data, "family 7")
    np.testing.assert_allclose(ode.coefficients[1, 0], constants[7], rtol=1e-12)


def test_a_stronger_penalty_shrinks_the_deviations_to_exactly_none():
    data, _, _ = offsets(np.random.default_rng(2))
    fits = [fit(data, strength) for strength in (1e-6, 1e-3, 3e-3, 1.0)]
    size = [np.abs(np.asarray(one.deviations)).max() for one in fits]
    assert size == sorted(size, reverse=True)
    assert size[0] > 0.1
    assert size[-1] == 0


def test_solution_satisfies_the_group_condition():
    data, _, _ = offsets(np.random.default_rng(3), noise=0.01)
    strength = 1e-3
    found = fit(data, strength, deviating="all")
    form = dynamics.ode.integral_form(data, dynamics.PolynomialLibrary(1), dynamics.ode.UnitBox())
    design, target = np.asarray(form.design), np.asarray(form.target)
    rows = float(np.sum(form.increments))
    unit = np.sqrt((design**2).sum(axis=(0, 1)) / rows)
    total = np.asarray(found.coefficients)[None] + np.asarray(found.deviations)
    residual = target - np.einsum("fpt,fdt->fpd", design, total)
    slope = np.einsum("fpt,fpd->fdt", design, residual) / rows / unit
    length = np.sqrt((slope**2).sum(axis=0))
    deviates = np.abs(np.asarray(found.deviations)).max(axis=0) > 0
    limit = strength / np.sqrt(len(target))
    # The gradient's length over families is the limit where a term deviates, and less elsewhere.
    np.testing.assert_allclose(length[deviates], limit, rtol=1e-4)
    assert (length[~deviates] <= limit * (1 + 1e-4)).all()


def test_needs_families_and_a_constant():
    data, _ = linear(np.random.default_rng(4))
    with pytest.raises(ValueError, match="no constant term"):
        dynamics.fit_ode(
            data,
            dynamics.PolynomialLibrary(1, constant=False),
            penalty=dynamics.PartialPooling(),
        )
    with pytest.raises(ValueError, match='method="integral"'):
        dynamics.fit_ode(data, penalty=dynamics.PartialPooling(), method="trajectory")
