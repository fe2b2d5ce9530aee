"""Correlations and steps: planted trends, exact permutation p, closed forms."""

import math
from itertools import permutations

import numpy as np
import pytest

from nullcline.dynamics import correlate, steps
from nullcline.dynamics._phases.measured import MeasuredScores
from nullcline.dynamics._phases.random_effects import combine_scores
from nullcline.dynamics._statistics.correlation import pearson, permutation_p
from nullcline.dynamics.phases import combine_families, errors_in_variables_slope

SIZE = np.array([7.8, 8.2, 8.6, 9.0, 9.1, 9.4, 9.8, 10.1])


def test_permutation_p_counts_every_permutation():
    a = np.array([0.1, 0.2, 0.4, 0.8, 0.9])
    b = np.array([0.9, 0.7, 0.8, 0.3, 0.1])
    observed = abs(np.corrcoef(a, b)[0, 1])
    every = [abs(np.corrcoef(a, b[list(p)])[0, 1]) for p in permutations(range(5))]
    expected = np.mean(np.array(every) >= observed - 1e-12)
    found = permutation_p(a, b, n_permutations=10, seed=0)
    assert found == pytest.approx(expected, abs=1e-12)


def test_permutation_p_is_uniform_without_an_effect():
    generator = np.random.default_rng(0)
    found = [
        permutation_p(
            generator.normal(size=9), generator.normal(size=9), n_permutations=400, seed=i
        )
        for i in range(300)
    ]
    # A binomial share of 300 at .05: standard error .013, four of them.
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.05)


def test_pure_trend_without_coupling_has_no_partial_correlation():
    """Both scores follow size, their noise is independent: |r| near 1, partial r near 0."""
    generator = np.random.default_rng(5)
    partial, whole = [], []
    for seed in range(200):
        x = 0.2 * (SIZE - 7) + generator.normal(0, 0.01, SIZE.size)
        y = 0.6 - 0.05 * (SIZE - 7) + generator.normal(0, 0.004, SIZE.size)
        found = correlate(x, y, log10_params=SIZE, n_permutations=100, seed=seed)
        partial.append(found.partial_r)
        whole.append(found.r)
        assert "only_trend" in found.notes
    assert np.median(whole) < -0.97
    # Mean of 200 partial r with 6 degrees of freedom: standard error .03.
    assert abs(np.mean(partial)) < 0.1


def test_partial_r_is_the_textbook_formula():
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=8), generator.normal(size=8)
    found = correlate(x, y, log10_params=SIZE, n_permutations=100)
    xy, xs, ys = pearson(x, y), pearson(x, SIZE), pearson(y, SIZE)
    expected = (xy - xs * ys) / math.sqrt((1 - xs**2) * (1 - ys**2))
    assert found.partial_r == pytest.approx(expected, abs=1e-10)


def test_two_models_give_no_correlation():
    found = correlate(np.array([0.3, 0.5]), np.array([0.4, 0.3]), log10_params=SIZE[:2])
    assert math.isnan(found.r)
    assert math.isnan(found.p)
    assert found.notes == ("few_models",)


def test_a_constant_score_has_no_correlation():
    found = correlate(np.full(5, 0.3), np.linspace(0.3, 0.5, 5), log10_params=SIZE[:5])
    assert math.isnan(found.r)


def make_steps(x, y, size, chance=0.25):
    x, y, size = (np.asarray(v, float) for v in (x, y, size))
    errors = np.full(x.shape, 0.01)
    names = tuple(f"m{i}" for i in range(len(x)))
    return steps(
        x, y, x_stderr=errors, y_stderr=errors, log10_params=size, models=names, chance=chance
    )


def test_steps_go_from_size_to_size():
    found = make_steps([0.5, 0.3, 0.7], [0.4, 0.5, 0.6], [9.0, 8.0, 10.0])
    assert [(s.smaller, s.larger) for s in found] == [("m1", "m0"), ("m0", "m2")]
    assert found[0].slope.gamma == pytest.approx(-0.5, rel=1e-4)
    assert found[1].slope.gamma == pytest.approx(1.0, rel=1e-4)
    assert found[0].log10_params == pytest.approx(8.5)


def test_models_of_one_size_make_no_step():
    found = make_steps([0.3, 0.4, 0.6], [0.5, 0.4, 0.3], [8.0, 8.0, 9.0])
    assert [(s.smaller, s.larger) for s in found] == [("m0", "m2")]


def test_a_step_from_chance_is_marked():
    found = make_steps([0.26, 0.5, 0.7], [0.47, 0.4, 0.3], [8.0, 9.0, 10.0])
    assert [s.near_chance for s in found] == [True, False]


def line(gamma, noise, generator, n=6):
    x = np.linspace(0.3, 0.7, n)
    errors = np.full(n, noise)
    y = 0.5 + gamma * x + generator.normal(0, noise, n)
    return errors_in_variables_slope(
        x + generator.normal(0, 1e-4, n), y, x_stderr=np.full(n, 1e-4), y_stderr=errors
    )


def test_random_effects_find_a_planted_spread():
    generator = np.random.default_rng(11)
    slopes = [line(generator.normal(0.2, 0.3), 0.01, generator) for _ in range(60)]
    found = combine_families(slopes)
    assert found.low < 0.2 < found.high
    # A standard deviation from 60 draws: relative standard error 9 %, three of them.
    assert found.between_sd == pytest.approx(0.3, rel=0.28)
    assert found.families == 60


def test_equal_families_show_no_spread():
    generator = np.random.default_rng(12)
    found = combine_families([line(-0.3, 0.01, generator) for _ in range(40)])
    assert found.between_sd < 0.02
    assert found.low < -0.3 < found.high


@pytest.mark.parametrize(("mean", "between"), [(0.5, 0.2), (-0.5, 0.0), (1.0, 0.5)])
def test_errors_of_x_neither_draw_the_mean_to_zero_nor_hide_how_families_differ(mean, between):
    # 20 families of 6 models, true scores over 15 points, known to 2 and 1.5 points: with the width
    # of its own interval for each family's error the mean of (0.5, 0.2) is 0.42, and 0.06 between.
    generator, tables = np.random.default_rng(15), 40
    found = []
    for _ in range(tables):
        true = generator.uniform(0.3, 0.45, (20, 6))
        y = generator.normal(mean, between, (20, 1)) * true + generator.normal(0, 0.05, (20, 1))
        x, y = true + generator.normal(0, 0.02, true.shape), y + generator.normal(0, 0.015, y.shape)
        errors = np.full(6, 0.02), np.full(6, 0.015)
        found.append(
            combine_scores([MeasuredScores(a, b, *errors) for a, b in zip(x, y, strict=True)])
        )
    means = np.array([one.mean for one in found])
    # Three standard errors of a mean over 40 tables.
    assert abs(means.mean() - mean) < 3 * means.std(ddof=1) / math.sqrt(tables)
    between_sd = np.sqrt(np.mean([one.between_sd**2 for one in found]))
    assert between_sd == pytest.approx(between, rel=0.2, abs=0.1 if between == 0 else 0)
    # 95 % is expected; of 40 tables fewer than 34 hold it once in 200 times.
    assert sum(one.low <= mean <= one.high for one in found) >= 34


def test_the_score_of_a_slope_is_half_the_fall_of_the_profile_and_has_its_variance():
    generator = np.random.default_rng(16)
    true, slope, step = generator.uniform(0.3, 0.6, 8), 0.7, 1e-6
    errors = generator.uniform(0.01, 0.03, 8), generator.uniform(0.01, 0.03, 8)
    seen = []
    for _ in range(2000):
        x, y = (
            at + generator.normal(0, e) for at, e in zip((true, slope * true), errors, strict=True)
        )
        seen.append(MeasuredScores(x, y, *errors).at(slope))
    score, variance, information = np.array(seen).T
    one = MeasuredScores(x, y, *errors)
    up, down = (float(one.profile(math.atan(slope + d))) for d in (step, -step))
    assert seen[-1].score == pytest.approx(-(up - down) / (4 * step), rel=1e-4)
    # 2,000 draws: a variance to 3.2 %, three of them.
    assert np.var(score) == pytest.approx(variance.mean(), rel=0.1)
    assert abs(score.mean()) < 3 * score.std() / math.sqrt(2000)
    steeper = [
        MeasuredScores(
            x := true + generator.normal(0, errors[0]),
            0.8 * true + generator.normal(0, errors[1]),
            *errors,
        ).at(slope)
        for _ in range(2000)
    ]
    # A slope that is 0.1 steeper: 0.1 times the information on average, to first order.
    rise = np.mean([at.score for at in steeper]) / 0.1
    assert rise == pytest.approx(information.mean(), rel=0.15)


def test_a_family_whose_spread_is_its_errors_is_counted_apart():
    generator = np.random.default_rng(13)
    flat = errors_in_variables_slope(
        np.array([0.5, 0.5001]),
        np.array([0.4, 0.5]),
        x_stderr=np.full(2, 0.01),
        y_stderr=np.full(2, 0.01),
    )
    found = combine_families([line(0.1, 0.01, generator), flat])
    assert (found.families, found.unbounded) == (1, 1)
    assert math.isnan(found.mean)
