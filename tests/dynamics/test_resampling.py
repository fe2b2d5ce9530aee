import jax
import numpy as np
import pytest

from nullcline.dynamics._statistics.resampling import (
    cluster_weights,
    drawn_families,
    family_index,
    padded_families,
    percentile_interval,
)
from nullcline.dynamics._statistics.threefry import key_of


def test_family_index_keeps_the_order_of_first_appearance():
    labels, index = family_index(np.array(["b", "a", "b", "c", "a"]))
    assert labels.tolist() == ["b", "a", "c"]
    assert index.tolist() == [0, 1, 0, 2, 1]


@pytest.mark.parametrize(("families", "padded"), [(0, 16), (1, 16), (16, 16), (17, 32)])
def test_families_are_padded_to_few_shapes(families, padded):
    assert padded_families(families) == padded


def weights_of(seed, families, rows):
    return cluster_weights(drawn_families(key_of(seed), families, rows=rows, row_length=16))


def test_weights_are_multinomial_counts_of_the_families():
    families, draws = 5, 20_000
    weights = weights_of(3, families, range(draws))
    assert weights.shape == (draws, families)
    np.testing.assert_array_equal(weights.sum(axis=1), families)
    # Multinomial with 5 draws over 5: mean 1, variance 4/5, covariance -1/5. Five standard errors
    # of 20,000 draws are below .04.
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.04)
    expected = np.full((families, families), -1 / families) + np.eye(families)
    np.testing.assert_allclose(np.cov(weights.T), expected, atol=0.04)


def test_weights_follow_the_key_and_the_row():
    np.testing.assert_array_equal(weights_of(1, 7, range(50)), weights_of(1, 7, range(50)))
    assert np.any(weights_of(1, 7, range(50)) != weights_of(2, 7, range(50)))
    np.testing.assert_array_equal(weights_of(1, 7, range(50))[20:], weights_of(1, 7, range(20, 50)))


def test_weights_are_those_that_jax_draws():
    with jax.enable_x64(True):
        drawn = np.asarray(jax.random.randint(jax.random.key(3), (40, 16), 0, 7))[:, :7]
    counts = [np.bincount(row, minlength=7) for row in drawn]
    np.testing.assert_array_equal(weights_of(3, 7, range(40)), counts)


def test_percentile_interval_ignores_what_is_not_finite():
    values = np.concatenate([np.arange(101.0), [np.nan, np.inf, -np.inf]])
    # Of 0..100 the 5 % and 95 % points are 5 and 95 exactly.
    assert percentile_interval(values, level=0.9) == pytest.approx((5.0, 95.0), abs=1e-12)
    assert percentile_interval(np.array([np.nan])) == (-np.inf, np.inf)
