"""The gate of a shared turn opens for a turn and for nothing that only looks like one."""

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._phases.false_calls import expected_false_calls
from nullcline.dynamics._phases.natural_spline import natural_basis
from nullcline.dynamics._phases.own_slopes import bend_beyond_slopes, slopes_on_level
from nullcline.dynamics._phases.scatter import (
    TYPICAL_DOF,
    TYPICAL_SD,
    Scatter,
    pooled_scatter,
    residuals_about_curve,
)
from nullcline.dynamics._phases.spline import spline_place
from nullcline.dynamics._phases.turn_interval import turn_interval
from nullcline.dynamics.phases import common_turn, current_slope, errors_in_variables_slope

ERROR = 0.017  # of TruthfulQA MC2, binomial
FAMILIES = 16
SCATTER = Scatter(sd=0.015, low=0.0, high=0.02, degrees_of_freedom=40.0, models=75)


def layout():
    """Sixteen families of six models each, from low and short to high and wide ones."""
    starts = np.linspace(0.3, 0.6, FAMILIES)
    x = np.concatenate([np.linspace(low, low + 0.27, 6) for low in starts])
    return x, np.repeat(np.arange(FAMILIES), 6)


def turn_of(curve, seed, error=ERROR):
    x, family = layout()
    generator = np.random.default_rng(seed)
    y = 0.4 + curve(x, family, generator) + error * generator.standard_normal(x.size)
    return common_turn(
        x, y, family.astype(str), y_stderr=np.full(x.size, ERROR), n_boot=200, seed=seed
    )


def own_lines(x, family, generator):
    """Families low on the scale fall, families high on it rise; none turns."""
    mean = np.array([x[family == f].mean() for f in range(FAMILIES)])
    slope = 2 * (mean - mean.mean()) + 0.03 * generator.standard_normal(FAMILIES)
    return slope[family] * (x - mean[family])


def shared_u(x, family, generator):
    return 1.5 * (x - 0.6) ** 2


def convex(x, family, generator):
    """Rises everywhere, ever more steeply."""
    return 0.8 * (x - 0.25) ** 3


def saturating(x, family, generator):
    """Falls everywhere, ever less."""
    return 0.15 * np.exp(-(x - 0.25) / 0.2)


@pytest.mark.slow(reason="a rate over simulated tables")
@pytest.mark.parametrize("curve", [own_lines, convex, saturating])
def test_the_gate_stays_shut_where_nothing_turns(curve):
    # At 5 % four or more of twenty tables open by chance in 1.6 % of runs.
    opened = sum(turn_of(curve, seed).established for seed in range(20))
    assert opened < 4


def test_a_pooled_u_without_a_turn_is_what_the_gate_is_for():
    x, family = layout()
    data = within_families(x, own_lines(x, family, np.random.default_rng(0)), family)
    curvature = np.polyfit(data.x, data.centred(data.y) + 0.4, 2)[0]
    assert curvature > 0.5
    assert abs(bend_beyond_slopes(data).curvature) < 1e-9
    level = slopes_on_level(data, noise=1e-6)
    assert level.low > 1
    assert level.slope == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("off", [0.0, 1e-15])
def test_families_of_one_level_say_nothing_of_level(off):
    x = np.tile(np.linspace(0.4, 0.8, 6), 3) + np.repeat([0.0, off, 2 * off], 6)
    data = within_families(x, x**2, np.repeat(["a", "b", "c"], 6))
    assert np.isnan(slopes_on_level(data, noise=1e-6).slope)


def test_a_shared_turn_is_established_and_its_place_is_held():
    turns = [turn_of(shared_u, seed) for seed in range(10)]
    assert sum(turn.established for turn in turns) >= 9
    # Nine and a half of ten are expected; seven or fewer happen in 1.2 % of runs.
    assert sum(turn.low < 0.6 < turn.high for turn in turns) >= 8
    assert min(turn.power for turn in turns) > 0.8


def test_no_place_is_given_where_none_is_established():
    turn = turn_of(own_lines, 1)
    assert not turn.established
    assert np.isnan(turn.place)
    assert (turn.low, turn.high) == (-np.inf, np.inf)
    assert turn.estimators.keys() >= {"natural_spline", "slope_test_inversion"}


def test_two_families_are_too_few_for_the_gate():
    x, family = layout()
    two = family < 2
    turn = common_turn(x[two], 0.4 + 1.5 * (x[two] - 0.45) ** 2, family[two].astype(str), n_boot=50)
    assert np.isnan(turn.gate_p)
    assert not turn.established


def test_the_uniform_table_shows_level_and_no_shared_turn():
    diagnosis = dynamics.diagnose(dynamics.load_table("uniform"), n_boot=400)
    turn = diagnosis.common_turn["reasoning"]
    assert not turn.established
    assert turn.own_slopes_r2 == pytest.approx(0.855, abs=0.0005)
    assert turn.common_bend_r2 == pytest.approx(0.859, abs=0.0005)
    assert diagnosis.level.low > 0
    assert diagnosis.expected_false_calls < 1
    assert not diagnosis.turning.families


def test_a_turn_made_in_the_uniform_table_moves_the_verdict():
    frame = dynamics.load_table("uniform").frame.drop(columns="row")
    bent = frame.assign(truthfulqa_mc2=0.35 + 1.5 * (frame["hellaswag"] - 0.62) ** 2)
    turn = dynamics.diagnose(bent, n_boot=200).common_turn["reasoning"]
    assert turn.established
    assert turn.place == pytest.approx(0.62, abs=0.02)


def test_the_spline_follows_a_curve_that_is_steeper_on_one_side():
    x, family = layout()
    d = x - 0.6
    data = within_families(x, np.where(d < 0, 0.75, 3.0) * d * d, family)
    place = spline_place(data)
    assert place is not None
    low, high = turn_interval(data, noise=1e-6, place=place.place)
    assert low < 0.6 < high
    assert place.within_r2 > 0.97


def test_the_natural_basis_is_linear_beyond_its_knots():
    knots = np.array([0.0, 0.3, 0.7, 1.0])
    x = np.linspace(1.0, 2.0, 11)
    second = np.diff(natural_basis(x, knots), n=2, axis=0)
    assert np.max(np.abs(second)) < 1e-12


def test_the_typical_scatter_is_that_of_the_shipped_table():
    table = dynamics.load_table("uniform")
    frame = table.frame.assign(stderr=table.stderr("truthfulqa_mc2"))
    frame = frame.dropna(subset=["hellaswag", "truthfulqa_mc2"]).sort_values("params")
    residuals = [
        residuals_about_curve(
            np.log10(group["params"].to_numpy(float)),
            group["truthfulqa_mc2"].to_numpy(),
            group["stderr"].to_numpy(),
        )
        for _, group in frame.groupby("family")
    ]
    known = [family for family in residuals if family is not None]
    excess = sum(f.squares - f.expected for f in known) / sum(f.dof for f in known)
    assert np.sqrt(excess) == pytest.approx(TYPICAL_SD, abs=5e-5)
    assert sum(f.dof for f in known) == TYPICAL_DOF


def test_planted_scatter_is_found_again():
    generator = np.random.default_rng(3)
    size = np.linspace(8, 11, 8)
    families = [
        residuals_about_curve(
            size, 0.02 * (size - 9) ** 2 + 0.03 * generator.standard_normal(8), np.full(8, 0.01)
        )
        for _ in range(200)
    ]
    scatter = pooled_scatter(families)
    # 1,000 degrees of freedom: the variance .0009 is known to 4.5 %, the sd beyond .01 to 2.5 %.
    assert scatter.sd == pytest.approx(np.sqrt(0.03**2 - 0.01**2), rel=0.08)
    assert scatter.low < scatter.sd < scatter.high


def test_scatter_widens_a_slope_of_two_models():
    x, y = np.array([0.5, 0.6]), np.array([0.45, 0.38])
    x_stderr, y_stderr = np.full(2, 0.005), np.full(2, ERROR)
    plain = errors_in_variables_slope(x, y, x_stderr=x_stderr, y_stderr=y_stderr)
    wide = errors_in_variables_slope(x, y, x_stderr=x_stderr, y_stderr=y_stderr, scatter=SCATTER)
    assert wide.gamma == pytest.approx(plain.gamma, rel=0.02)
    assert wide.low < plain.low
    assert plain.high < wide.high


def test_expected_false_calls_are_those_of_the_real_rule():
    generator = np.random.default_rng(4)
    x = np.linspace(0.4, 0.75, 5)
    errors = np.full(5, ERROR)
    calls = [
        current_slope(
            x,
            0.42 + np.hypot(ERROR, 0.015) * generator.standard_normal(5),
            x_stderr=np.full(5, 0.005),
            y_stderr=errors,
            scatter=SCATTER,
        ).phase
        for _ in range(400)
    ]
    share = np.mean([phase in ("tax", "bonus") for phase in calls])
    expected = expected_false_calls([(x, errors)], scatter=SCATTER)
    # Binomial error of 400 tables at .03 is .0085.
    assert share == pytest.approx(expected, abs=0.026)
