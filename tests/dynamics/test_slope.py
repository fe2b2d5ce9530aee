"""Slopes with error in both scores: against Fieller's closed form, and by coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from nullcline.dynamics._phases.slope import phase_of
from nullcline.dynamics.phases import current_slope, errors_in_variables_slope


def slope(x, y, x_stderr, y_stderr):
    x, y = np.asarray(x, float), np.asarray(y, float)
    return errors_in_variables_slope(
        x,
        y,
        x_stderr=np.broadcast_to(np.asarray(x_stderr, float), x.shape),
        y_stderr=np.broadcast_to(np.asarray(y_stderr, float), y.shape),
    )


def fieller(dx, dy, vx, vy):
    """Closed form of the 95 % set of dy/dx for independent normals, where it is an interval."""
    q = stats.norm.ppf(0.975) ** 2
    a, b, c = dx**2 - q * vx, -2 * dx * dy, dy**2 - q * vy
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


@pytest.mark.parametrize(("dx", "dy"), [(0.3, 0.1), (0.3, -0.1), (-0.2, 0.05), (0.05, 0.2)])
def test_two_models_give_fiellers_interval(dx, dy):
    found = slope([0.4, 0.4 + dx], [0.5, 0.5 + dy], 0.01, 0.02)
    low, high = fieller(dx, dy, 2 * 0.01**2, 2 * 0.02**2)
    # The crossing is found by root finding to 1e-12 of an angle.
    assert found.low == pytest.approx(low, abs=1e-8)
    assert found.high == pytest.approx(high, abs=1e-8)
    assert found.gamma == pytest.approx(dy / dx, rel=1e-4)  # minimiser's own tolerance, 1e-5 rad


def test_a_denominator_that_could_be_zero_leaves_the_slope_unbounded():
    found = slope([0.50, 0.51], [0.4, 0.5], 0.01, 0.01)
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.phase == "undetermined"


def test_probabilities_agree_with_simulated_ratios():
    found = slope([0.4, 0.6], [0.5, 0.47], 0.01, 0.02)
    generator = np.random.default_rng(1)
    ratio = generator.normal(-0.03, 0.02 * 2**0.5, 400_000) / generator.normal(
        0.2, 0.01 * 2**0.5, 400_000
    )
    # Four Monte Carlo standard errors of 400,000 draws; dx is never near zero here.
    assert found.p_tax == pytest.approx(np.mean(ratio < -0.1), abs=0.003)
    assert found.p_bonus == pytest.approx(np.mean(ratio > 0.1), abs=0.003)


def test_interval_covers_a_planted_slope():
    generator = np.random.default_rng(3)
    x = np.linspace(0.3, 0.7, 6)
    covered = 0
    for _ in range(300):
        found = slope(
            x + generator.normal(0, 0.01, 6),
            0.5 - 0.3 * x + generator.normal(0, 0.02, 6),
            0.01,
            0.02,
        )
        covered += found.low <= -0.3 <= found.high
    # 95 % nominal; four standard errors of 300 draws are 5 points. Rather too wide by design.
    assert covered / 300 > 0.90


def test_scatter_beyond_the_errors_widens_the_interval():
    x = np.linspace(0.3, 0.7, 6)
    y = 0.5 - 0.3 * x
    straight = slope(x, y, 0.005, 0.005)
    bent = slope(x, y + 0.03 * np.array([1, -1, 1, -1, 1, -1]), 0.005, 0.005)
    assert bent.high - bent.low > 5 * (straight.high - straight.low)
    assert bent.misfit_p < 1e-6 < straight.misfit_p


@pytest.mark.parametrize(
    ("low", "high", "phase"),
    [
        (-0.5, -0.11, "tax"),
        (0.11, 3.0, "bonus"),
        (-0.09, 0.09, "transition"),
        (-0.5, 0.0, "undetermined"),
        (-math.inf, math.inf, "undetermined"),
    ],
)
def test_a_phase_is_named_only_if_the_interval_leaves_no_other(low, high, phase):
    assert phase_of(low, high) == phase


def test_the_current_slope_forgets_sizes_before_a_turn():
    x = np.linspace(0.3, 0.9, 7)
    y = 0.35 + np.abs(x - 0.6)
    errors = np.full(7, 0.005)
    now = current_slope(x, y, x_stderr=errors, y_stderr=errors)
    whole = errors_in_variables_slope(x, y, x_stderr=errors, y_stderr=errors)
    assert now.phase == "bonus"
    assert now.gamma == pytest.approx(1.0, abs=0.1)  # planted slope 1 after the turn
    assert now.models < 7
    assert whole.phase == "undetermined"


def test_a_constant_slope_is_measured_on_all_models():
    x = np.linspace(0.3, 0.9, 7)
    errors = np.full(7, 0.01)
    assert current_slope(x, 0.6 - 0.3 * x, x_stderr=errors, y_stderr=errors).models == 7


def test_unknown_errors_leave_the_phase_open():
    found = slope([0.3, 0.5], [0.4, 0.3], math.nan, 0.01)
    assert found.gamma == pytest.approx(-0.5)
    assert found.phase == "undetermined"
    assert math.isinf(found.low)


def test_misuse_is_named():
    with pytest.raises(ValueError, match="two models"):
        slope([0.3], [0.4], 0.01, 0.01)
    with pytest.raises(ValueError, match="positive"):
        slope([0.3, 0.4], [0.4, 0.3], 0.0, 0.01)
