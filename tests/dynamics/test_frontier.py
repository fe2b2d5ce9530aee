"""Frontier panel: least squares by hand, labs left out by hand, planted lab effects, dense REML."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from nullcline.dynamics.controls import (
    decimal_year,
    equal_slopes_p,
    lab_effects,
    lab_lines,
    leave_one_lab_out,
    population_line,
)


def panel(labs, each, *, slope=0.5, lab_sd=0.05, noise=0.03, seed=0):
    generator = np.random.default_rng(seed)
    lab = np.repeat(np.arange(labs), each)
    x = generator.uniform(0.2, 0.9, lab.size)
    y = 0.3 + slope * x + generator.normal(0, lab_sd, labs)[lab]
    return x, y + generator.normal(0, noise, lab.size), lab


def test_dates_as_written():
    assert decimal_year("2025") == 2025.5
    assert decimal_year("2025-01") == pytest.approx(2025 + 0.5 / 12)
    # The 16th of April lies 105.5 of 365 days into the year; months are taken as equal.
    assert decimal_year("2026-04-16") == pytest.approx(2026 + 105.5 / 365, abs=0.01)
    assert np.isnan(decimal_year("spring"))


def test_line_is_ordinary_least_squares():
    x, y, _ = panel(5, 6, seed=1)
    line = population_line(x, y)
    peer: Any = stats.linregress(x, y)
    assert (line.slope, line.intercept, line.r) == pytest.approx(
        (peer.slope, peer.intercept, peer.rvalue), rel=1e-10
    )
    half = stats.t.ppf(0.975, 28) * peer.stderr
    assert (line.slope_low, line.slope_high) == pytest.approx(
        (peer.slope - half, peer.slope + half), rel=1e-10
    )
    np.testing.assert_allclose(line.residual, y - peer.intercept - peer.slope * x, atol=1e-12)


def test_residual_error_joins_both_scores_and_the_line():
    x, y, _ = panel(5, 6, seed=2)
    design = np.column_stack([np.ones_like(x), x])
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    plain = population_line(x, y)
    own = plain.residual_sd**2 * np.diag(hat)
    np.testing.assert_allclose(plain.residual_stderr, np.sqrt(own), rtol=1e-10)
    both = population_line(x, y, x_stderr=np.full(30, 0.02), y_stderr=np.full(30, 0.03))
    expected = np.sqrt(own + (plain.slope * 0.02) ** 2 + 0.03**2)
    np.testing.assert_allclose(both.residual_stderr, expected, rtol=1e-10)
    with pytest.raises(ValueError, match="three models"):
        population_line(x[:2], y[:2])


def test_labs_left_out_by_hand():
    x, y, lab = panel(4, 5, seed=3)
    lab = np.append(lab, 9)  # a lab of one stays in every fit
    x, y = np.append(x, 0.5), np.append(y, 0.6)
    found = leave_one_lab_out(x[:, None], y, lab)
    for name, error in zip(found.labs, found.errors, strict=True):
        out = lab == int(name)
        fitted = np.polyfit(x[~out], y[~out], 1)
        assert error == pytest.approx(np.mean(np.abs(y[out] - np.polyval(fitted, x[out]))))
    assert found.labs == ("0", "1", "2", "3")
    assert found.mean == pytest.approx(np.mean(found.errors))
    mean = leave_one_lab_out(np.empty((21, 0)), y, lab)
    expected = [np.mean(np.abs(y[lab == i] - y[lab != i].mean())) for i in range(4)]
    np.testing.assert_allclose(mean.errors, expected, rtol=1e-10)
    assert np.isnan(leave_one_lab_out(x[:, None], y, np.arange(21)).mean)


def test_random_effects_agree_with_the_full_covariance_matrix():
    """REML written out with the n x n covariance, minimised by another optimiser."""
    x, y, lab = panel(8, 5, seed=4)
    date = np.random.default_rng(5).uniform(2024, 2026, x.size)
    design = np.column_stack([np.ones_like(x), x, date - date.mean()])
    same = (lab[:, None] == lab[None, :]).astype(float)

    def deviance(logs):
        between, within = np.exp(logs)
        v = np.linalg.inv(between * same + within * np.eye(x.size))
        a = design.T @ v @ design
        beta = np.linalg.solve(a, design.T @ v @ y)
        r = y - design @ beta
        return r @ v @ r - np.linalg.slogdet(v)[1] + np.linalg.slogdet(a)[1]

    best = optimize.minimize(
        deviance, np.log([1e-3, 1e-3]), method="Nelder-Mead", options={"xatol": 1e-8}
    )
    between, within = np.exp(best.x)
    v = np.linalg.inv(between * same + within * np.eye(x.size))
    a = np.linalg.inv(design.T @ v @ design)
    beta = a @ design.T @ v @ y
    found = lab_effects(np.column_stack([x, date]), y, lab)
    # Two optimisers of one flat function agree to about the root of their tolerances.
    assert found.lab_sd == pytest.approx(np.sqrt(between), rel=1e-3)
    assert found.residual_sd == pytest.approx(np.sqrt(within), rel=1e-3)
    assert found.slope == pytest.approx(beta[1], rel=1e-4)
    assert found.others[0] == pytest.approx(beta[2], rel=1e-3)
    half = stats.t.ppf(0.975, x.size - 8 - 2) * np.sqrt(a[1, 1])
    assert found.high - found.slope == pytest.approx(half, rel=1e-3)


def test_planted_lab_effects_are_recovered_and_covered():
    covered, lab_sd = [], []
    for seed in range(200):
        x, y, lab = panel(10, 4, seed=seed)
        found = lab_effects(x[:, None], y, lab)
        covered.append(found.low <= 0.5 <= found.high)
        lab_sd.append(found.lab_sd)
    # A share of 200 at .95: standard error .015, four of them.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.062)
    # The mean of 200 estimates of .05, each with a standard error of about .013 over 10 labs.
    assert np.mean(lab_sd) == pytest.approx(0.05, abs=0.005)


def test_no_lab_effect_gives_the_plain_line():
    x, y, lab = panel(10, 4, lab_sd=0.0, seed=3)
    found = lab_effects(x[:, None], y, lab)
    assert found.lab_sd == 0
    assert found.slope == pytest.approx(population_line(x, y).slope, rel=1e-10)


def test_lab_effects_that_cannot_be_told():
    x, y, lab = panel(3, 4, seed=7)
    assert lab_effects(x[:, None], y, np.arange(12)).status == "underdetermined"
    assert lab_effects(np.column_stack([x, 2 * x]), y, lab).status == "underdetermined"
    assert lab_effects(x[:, None], y, np.zeros(12)).status == "underdetermined"


def test_slopes_by_lab_and_their_equality():
    x, y, lab = panel(4, 6, seed=8)
    y = y + 0.4 * x * (lab == 2)
    lines = lab_lines(x, y, lab)
    for name, line in lines.items():
        mine = lab == int(name)
        assert line.slope == pytest.approx(np.polyfit(x[mine], y[mine], 1)[0], rel=1e-9)
    dummies = (lab[:, None] == np.arange(4)).astype(float)

    def squares(design):
        return np.sum((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)

    shared, free = (
        squares(np.column_stack([dummies, x])),
        squares(np.hstack([dummies, dummies * x[:, None]])),
    )
    p = stats.f.sf((shared - free) / 3 / (free / 16), 3, 16)
    assert equal_slopes_p(x, y, lab) == pytest.approx(p, rel=1e-8)
    assert np.isnan(equal_slopes_p(x[:6], y[:6], lab[:6]))
