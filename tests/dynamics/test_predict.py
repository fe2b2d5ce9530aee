"""The forecaster on planted systems and on the shipped table."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from planted_families import BENCHMARKS, DRIFT, PLANTED, planted
from scipy.optimize import least_squares

from nullcline import dynamics
from nullcline.dynamics._forecast.forecast import _candidate
from nullcline.dynamics._forecast.forecast_fit import (
    ForecastSetting,
    Shooting,
    eliminate,
    penalty_weights,
    system_matrix,
    to_scores,
    to_state,
)
from nullcline.dynamics._forecast.linear_flow import linear_flow
from nullcline.dynamics._forecast.protocol import held_out_groups


def test_state_and_scores_are_those_of_log_odds():
    coordinates = PLANTED.coordinates(BENCHMARKS)
    assert coordinates.floor == pytest.approx((0.2, 0.0, 0.4))
    scores = np.array([[0.3, 0.4, 0.6], [0.1, 0.999, 0.45]])
    floor = np.array(coordinates.floor)
    state = to_state(scores, floor)
    np.testing.assert_allclose(state, coordinates.state(jnp.array(scores)), atol=1e-12)
    np.testing.assert_allclose(
        to_scores(state, floor), coordinates.scores(jnp.array(state)), atol=1e-12
    )


def test_clock_is_log10_n_at_exponent_zero_and_its_limit():
    sizes = np.array([8.0, 9.5, 11.0])
    np.testing.assert_array_equal(ForecastSetting(clock=0.0).time(sizes), sizes - 9.5)
    np.testing.assert_allclose(ForecastSetting(clock=1e-9).time(sizes), sizes - 9.5, atol=1e-7)
    slow = ForecastSetting(clock=0.1)
    # The clock's speed at size N is (N / 10^9.5)^-a.
    speed = np.diff(slow.time(np.array([10.4999, 10.5001])))[0] / 2e-4
    assert speed == pytest.approx(10**-0.1, rel=1e-6)


def test_planted_system_is_recovered():
    drift = dynamics.forecast.fit_setting(planted(), PLANTED)
    # Exact data; what remains is the ridge of 1e-9 along weakly determined directions.
    np.testing.assert_allclose(drift, DRIFT, atol=1e-3)


def test_gauss_newton_reaches_the_minimum_that_scipy_finds():
    cohort = planted(noise=0.02, seed=3)
    setting = dataclasses.replace(PLANTED, ridge=1e-3)
    shooting = Shooting.from_families(cohort.families, BENCHMARKS, setting)
    penalty = penalty_weights(setting, 3)
    root = np.sqrt(shooting.weight)

    def residual(flat):
        end = linear_flow(
            system_matrix(flat.reshape(3, 4))[None], shooting.start, shooting.duration
        )
        size = np.abs(to_scores(end[:, 1:], shooting.floor) - shooting.target)
        # Half the square of this is Huber's loss.
        loss = np.where(size < 0.05, size**2 / 2, 0.05 * (size - 0.025))
        return np.concatenate([(root * np.sqrt(2 * loss)).ravel(), np.sqrt(penalty) * flat])

    found = dynamics.forecast.fit_setting(cohort, setting)
    independent = least_squares(residual, np.zeros(12), xtol=1e-12, ftol=1e-12)
    value = np.sum(residual(found.ravel()) ** 2) / 2
    # The fit stops when the objective falls by less than 1e-5 of itself.
    assert value <= independent.cost * (1 + 1e-3)


def test_left_out_families_are_predicted_as_a_refit_would():
    cohort = planted(count=10, noise=0.01, seed=5)
    setting = dataclasses.replace(PLANTED, ridge=1e-3)
    groups = held_out_groups(cohort.families, leave="family", given=1)
    shooting = Shooting.from_families(cohort.families, BENCHMARKS, setting)
    drift = dynamics.forecast.fit_setting(cohort, setting)
    candidate = _candidate(cohort, setting, shooting, drift, groups, 1)
    for g in range(len(groups)):
        rest = dataclasses.replace(
            cohort, families=tuple(f for i, f in enumerate(cohort.families) if i != g)
        )
        family = cohort.families[g]
        refit = dynamics.fit_forecaster(rest, settings=[setting])
        exact = refit.scores(family.scores[:1], family.log10_n[:1], family.log10_n[1:])
        # One Newton step instead of a refit: an error of second order in what a family moves.
        np.testing.assert_allclose(candidate.predictions[g], exact, atol=0.015)


def test_elimination_is_the_refit_of_the_quadratic():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6))
    curvature, best = root @ root.T + np.eye(6), rng.normal(size=6)
    values, kept = eliminate(best[None], np.linalg.inv(curvature)[None], 1)
    losses = []
    for dropped in range(6):
        rest = [i for i in range(6) if i != dropped]
        moved = np.zeros(6)
        moved[rest] = best[rest] + np.linalg.solve(
            curvature[np.ix_(rest, rest)], curvature[rest, dropped] * best[dropped]
        )
        losses.append(((moved - best) @ curvature @ (moved - best), dropped, moved))
    _, dropped, moved = min(losses, key=lambda item: item[0])
    assert not kept[0, dropped]
    np.testing.assert_allclose(values[0], moved, atol=1e-12)


def test_forecast_is_the_integral_of_its_own_ode():
    cohort = planted()
    forecaster = dynamics.fit_forecaster(cohort, settings=[PLANTED])
    family = cohort.families[0]
    clock = PLANTED.time(family.log10_n)
    solved = dynamics.integrate(
        forecaster.ode(), jnp.array(family.scores[0]), log10_n=jnp.array(clock)
    )
    predicted = dynamics.predict(
        forecaster, family.scores[0], log10_n=family.log10_n, start=family.log10_n[0]
    )
    # The solver's tolerance, and exact data.
    np.testing.assert_allclose(np.asarray(solved.x), predicted.scores, atol=1e-5)
    np.testing.assert_allclose(predicted.scores, family.scores, atol=1e-4)
    assert (predicted.low <= predicted.scores).all()
    assert (predicted.scores <= predicted.high).all()
    assert predicted.result == "successful"


def test_several_given_models_move_the_state_and_bend_the_drift():
    cohort = planted(noise=0.01)
    base = dynamics.fit_forecaster(cohort, settings=[PLANTED], given=2)
    family = cohort.families[1]
    seen, sizes = family.scores[:2], family.log10_n[:2]
    grid = sizes[1] + np.array([0.0, 0.5])

    def scores(gain, pull):
        tracking = dynamics.forecast.Tracking(gain=gain, pull=pull)
        return dataclasses.replace(base, tracking=tracking).scores(seen, sizes, grid)

    np.testing.assert_allclose(scores(1.0, np.inf)[0], seen[1], atol=1e-12)
    alone = base.scores(seen[:1], sizes[:1], grid)
    np.testing.assert_allclose(scores(0.0, np.inf), alone, atol=1e-12)
    halfway = scores(0.5, np.inf)[0]
    assert (np.abs(halfway - seen[1]) <= np.abs(alone[0] - seen[1]) + 1e-12).all()
    np.testing.assert_allclose(scores(0.5, 1e9), scores(0.5, np.inf), atol=1e-8)
    assert np.abs(scores(0.5, 0.1)[1] - scores(0.5, np.inf)[1]).max() > 1e-4


def test_bands_cover_unseen_planted_families():
    train, fresh = planted(count=20, noise=0.02, seed=1), planted(count=60, noise=0.02, seed=2)
    settings = [dataclasses.replace(PLANTED, ridge=r) for r in (1e-4, 1e-3, 1e-2)]
    forecaster = dynamics.fit_forecaster(train, settings=settings, level=0.9)
    inside = []
    for family in fresh.families:
        grid = family.log10_n[1:]
        scores = forecaster.scores(family.scores[:1], family.log10_n[:1], grid)
        low, high = forecaster.interval(scores, float(family.log10_n[0]), grid)
        inside.append(((low <= family.scores[1:]) & (family.scores[1:] <= high)).mean())
    # The quantile of 20 families has a standard error of .07; three of them around .9.
    assert 0.7 < np.mean(inside) <= 1.0


def test_llama_2_from_its_smallest_model():
    held = dynamics.hold_out(dynamics.load_table("uniform"), "llama-2")
    assert "Llama-2" not in held.trained_on
    assert held.given == ("meta-llama/Llama-2-7b-hf",)
    assert held.predicted.shape == held.observed.shape == (2, 5)
    # The mission's target for this family.
    assert held.mae_relative < 0.04
    assert held.mae == pytest.approx(np.abs(held.predicted - held.observed).mean())
    reference = held.baselines["anchored slope"][0]
    assert held.skill == pytest.approx(1 - held.mae / reference)
    assert held.beaten_by == ()
    assert ((held.low < held.predicted) & (held.predicted < held.high)).all()


@pytest.mark.slow(reason="fits and validates a forecaster")
def test_extension_of_a_users_family(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "family,model,params,hellaswag,truthfulqa_mc2,arc_challenge\n"
        "mine,m1,1e9,0.60,0.36,0.35\nmine,m3,3e9,0.70,0.36,0.42\nmine,m7,7e9,0.75,0.37,0.47\n"
    )
    table = dynamics.read_scores(path)
    further = dynamics.extend(table, "mine", params=[3e10, 7e10])
    assert further.benchmarks == ("hellaswag", "truthfulqa_mc2", "arc_challenge")
    assert further.given == ("m1", "m3", "m7")
    assert np.isnan(further.observed).all()
    assert (further.predicted[1, [0, 2]] > further.predicted[0, [0, 2]]).all()
    assert ((further.high - further.low)[1] > (further.high - further.low)[0]).all()
    named = dynamics.extend(table, "mine", params=["70B", 3e10])
    np.testing.assert_array_equal(named.params, further.params)
    np.testing.assert_array_equal(named.predicted, further.predicted)
    with pytest.raises(ValueError, match="params holds '70Q', which is no count; write 70B"):
        dynamics.extend(table, "mine", params="70Q")
    with pytest.raises(ValueError, match="params must be above 7e\\+09"):
        dynamics.extend(table, "mine", params=1e9)
    with pytest.raises(ValueError, match="no family 'yours'"):
        dynamics.extend(table, "yours", params=1e11)


def test_bad_input_is_named():
    table = dynamics.load_table("uniform")
    with pytest.raises(ValueError, match="no family 'Nope'"):
        dynamics.hold_out(table, "Nope")
    with pytest.raises(ValueError, match="DeciLM cannot be held out: it has too few sizes"):
        dynamics.hold_out(table, "DeciLM")
    forecaster = dynamics.fit_forecaster(planted(), settings=[PLANTED])
    good = np.array([0.5, 0.4, 0.6])
    with pytest.raises(ValueError, match="must rise strictly"):
        dynamics.predict(forecaster, [good, good], log10_n=[10.0], start=[9.0, 9.0])
    with pytest.raises(ValueError, match="fractions between 0 and 1"):
        dynamics.predict(forecaster, good * np.nan, log10_n=[10.0], start=9.0)
    with pytest.raises(ValueError, match="give a row of hellaswag"):
        dynamics.predict(forecaster, good[:2], log10_n=[10.0], start=9.0)
    with pytest.raises(ValueError, match="at or above"):
        dynamics.predict(forecaster, good, log10_n=[8.0], start=9.0)
    with pytest.raises(ValueError, match="no settings"):
        dynamics.fit_forecaster(planted(), settings=[])
    with pytest.raises(ValueError, match="level is 1"):
        dynamics.fit_forecaster(planted(), settings=[PLANTED], level=1.0)


def test_long_range_names_what_the_system_does():
    cohort = planted()
    forecaster = dynamics.fit_forecaster(cohort, settings=[PLANTED])
    ahead = dynamics.forecast.long_range(forecaster, cohort)
    expected = np.sort_complex(np.linalg.eigvals(DRIFT[:, 1:].astype(complex)))
    np.testing.assert_allclose(np.sort_complex(ahead.eigenvalues[0]), expected, atol=0.01)
    assert ahead.growing == int((expected.real > 0).any())
    family = cohort.families[0]
    one_more = forecaster.scores(family.scores[-1:], family.log10_n[-1:], family.log10_n[-1:] + 1)
    np.testing.assert_allclose(ahead.beyond[0], one_more[0])
    fallen = {
        (cohort.families[f].name, BENCHMARKS[b])
        for f, b in zip(*np.nonzero(ahead.beyond < ahead.largest - 0.01), strict=True)
    }
    assert set(ahead.reversals) == fallen
    with pytest.raises(ValueError, match="factor is 1"):
        dynamics.forecast.long_range(forecaster, cohort, factor=1.0)
