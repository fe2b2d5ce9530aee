"""What would settle a family's turn: against u_test, brute force, and families made for it."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from nullcline import dynamics
from nullcline.dynamics._phases.next_measurement import _with_more_items

SIZES = np.array([8.0, 8.5, 9.0, 9.5, 10.0])
ERROR = 0.01
ITEMS = 2500  # a score of one half then has the error above


def planted(turn: float, *, sizes=SIZES, bend: float = 0.08, noise: float = 0.0, seed: int = 0):
    """A family that turns at `turn`, with scores about one half."""
    draw = np.random.default_rng(seed).normal(0, noise, len(sizes)) if noise else 0
    return 0.45 + bend * (sizes - turn) ** 2 + draw


def settle(truth, **settings):
    errors = np.full(len(SIZES), ERROR)
    settings = {"items": ITEMS, "draws": 400, **settings}
    return dynamics.next_measurements(SIZES, truth, truth_stderr=errors, **settings)


def test_the_curve_is_the_weighted_textbook_one():
    truth = planted(9.1, noise=ERROR)
    curve = dynamics.family_curve(SIZES, truth, y_stderr=np.full(5, ERROR))
    assert curve is not None
    expected = np.polyfit(SIZES, truth, 2)
    grid = np.linspace(7.5, 10.5, 7)
    # Two ways of solving the same least squares; both are well conditioned.
    np.testing.assert_allclose(curve(grid), np.polyval(expected, grid), atol=1e-10)
    design = np.vander(SIZES, 3)
    residual = truth - design @ expected
    variance = max((residual @ residual + 8 * ERROR**2) / (2 + 8), ERROR**2)
    place = np.vander([9.7], 3)[0]
    spread = np.sqrt(variance * place @ np.linalg.inv(design.T @ design) @ place)
    low, high = curve.band(np.array([9.7]))
    half = stats.t.ppf(0.975, 10) * spread
    np.testing.assert_allclose(high - low, 2 * half, rtol=1e-6)


def test_the_band_covers_the_curve_at_the_stated_rate():
    sizes, errors = SIZES, np.full(5, ERROR)
    hits = 0
    for seed in range(400):
        curve = dynamics.family_curve(sizes, planted(9.2, noise=ERROR, seed=seed), y_stderr=errors)
        assert curve is not None
        low, high = curve.band(np.array([8.7]))
        hits += bool(low[0] <= planted(9.2, sizes=np.array([8.7]))[0] <= high[0])
    # Never below the known noise, so at or above 95 %; three binomial errors below it.
    assert hits / 400 > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_further_questions_move_scores_as_a_normal_model_of_them_says():
    truth, errors, extra = planted(9.1, noise=0.02), np.full(5, ERROR), 3 * ITEMS
    curve = dynamics.family_curve(SIZES, truth, y_stderr=errors)
    assert curve is not None
    scatter = 0.02**2
    curve = dataclasses.replace(curve, covariance=np.zeros((3, 3)), scatter=scatter)
    random = np.random.default_rng(0)
    _, outcomes, noise = _with_more_items(curve, SIZES, truth, errors, ITEMS, extra, 40_000, random)
    # Known curve: the true score is normal about the precision-weighted mean of curve and score.
    precision = 1 / scatter + 1 / ERROR**2
    true = (curve(SIZES) / scatter + truth / ERROR**2) / precision
    new = ERROR**2 * ITEMS / extra
    np.testing.assert_allclose(outcomes.mean(axis=0), truth / 4 + true * 3 / 4, atol=2e-4)
    np.testing.assert_allclose(
        outcomes.std(axis=0), 3 / 4 * np.sqrt(1 / precision + new), rtol=0.02
    )
    assert noise == pytest.approx(ERROR**2 / 4)


def test_what_is_open_now_is_the_interval_of_the_u_test():
    truth = planted(9.1)
    found = dynamics.u_test(SIZES, truth, y_stderr=np.full(5, ERROR))
    assert found.status == "bracketed"
    now = settle(truth)
    # The window is looked at in 240 steps; each end may be off by one.
    step = (now.window[1] - now.window[0]) / 240
    assert now.width == pytest.approx(found.high - found.low, abs=2 * step)


def test_an_outcome_that_can_be_computed_by_hand_is_averaged_as_brute_force_does():
    truth, size, draws = planted(10.4, bend=0.05), 11.0, 400
    found = settle(truth, sizes=[size], more_items=[], draws=draws).candidates[0]
    curve = dynamics.family_curve(SIZES, truth, y_stderr=np.full(5, ERROR))
    assert curve is not None
    random = np.random.default_rng(99)
    place = (size - curve.centre) / curve.scale
    row = np.array([1, place, place**2])
    middle, spread = row @ curve.coefficients, np.sqrt(row @ curve.covariance @ row)
    inside = 0
    for _ in range(draws):
        true = np.clip(middle + spread * random.standard_t(curve.degrees_of_freedom), 0, 1)
        new = true + random.normal(0, np.sqrt(true * (1 - true) / ITEMS))
        errors = np.append(np.full(5, ERROR), np.sqrt(true * (1 - true) / ITEMS))
        test = dynamics.u_test(np.append(SIZES, size), np.append(truth, new), y_stderr=errors)
        inside += test.status == "bracketed"
    # Two Monte Carlo shares of 400 draws each: three of their standard errors.
    assert 0.1 < inside / draws < 0.9
    assert found.bracketed == pytest.approx(inside / draws, abs=3 * np.sqrt(2 * 0.25 / draws))


def test_the_most_useful_size_lies_on_the_side_that_nobody_has_seen():
    falling = settle(planted(10.3, bend=0.03), more_items=[])
    assert falling.candidates[0].log10_params > SIZES[-1]
    rising = settle(planted(7.7, bend=0.03), more_items=[])
    assert rising.candidates[0].log10_params < SIZES[0]


def test_more_questions_narrow_more_and_almost_none_change_nothing():
    found = settle(planted(9.8, bend=0.03), sizes=[], more_items=[1, ITEMS, 10 * ITEMS])
    width = {candidate.items: candidate.width for candidate in found.candidates}
    assert width[10 * ITEMS] < width[ITEMS] < width[1]
    # One question in 2,501 moves a score by 4e-4 of itself.
    assert width[1] == pytest.approx(found.width, rel=0.02)
    assert all(c.gain == pytest.approx(found.width - c.width) for c in found.candidates)


def test_candidates_are_ranked_and_repeat():
    once, again = settle(planted(9.5)), settle(planted(9.5))
    assert once == again
    widths = [candidate.width for candidate in once.candidates]
    assert widths == sorted(widths)
    assert len(widths) == 12


def test_too_little_to_simulate_from_is_an_answer():
    two = dynamics.next_measurements(
        SIZES[:2], np.array([0.5, 0.4]), truth_stderr=np.full(2, ERROR), items=ITEMS
    )
    assert (two.status, two.candidates) == ("underdetermined", ())
    assert two.width == pytest.approx(2.5)
    unknown = dynamics.next_measurements(
        SIZES, planted(9), truth_stderr=np.full(5, np.nan), items=ITEMS
    )
    assert unknown.status == "underdetermined"


def test_senseless_settings_are_refused():
    with pytest.raises(ValueError, match="draws is 1"):
        settle(planted(9), draws=1)
    with pytest.raises(ValueError, match="items 0"):
        settle(planted(9), items=0)
