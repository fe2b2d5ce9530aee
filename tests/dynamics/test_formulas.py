"""Constants inside formulas: each against the same figure computed in another way, to rounding.

Tests of behaviour (coverage, planted values) do not see a degree of freedom more or less.
"""

import dataclasses
import math

import numpy as np
import pytest
from scipy import optimize, stats

from nullcline import dynamics
from nullcline.dynamics._phases.critical_inversion import _accepted
from nullcline.dynamics._phases.random_effects import mean_of_effects
from nullcline.dynamics._phases.scatter import Scatter
from nullcline.dynamics._statistics.correlation import pearson
from nullcline.dynamics._tables.results.lm_eval import _items_if_fewer
from nullcline.dynamics.phases import errors_in_variables_slope

X = np.array([0.30, 0.35, 0.47, 0.52, 0.60, 0.71])
Y = np.array([0.41, 0.43, 0.39, 0.44, 0.37, 0.36])
#: So little error in x that the line is that of least squares, to 1e-6.
EXACT = np.full(6, 1e-9)


def least_squares(error):
    """Slope, its standard error for known errors of y, and chi-square of the residuals."""
    slope, intercept = np.polyfit(X, Y, 1)
    squares = float(((Y - intercept - slope * X) ** 2).sum()) / error**2
    return float(slope), error / math.sqrt(((X - X.mean()) ** 2).sum()), squares


def test_scatter_within_the_errors_is_judged_by_chi_square_of_n_minus_two():
    found = errors_in_variables_slope(X, Y, x_stderr=EXACT, y_stderr=np.full(6, 0.05))
    slope, stderr, squares = least_squares(0.05)
    assert squares < 4  # no more scatter than errors: the known errors decide
    assert found.misfit_p == pytest.approx(stats.chi2.sf(squares, 6 - 2), rel=1e-6)
    half = stats.norm.ppf(0.975) * stderr
    assert (found.low, found.high) == pytest.approx((slope - half, slope + half), abs=1e-5)
    assert found.p_tax == pytest.approx(stats.norm.cdf((-0.1 - slope) / stderr), rel=1e-4)
    assert found.p_bonus == pytest.approx(stats.norm.sf((0.1 - slope) / stderr), rel=1e-3)


def test_scatter_beyond_the_errors_is_judged_by_t_of_n_minus_two():
    found = errors_in_variables_slope(X, Y, x_stderr=EXACT, y_stderr=np.full(6, 0.01))
    slope, stderr, squares = least_squares(0.01)
    stderr *= math.sqrt(squares / (6 - 2))  # the residuals' own
    half = stats.t.ppf(0.975, 6 - 2) * stderr
    assert (found.low, found.high) == pytest.approx((slope - half, slope + half), abs=1e-5)
    below = stats.t.cdf((-0.1 - slope) / stderr, 6 - 2)
    assert found.p_tax == pytest.approx(below, rel=1e-4)


def test_a_borrowed_scatter_brings_its_own_degrees_of_freedom():
    scatter = Scatter(sd=0.04, low=0.03, high=0.05, degrees_of_freedom=7.0, models=9)
    error = math.hypot(0.03, 0.04)
    found = errors_in_variables_slope(
        X, Y, x_stderr=EXACT, y_stderr=np.full(6, 0.03), scatter=scatter
    )
    slope, stderr, _ = least_squares(error)
    half = stats.t.ppf(0.975, 7) * stderr
    assert (found.low, found.high) == pytest.approx((slope - half, slope + half), abs=1e-5)


def test_the_mean_of_families_is_that_of_hartung_knapp_about_paule_mandels_variance():
    effect = np.array([-0.5, 0.3, 0.1, 0.9, -0.2])
    variance = np.array([0.02, 0.05, 0.01, 0.04, 0.03])

    def squares(tau2):
        weight = 1 / (variance + tau2)
        mean = np.average(effect, weights=weight)
        return float(weight @ (effect - mean) ** 2), mean, float(weight.sum())

    root = optimize.root_scalar(lambda t: squares(t)[0] - (5 - 1), bracket=(0, 10), xtol=1e-14)
    tau2 = float(root.root)
    over, mean, weights = squares(tau2)
    half = stats.t.ppf(0.975, 5 - 1) * math.sqrt(over / (5 - 1) / weights)
    found = mean_of_effects(effect, variance)
    assert found.between_sd == pytest.approx(math.sqrt(tau2), rel=1e-6)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (mean, mean - half, mean + half), rel=1e-6
    )


def test_effects_that_agree_keep_the_width_that_their_errors_give():
    effect, variance = np.array([0.10, 0.11, 0.12]), np.full(3, 0.04)
    half = stats.t.ppf(0.975, 3 - 1) * math.sqrt(0.04 / 3)
    found = mean_of_effects(effect, variance)
    assert found.between_sd == 0
    assert found.high - found.mean == pytest.approx(half, rel=1e-9)


def test_effects_of_one_error_have_the_plain_mean_and_what_exceeds_the_error_between_them():
    values, known = np.array([0.0, 0.1, 0.35]), 0.06**2
    found = mean_of_effects(values, np.full(3, known))
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / math.sqrt(3)
    assert found.mean == pytest.approx(0.15)
    assert found.high - found.low == pytest.approx(2 * half, rel=1e-6)
    assert found.between_sd**2 == pytest.approx(np.var(values, ddof=1) - known, rel=1e-6)


@pytest.mark.parametrize(("known", "floor"), [(0.001, False), (0.05, True)])
def test_the_noise_of_a_quadratic_is_the_weighted_mean_of_both_and_never_below_the_known(
    known, floor
):
    x = np.linspace(8.0, 11.0, 6)
    y = 0.35 + 0.04 * (x - 9.5) ** 2 + 0.004 * np.array([1, -1, -1, 1, 1, -1.0])
    found = dynamics.u_test(x, y, y_stderr=np.full(6, known), prior_degrees=8.0)
    design = np.vander(x, 3, increasing=True)
    coefficients, squares, *_ = np.linalg.lstsq(design, y, rcond=None)
    own = float(squares[0]) / 3
    pooled = (3 * own + 8 * known**2) / (3 + 8)
    assert (pooled < known**2) == floor
    covariance = max(pooled, known**2) * np.linalg.inv(design.T @ design)
    p = []
    for position, side in ((x[0], stats.t.cdf), (x[-1], stats.t.sf)):
        gradient = np.array([0.0, 1.0, 2 * position])
        t = gradient @ coefficients / math.sqrt(gradient @ covariance @ gradient)
        p.append(side(t, 3 + 8))
    assert found.degrees_of_freedom == 3 + 8
    assert found.p_value == pytest.approx(max(p), rel=1e-6)


@pytest.mark.parametrize(("nearest", "turns"), [(0, False), (1, True), (4, True), (5, False)])
def test_a_turn_at_the_first_or_last_model_has_one_side_only(nearest, turns):
    sizes = np.linspace(8.0, 10.5, 6)
    errors = np.full(6, 0.01)
    critical = dynamics.u_test(sizes, 0.3 + 0.1 * (sizes - 9.25) ** 2, y_stderr=errors)
    assert critical.status == "bracketed"
    moved = dataclasses.replace(critical, vertex=sizes[nearest] + 0.01)
    sides = dynamics.phases.slopes_about_turn(
        X,
        Y,
        x_stderr=errors,
        y_stderr=errors,
        log10_params=sizes,
        critical=moved,
    )
    assert (sides is not None) == turns
    if sides is not None:
        before = (Y[nearest] - Y[0]) / (X[nearest] - X[0])
        assert sides[0].gamma == pytest.approx(before, abs=0.05)


@pytest.mark.parametrize(
    ("models", "r", "partial", "increment"),
    [(2, 0, 0, 0), (3, 1, 0, 0), (4, 1, 1, 1), (5, 1, 1, 1)],
)
def test_how_many_models_each_correlation_needs(models, r, partial, increment):
    sizes = np.array([8.0, 8.5, 9.3, 9.9, 10.4])[:models]
    found = dynamics.correlate(X[:models], Y[:models], log10_params=sizes, n_permutations=100)
    there = [not math.isnan(v) for v in (found.r, found.partial_r, found.increment_r)]
    assert there == [bool(r), bool(partial), bool(increment)]
    assert ("few_models" in found.notes) == (models < 5)


@pytest.mark.parametrize(
    ("limit", "items"),
    [
        (None, 0),  # all questions
        (0, 0),
        (-1, 0),
        (True, 0),
        (1, 1),  # one question, and no share of all
        (0.5, 408),  # a share of 817
        (0.0001, 1),  # never none
        (816, 816),
        (817, 0),
        (818, 0),
    ],
)
def test_a_limit_of_the_harness_is_a_share_below_one_and_a_number_from_one_on(limit, items):
    document = {"config": {"limit": limit}}
    assert _items_if_fewer(document, "truthfulqa_mc2", ["truthfulqa_mc2"]) == items


def test_a_limit_counts_for_each_subtask():
    assert _items_if_fewer({"config": {"limit": 10}}, "mmlu", ["a", "b", "c"]) == 30


@pytest.mark.parametrize(("active", "mixture"), [("2e9", True), ("8e9", False), ("", False)])
def test_a_model_whose_parameters_are_all_active_is_no_mixture(tmp_path, active, mixture):
    path = tmp_path / "one.csv"
    path.write_text(
        "family,model,params,active_params,lab,hellaswag,truthfulqa_mc2\n"
        "Elm,e1,1e9,,East,0.30,0.42\nElm,e2,2e9,,East,0.35,0.41\nElm,e4,4e9,,East,0.40,0.41\n"
        f"Elm,e8,8e9,{active},East,0.50,0.41\n"
    )
    left_out = dict(dynamics.held_out_cohort(dynamics.read_scores(path)).left_out)
    assert left_out == ({"e8": "mixture_of_experts"} if mixture else {})


def test_where_only_the_vertex_is_accepted_the_interval_lies_around_it():
    # |t| is 2 a tenth of the way from the vertex to each of the candidates beside it.
    candidates, t = np.arange(4.0), np.array([-60.0, -20.0, 20.0, 60.0])
    found = _accepted(candidates, t, np.zeros(4), np.ones(4, bool), quantile=2.0)
    assert found == pytest.approx((1.5, 1.45, 1.55))


def test_two_values_correlate_fully_and_one_not_at_all():
    assert pearson(np.array([0.2, 0.3]), np.array([0.7, 0.1])) == pytest.approx(-1)
    assert math.isnan(pearson(np.array([0.2]), np.array([0.7])))
