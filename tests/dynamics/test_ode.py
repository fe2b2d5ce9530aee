"""fit_ode: what it says when data or settings do not allow an equation."""

import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import linear

from nullcline import dynamics
from nullcline.dynamics import RESULTS


def data(**more):
    return linear(np.random.default_rng(0), noise=0.005, **more)[0]


def test_a_degree_that_the_data_cannot_tell_is_underdetermined():
    few = data(families=3, points=(3, 3))
    fit = dynamics.fit_ode(few, dynamics.PolynomialLibrary(2), throw=False)
    assert fit.result == RESULTS.underdetermined
    assert dynamics.ode.result_name(fit.result) == "underdetermined"
    # Six terms in each equation, three families with two increments each.
    assert fit.identifiability.active == (6, 6)
    assert fit.identifiability.increments == 6
    assert fit.identifiability.underdetermined
    with pytest.raises(dynamics.DynamicsError, match="lower degree") as error:
        dynamics.fit_ode(few, dynamics.PolynomialLibrary(2))
    # What there is can still be used.
    solution = dynamics.integrate(error.value.value.ode, [0.3, 0.5], log10_n=[8.0, 8.5])
    assert bool(jnp.all(jnp.isfinite(solution.x)))


def test_collinear_terms_are_underdetermined_however_many_data():
    twice = dynamics.PolynomialLibrary(1) + dynamics.FunctionLibrary((lambda x: 2 * x[0],), ("2x",))
    fit = dynamics.fit_ode(data(families=20), twice, throw=False)
    assert fit.result == RESULTS.underdetermined
    assert fit.identifiability.rank == (3, 3)
    assert fit.identifiability.active == (4, 4)
    # The direction in which nothing is known is the difference of the two equal terms.
    weakest = np.abs(np.asarray(fit.identifiability.weakest[0]))
    np.testing.assert_allclose(weakest, [0, np.sqrt(0.5), 0, np.sqrt(0.5)], atol=1e-5)


def test_constant_scores_are_named():
    base = data()
    flat = dynamics.Trajectories.from_arrays(
        [np.asarray(s)[np.asarray(m)] for s, m in zip(base.s, base.mask, strict=True)],
        [
            np.column_stack([np.asarray(x)[np.asarray(m), 0], np.full(int(m.sum()), 0.4)])
            for x, m in zip(base.x, base.mask, strict=True)
        ],
    )
    for method in ("integral", "trajectory"):
        fit = dynamics.fit_ode(flat, method=method, throw=False)
        assert fit.result == RESULTS.constant_scores
        assert np.isfinite(fit.coefficients).all()


def test_a_penalty_that_kills_everything_is_named():
    fit = dynamics.fit_ode(data(), penalty=dynamics.STLSQ(1e3), throw=False)
    assert fit.result == RESULTS.no_term_survived
    assert fit.equations() == ("d x0/ds = 0", "d x1/ds = 0")
    with pytest.raises(dynamics.DynamicsError, match="smaller threshold"):
        dynamics.fit_ode(data(), penalty=dynamics.STLSQ(1e3))


def test_scores_outside_the_unit_interval_need_other_coordinates():
    percent = dynamics.Trajectories.from_arrays(
        [np.array([8.0, 9.0])], [np.array([[30.0, 40.0], [50.0, 45.0]])]
    )
    with pytest.raises(ValueError, match="fractions"):
        dynamics.fit_ode(percent)


def test_settings_that_do_not_fit_are_refused():
    good = data()
    with pytest.raises(ValueError, match="candidates"):
        dynamics.fit_ode(good, candidates=np.ones((2, 5), bool))
    with pytest.raises(ValueError, match="family_weights"):
        dynamics.fit_ode(good, family_weights=np.zeros(len(good.families)))
    with pytest.raises(ValueError, match="choose benchmarks"):
        dynamics.fit_ode(good, benchmarks=["x0"])
    with pytest.raises(ValueError, match="2 benchmarks but 1 floors"):
        dynamics.fit_ode(good, coordinates=dynamics.ode.LogOdds((0.2,)))


def test_candidates_make_an_uncoupled_ode():
    allowed = np.array([[True, True, False], [True, False, True]])
    fit = dynamics.fit_ode(data(), candidates=allowed)
    np.testing.assert_array_equal(fit.support, allowed)


def test_weights_are_copies_of_families():
    good = data()
    weights = np.ones(len(good.families))
    weights[0], weights[5] = 2, 0
    counted = dynamics.fit_ode(good, family_weights=weights)
    places = [0, *range(len(good.families))]
    places.remove(5)
    copied = dynamics.fit_ode(good.take(places))
    np.testing.assert_allclose(counted.coefficients, copied.coefficients, rtol=1e-9)
    assert counted.families == tuple(n for n in good.families if n != "family 5")


def test_report_is_that_of_ordinary_least_squares():
    good = data(families=20)
    fit = dynamics.fit_ode(good, penalty=dynamics.Ridge(0.0))
    form = dynamics.ode.integral_form(good, dynamics.PolynomialLibrary(1), dynamics.ode.UnitBox())
    design = np.asarray(form.design).reshape(-1, 3)
    target = np.asarray(form.target).reshape(-1, 2)
    freedom = float(jnp.sum(form.increments)) - 3
    residual = target - design @ np.asarray(fit.coefficients).T
    noise = np.sqrt((residual**2).sum(axis=0) / freedom)
    report = fit.identifiability
    np.testing.assert_allclose(report.noise, noise, rtol=1e-9)
    variance = np.diagonal(np.linalg.inv(design.T @ design))
    np.testing.assert_allclose(
        report.standard_error, noise[:, None] * np.sqrt(variance)[None], rtol=1e-7
    )
    np.testing.assert_allclose(report.degrees_of_freedom, 3, rtol=1e-9)
    unit = design / np.linalg.norm(design, axis=0)
    np.testing.assert_allclose(report.condition, np.linalg.cond(unit), rtol=1e-7)
    # The profile: a step of one error along the weakest direction costs one noise variance.
    step = np.asarray(report.weakest[0]) * float(report.weakest_error[0])
    np.testing.assert_allclose(np.sum((unit @ step) ** 2), noise[0] ** 2, rtol=1e-7)


def test_ridge_leaves_fewer_effective_degrees_of_freedom():
    degrees = [
        float(
            dynamics.fit_ode(
                data(), penalty=dynamics.Ridge(strength)
            ).identifiability.degrees_of_freedom[0]
        )
        for strength in (0.0, 1e-3, 1e-1)
    ]
    assert degrees[0] == pytest.approx(3, rel=1e-9)
    assert 3 > degrees[1] > degrees[2] > 0


def test_the_shipped_table_gives_an_equation_in_one_call():
    names = ("hellaswag", "truthfulqa_mc2", "winogrande")
    fit = dynamics.fit_ode(dynamics.load_table("uniform"), benchmarks=names)
    assert fit.result == RESULTS.successful
    assert fit.terms == ("1", *names)
    assert len(fit.equations()) == 3
    assert "Pythia" in fit.families


def test_float32_gives_the_same_to_its_precision():
    good = data(families=12)
    exact = dynamics.fit_ode(good).coefficients
    small = dynamics.Trajectories(
        good.s.astype("float32"),
        good.x.astype("float32"),
        good.mask,
        good.families,
        good.labs,
        good.models,
        good.benchmarks,
    )
    found = dynamics.fit_ode(small).coefficients
    # Single-precision data: 1e-7 relative, times a condition of some tens and sizes near 10.
    np.testing.assert_allclose(found, exact, atol=1e-3)
