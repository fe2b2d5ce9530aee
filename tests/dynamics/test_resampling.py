import jax
import numpy as np
import pytest

from nullcline.dynamics._statistics.resampling import (
    cluster_weights,
    family_index,
    padded_families,
    percentile_interval,
)


def test_family_index_keeps_the_order_of_first_appearance():
    labels, index = family_index(np.array(["b", "a", "b", "c", "a"]))
    assert labels.tolist() == ["b", "a", "c"]
    assert index.tolist() == [0, 1, 0, 2, 1]


@pytest.mark.parametrize(("families", "padded"), [(0, 16), (1, 16), (16, 16), (17, 32)])
def test_families_are_padded_to_few_shapes(families, padded):
    assert padded_families(families) == padded


def test_weights_are_multinomial_counts_of_the_real_families():
    families, draws = 5, 20_000
    weights = np.asarray(
        cluster_weights(jax.random.key(3), families, n_boot=draws, padded=16), dtype=float
    )
    assert weights.shape == (draws, 16)
    np.testing.assert_array_equal(weights.sum(axis=1), families)
    np.testing.assert_array_equal(weights[:, families:], 0)
    # Multinomial with 5 draws over 5: mean 1, variance 4/5, covariance -1/5. Five standard errors
    # of 20,000 draws are below .04.
    np.testing.assert_allclose(weights[:, :families].mean(axis=0), 1, atol=0.04)
    expected = np.full((families, families), -1 / families) + np.eye(families)
    np.testing.assert_allclose(np.cov(weights[:, :families].T), expected, atol=0.04)


def test_weights_follow_the_key():
    def draw(seed):
        return np.asarray(cluster_weights(jax.random.key(seed), 7, n_boot=50, padded=16))

    np.testing.assert_array_equal(draw(1), draw(1))
    assert np.any(draw(1) != draw(2))


def test_percentile_interval_ignores_what_is_not_finite():
    values = np.concatenate([np.arange(101.0), [np.nan, np.inf, -np.inf]])
    # Of 0..100 the 5 % and 95 % points are 5 and 95 exactly.
    assert percentile_interval(values, level=0.9) == pytest.approx((5.0, 95.0), abs=1e-12)
    assert percentile_interval(np.array([np.nan])) == (-np.inf, np.inf)
