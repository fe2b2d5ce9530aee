"""Power law and isocline: exact curves, another solver, intervals by definition, signs by hand."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from nullcline.common.statistics import mcnemar_p
from nullcline.dynamics.controls import (
    fit_power_law,
    isocline_signs,
    power_law_errors,
    rounding_spread,
)

PARAMS = np.array([7e7, 1.6e8, 4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10])


def curve(params, floor, scale, exponent):
    return floor + scale * (params / 1e9) ** -exponent


def noisy(seed=0, noise=0.01):
    return curve(PARAMS, 1.6, 1.1, 0.25) + np.random.default_rng(seed).normal(0, noise, 8)


def peer(params, values):
    """scipy's Levenberg-Marquardt, started at the truth."""
    return optimize.curve_fit(curve, params, values, p0=(1.6, 1.1, 0.25), maxfev=20_000)[0]


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(1.6, 1.1, 0.25), (0.4, -0.1, 0.8)])
def test_exact_curve_is_recovered(floor, scale, exponent):
    fit = fit_power_law(PARAMS, curve(PARAMS, floor, scale, exponent))
    # Twice refined, the exponent's grid is left with steps of about 1e-7.
    assert (fit.floor, fit.scale, fit.exponent) == pytest.approx((floor, scale, exponent), rel=1e-5)
    np.testing.assert_allclose(fit.at(PARAMS), curve(PARAMS, floor, scale, exponent), rtol=1e-6)


def test_noisy_curve_agrees_with_another_solver():
    values = noisy()
    fit = fit_power_law(PARAMS, values)
    assert (fit.floor, fit.scale, fit.exponent) == pytest.approx(peer(PARAMS, values), rel=1e-3)
    np.testing.assert_allclose(fit.residual, values - fit.at(PARAMS), atol=1e-12)
    assert fit.at("70B") == fit.at(7e10)
    assert fit.at("70B").shape == ()


def test_errors_of_values_left_out():
    values = noisy(1)
    found = power_law_errors(PARAMS, values)
    for i in range(8):
        rest = np.arange(8) != i
        expected = curve(PARAMS[i], *peer(PARAMS[rest], values[rest])) / values[i] - 1
        assert found[i] == pytest.approx(expected, abs=1e-5)
    assert np.isnan(power_law_errors(PARAMS[:5], values[:5])).all()


def test_interval_ends_are_where_the_f_test_turns():
    values = noisy(2)
    fit = fit_power_law(PARAMS, values)
    least = np.sum(fit.residual**2)
    limit = least * (1 + stats.f.ppf(0.95, 1, 5) / 5)
    for exponent in (fit.exponent_low, fit.exponent_high):
        design = np.column_stack([np.ones(8), (PARAMS / 1e9) ** -exponent])
        squares = np.sum((values - design @ np.linalg.lstsq(design, values, rcond=None)[0]) ** 2)
        # The grid's steps are .14 % of the exponent.
        assert squares == pytest.approx(limit, rel=0.03)
        assert squares <= limit * (1 + 1e-9)
    assert fit.floor_low < fit.floor < fit.floor_high


def test_interval_covers_as_often_as_promised():
    covered = [
        fit.exponent_low <= 0.25 <= fit.exponent_high
        for fit in (fit_power_law(PARAMS, noisy(seed, 0.005)) for seed in range(300))
    ]
    # A share of 300 at .95: standard error .013, four of them.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.05)


def test_a_straight_line_in_log_size_has_no_floor():
    values = 3 - 0.5 * np.log10(PARAMS / 1e9) + np.random.default_rng(3).normal(0, 0.02, 8)
    fit = fit_power_law(PARAMS, values)
    assert fit.status == "unbounded"
    assert fit.floor_low == -math.inf


def test_too_few_values():
    assert fit_power_law(PARAMS[:4], noisy()[:4]).status == "underdetermined"


def test_rounding_alone_moves_the_floor_by_as_much_as_it_did():
    exact = curve(PARAMS, 1.6, 1.1, 0.25)
    floors, exponents = rounding_spread(PARAMS, np.round(exact, 2), n_draws=300, seed=4)
    assert floors[0] < 1.6 < floors[1]
    assert exponents[0] < 0.25 < exponents[1]
    # First order: the floor's row of the pseudo-inverse times the sd of a uniform error.
    step = 1e-6
    jacobian = np.column_stack(
        [
            (curve(PARAMS, *(np.array([1.6, 1.1, 0.25]) + step * row)) - exact) / step
            for row in np.eye(3)
        ]
    )
    sd = np.linalg.norm(np.linalg.pinv(jacobian)[0]) * 0.01 / math.sqrt(12)
    assert (floors[1] - floors[0]) / 2 == pytest.approx(1.96 * sd, rel=0.2)  # 300 draws: 10 %


def test_isocline_signs_by_hand():
    """sqrt(0.25 * 0.16) = 0.2 and so on: above the curve the step falls, below it rises."""
    x = np.array([0.16, 0.25, 0.36, 0.49, 0.64])
    edge = np.sqrt(0.25 * x)
    y = edge + np.array([0.1, 0.02, -0.06, -0.05, 0.3])
    # Changes of y: -.03, -.03, +.06, +.4; sides above, above, below, below: all named rightly.
    found = isocline_signs(x, y, coefficient=0.25)
    assert (found.steps, found.correct, found.one_sign) == (4, 4, 2)
    assert (found.isocline_only, found.one_sign_only) == (2, 0)
    assert found.crossings == 2
    flat = isocline_signs(x, np.full(5, 0.3), coefficient=0.25)
    assert (flat.steps, flat.correct) == (0, 0)


def test_mcnemar_in_closed_form():
    assert mcnemar_p(0, 0) == 1
    assert mcnemar_p(6, 0) == pytest.approx(2 / 2**6)
    assert mcnemar_p(5, 1) == pytest.approx(2 * (1 + 6) / 2**6)
