"""Every shared statistic against something independent of it."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from nullcline.common.statistics import (
    benjamini_hochberg,
    binomial_stderr,
    binomial_variance,
    fieller,
    holm,
    mcnemar_p,
    student,
    wilson,
)


@pytest.mark.parametrize(("count", "of"), [(0, 5), (3, 5), (5, 5), (38, 40)])
def test_wilson_is_where_the_score_test_just_rejects(count, of):
    low, high = wilson(count, of)
    quantile = stats.norm.ppf(0.975)
    for end, edge in ((low, 0.0), (high, 1.0)):
        if end != pytest.approx(edge, abs=1e-12):
            z = (count / of - end) / math.sqrt(end * (1 - end) / of)
            assert abs(z) == pytest.approx(quantile, rel=1e-9)
    assert low <= count / of <= high


def test_wilson_of_none_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_share_of_0_or_1_has_an_error_of_half_an_item():
    share = np.array([0.0, 0.5, 1.0])
    items = 50
    expected = np.sqrt(np.array([0.01, 0.5, 0.99]) * np.array([0.99, 0.5, 0.01]) / items)
    np.testing.assert_allclose(binomial_stderr(share, items), expected, rtol=1e-14)
    np.testing.assert_allclose(binomial_variance(share, items), expected**2, rtol=1e-14)
    np.testing.assert_array_equal(binomial_stderr(share, items, continuity=False)[[0, 2]], 0.0)


def test_the_binomial_error_is_the_spread_of_drawn_shares():
    drawn = np.random.default_rng(0).binomial(400, 0.3, size=20_000) / 400
    # Relative standard error of a standard deviation of 20,000 draws: 0.5 %.
    assert drawn.std() == pytest.approx(float(binomial_stderr(0.3, 400)), rel=0.02)


def test_mcnemar_sums_the_tails_of_the_binomial():
    assert mcnemar_p(0, 0) == 1
    assert mcnemar_p(6, 0) == pytest.approx(2 / 2**6)
    assert mcnemar_p(5, 1) == mcnemar_p(1, 5) == pytest.approx(2 * (1 + 6) / 2**6)


def test_holm_rejects_what_the_step_down_procedure_rejects():
    p = np.array([0.04, 0.001, 0.03, 0.013, 0.013])
    adjusted = holm(p)
    for level in np.linspace(0.001, 0.2, 400):
        rejected = set()
        for step, index in enumerate(np.argsort(p, kind="stable")):
            if p[index] > level / (len(p) - step):
                break
            rejected.add(int(index))
        assert rejected == set(np.flatnonzero(adjusted <= level).tolist())
    assert holm([]).size == 0
    assert holm([0.9, 0.8]).max() == 1.0


@pytest.mark.parametrize("p", [[], [0.3], [0.04, 0.001, 0.03, 0.013, 0.013], [0.9, 0.8, 1.0]])
def test_q_values_are_scipys(p):
    expected = stats.false_discovery_control(p) if p else []
    np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=1e-15)


def test_student_is_scipys_interval_of_every_column():
    values = np.random.default_rng(1).normal(size=(7, 2, 3))
    mean, low, high = student(values, level=0.9)
    for index in np.ndindex(2, 3):
        column = values[:, *index]
        interval = stats.ttest_1samp(column, 0.0).confidence_interval(0.9)
        assert mean[index] == pytest.approx(column.mean())
        assert (low[index], high[index]) == pytest.approx((interval.low, interval.high))


def test_student_below_two_values_has_no_end():
    mean, low, high = student([0.25], level=0.95)
    assert (float(mean), float(low), float(high)) == (0.25, -math.inf, math.inf)
    mean, low, high = student([], level=0.95)
    assert math.isnan(float(mean))
    assert (float(low), float(high)) == (-math.inf, math.inf)


def test_fieller_ends_where_the_difference_is_just_significant():
    covariance = np.array([[0.02, 0.005], [0.005, 0.01]])
    above, below, quantile = 0.6, 1.1, 2.1
    low, high = fieller(above, below, covariance, quantile=quantile)

    def excess(ratio):
        weights = np.array([1.0, -ratio])
        return abs(above - ratio * below) - quantile * math.sqrt(weights @ covariance @ weights)

    ratio = above / below
    assert low == pytest.approx(optimize.brentq(excess, ratio - 5, ratio), rel=1e-9)
    assert high == pytest.approx(optimize.brentq(excess, ratio, ratio + 5), rel=1e-9)


def test_fieller_covers_a_planted_ratio():
    rng = np.random.default_rng(2)
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    draws = rng.multivariate_normal([0.5, 1.0], covariance, size=4000)
    quantile = float(stats.norm.ppf(0.975))
    covered = 0
    for above, below in draws:
        low, high = fieller(above, below, covariance, quantile=quantile)
        covered += low <= 0.5 <= high
    # The set covers exactly 95 %; of a set of two branches one is left out, which costs some.
    assert 0.90 < covered / len(draws) < 0.96


def test_fieller_has_no_end_where_nothing_is_known():
    assert fieller(0.1, 0.1, np.eye(2), quantile=2.0) == (-math.inf, math.inf)
    low, high = fieller(3.0, 0.1, np.eye(2), quantile=2.0)
    assert math.isinf(high)
    assert 0 < low < 30.0
