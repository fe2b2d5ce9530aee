"""Width: the ratio's null by hand and by theory, collinearity in closed form, planted slopes."""

from itertools import permutations

import numpy as np
import pytest

from nullcline.dynamics.controls import ratio_null, variance_inflation, width_ratio

X = np.array([0.27, 0.41, 0.53, 0.70])
Y = np.array([0.47, 0.44, 0.39, 0.35])
WIDTH = np.array([512.0, 1024.0, 2048.0, 5120.0])


def test_null_deals_both_scores_out_to_the_widths():
    """All 24 x 24 dealings, written out, against the sampled null."""
    every = [
        np.corrcoef(X[list(p)] / WIDTH, Y[list(q)] / WIDTH)[0, 1]
        for p in permutations(range(4))
        for q in permutations(range(4))
    ]
    drawn = ratio_null(X, Y, WIDTH, n_null=20_000, seed=1)
    # Four standard errors of a mean of 20,000 draws.
    assert drawn.mean() == pytest.approx(np.mean(every), abs=4 * np.std(every) / np.sqrt(20_000))
    assert set(np.round(drawn, 9)) <= set(np.round(every, 9))


def test_independent_scores_over_growing_widths_correlate_as_theory_says():
    """Pearson 1897, exact moments: cov(xz, yz) = E x E y var z for independent x, y, z."""
    generator = np.random.default_rng(2)
    n = 40_000
    x = generator.uniform(0.25, 0.75, n)
    y = generator.uniform(0.32, 0.48, n)
    z = 1 / (512 * 2 ** generator.uniform(0, 3.3, n))

    def var_product(a):
        return np.mean(a**2) * np.mean(z**2) - (np.mean(a) * np.mean(z)) ** 2

    theory = np.mean(x) * np.mean(y) * np.var(z) / np.sqrt(var_product(x) * var_product(y))
    found = np.corrcoef(x * z, y * z)[0, 1]
    assert theory > 0.8
    # r of 40,000 pairs has a standard error below .004.
    assert found == pytest.approx(theory, abs=0.016)
    null = ratio_null(x[:4000], y[:4000], 1 / z[:4000], n_null=40, seed=3)
    # The same from 4,000 models; standard error about .006.
    assert null.mean() == pytest.approx(theory, abs=0.03)


def test_ratio_is_the_published_definition_whatever_the_unit_of_width():
    result = width_ratio(X, Y, WIDTH, n_null=200)
    by_hand = np.corrcoef(X / (WIDTH / 512), Y / (WIDTH / 512))[0, 1]
    assert result.ratio_r == pytest.approx(by_hand, abs=1e-12)
    other = width_ratio(X, Y, WIDTH / 512, n_null=200)
    assert other.null_low == pytest.approx(result.null_low, abs=1e-12)


def test_variance_inflation_in_closed_form():
    generator = np.random.default_rng(4)
    a = generator.normal(size=50)
    b = 0.9 * a + 0.1 * generator.normal(size=50)
    r = np.corrcoef(a, b)[0, 1]
    assert variance_inflation(a, b[:, None]) == pytest.approx(1 / (1 - r**2), rel=1e-9)
    # Orthogonal columns inflate nothing, exact copies without bound.
    assert variance_inflation(np.array([1.0, -1, 1, -1]), np.array([[1.0], [1], [-1], [-1]])) == 1
    assert variance_inflation(a, 3 * a[:, None] + 1) == np.inf


def test_slope_at_equal_width_is_that_of_the_whole_regression():
    generator = np.random.default_rng(5)
    n = 12
    width = 512 * 2 ** generator.uniform(0, 4, n)
    x = 0.2 * np.log10(width) + generator.normal(0, 0.05, n)
    y = 0.4 * x - 0.1 * np.log10(width) + generator.normal(0, 0.01, n)
    design = np.column_stack([np.ones(n), x, np.log10(width)])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    scatter = y - design @ beta
    half = 2.2621571628 * np.sqrt(scatter @ scatter / (n - 3) * inverse[1, 1])  # t of 9, .975
    result = width_ratio(x, y, width, n_null=200)
    assert result.slope == pytest.approx(beta[1], rel=1e-8)
    assert result.slope_low == pytest.approx(beta[1] - half, rel=1e-6)
    assert result.slope_high == pytest.approx(beta[1] + half, rel=1e-6)
    assert result.slope_low < 0.4 < result.slope_high


def test_independent_scores_lie_inside_their_null_as_often_as_promised():
    generator = np.random.default_rng(6)
    width = np.array([512.0, 768, 1024, 2048, 2048, 2560, 4096, 5120])
    inside = []
    for seed in range(200):
        x, y = generator.uniform(0.25, 0.75, 8), generator.uniform(0.32, 0.48, 8)
        result = width_ratio(x, y, width, n_null=400, seed=seed)
        inside.append(result.null_low <= result.ratio_r <= result.null_high)
        assert result.ratio_r > 0  # independent scores, and yet
    # A share of 200 at .95 has a standard error of .015; four of them.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.062)


def test_width_that_grows_with_the_score_is_collinear():
    x = np.linspace(0.3, 0.7, 8)
    generator = np.random.default_rng(7)
    width = 512 * 10 ** (2.5 * x + generator.normal(0, 0.01, 8))
    y = 0.45 - 0.2 * x + generator.normal(0, 0.005, 8)
    assert width_ratio(x, y, width, n_null=200).status == "collinear"


def test_too_few_models_and_missing_widths():
    assert width_ratio(X[:2], Y[:2], WIDTH[:2]).status == "underdetermined"
    constant = width_ratio(X, Y, np.full(4, 1024.0))
    assert constant.status == "underdetermined"
    assert np.isnan(constant.ratio_r)
    gap = np.array([512.0, np.nan, 2048.0, 5120.0])
    assert width_ratio(X, Y, gap, n_null=50).models == 3
    with pytest.raises(ValueError, match="not positive"):
        width_ratio(X, Y, np.array([512.0, 0, 2048, 5120]))
