"""Participation ratio: closed forms, resamples by plain loops, planted differences, refusals."""

import numpy as np
import pytest

from nullcline.dynamics._controls import dimension as _dimension
from nullcline.dynamics.controls import compare_dimension, effective_dimension, participation_ratio


def exact(eigenvalues, models, seed=0):
    """Scores whose sample covariance has exactly these eigenvalues, in a rotated basis."""
    generator = np.random.default_rng(seed)
    p = len(eigenvalues)
    white = generator.normal(size=(models, p))
    white -= white.mean(axis=0)
    white = np.linalg.svd(white, full_matrices=False)[0] * np.sqrt(models - 1)
    rotation = np.linalg.qr(generator.normal(size=(p, p)))[0]
    return 0.5 + white * np.sqrt(eigenvalues) @ rotation


@pytest.mark.parametrize("eigenvalues", [(1, 1, 1, 1), (4, 2, 1), (9, 0.5, 0.25, 0.125, 0.1)])
def test_known_covariance(eigenvalues):
    values = np.array(eigenvalues, dtype=float)
    closed_form = values.sum() ** 2 / np.sum(values**2)
    assert participation_ratio(exact(values, 40)) == pytest.approx(closed_form, rel=1e-10)


def test_correlation_of_equicorrelated_scores():
    """All correlations rho: eigenvalues 1 + (p - 1) rho once and 1 - rho otherwise."""
    p, rho = 4, 0.6
    covariance = np.full((p, p), rho) + (1 - rho) * np.eye(p)
    scale = np.array([1.0, 5.0, 0.1, 2.0])
    white = exact(np.ones(p), 60, seed=1) - 0.5
    scores = white @ np.linalg.cholesky(covariance).T * scale
    large, small = 1 + (p - 1) * rho, 1 - rho
    closed_form = (large + (p - 1) * small) ** 2 / (large**2 + (p - 1) * small**2)
    assert participation_ratio(scores, correlation=True) == pytest.approx(closed_form, rel=1e-10)


def test_no_variation_has_no_dimension():
    assert np.isnan(participation_ratio(np.full((12, 3), 0.4)))
    assert np.isnan(participation_ratio(np.ones((1, 3))))
    half = np.column_stack([np.linspace(0, 1, 12), np.full(12, 0.4)])
    assert participation_ratio(half) == pytest.approx(1)
    assert np.isnan(participation_ratio(half, correlation=True))
    assert effective_dimension(half).status == "constant_benchmark"


def test_bootstrap_is_the_ratio_of_copied_models():
    scores = exact((4, 2, 1), 15, seed=2)
    found = _dimension._bootstrap(scores, n_boot=50, generator=np.random.default_rng(3))
    counts = np.random.default_rng(3).multinomial(15, np.full(15, 1 / 15), size=50)
    for i, count in enumerate(counts):
        copied = np.repeat(scores, count, axis=0)
        assert found[0][i] == pytest.approx(participation_ratio(copied), rel=1e-9)
        assert found[1][i] == pytest.approx(participation_ratio(copied, correlation=True), rel=1e-9)


def test_batches_do_not_change_the_resamples(monkeypatch):
    """Models, not resamples, decide the draws: batches of one give the same subsets."""
    scores = exact((4, 2, 1), 12, seed=4)
    whole = _dimension._bootstrap(scores, n_boot=7, generator=np.random.default_rng(5))
    monkeypatch.setattr(_dimension, "_CELLS", 25)
    parts = _dimension._bootstrap(scores, n_boot=7, generator=np.random.default_rng(5))
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-12)


def test_subset_and_rest_are_two_halves_of_the_models():
    scores = exact((4, 2, 1), 12, seed=6)
    inside, outside = _dimension._subsets(scores, 6, n_boot=30, generator=np.random.default_rng(7))
    chosen = np.random.default_rng(7).permuted(
        np.tile((np.arange(12) < 6).astype(float), (30, 1)), axis=1
    )
    for i, weights in enumerate(chosen.astype(bool)):
        assert inside[0][i] == pytest.approx(participation_ratio(scores[weights]), rel=1e-9)
        assert outside[0][i] == pytest.approx(participation_ratio(scores[~weights]), rel=1e-9)


def test_planted_difference_is_found_and_none_is_not():
    one = exact((1, 1, 1, 1), 30, seed=8)
    other = exact((1, 0.01, 0.01, 0.01), 24, seed=9)
    found = compare_dimension(one, other, n_boot=1000)
    # 1000 dealings: the smallest p is 1/1001.
    assert found.covariance_p < 0.01
    assert found.equal_models == 24
    assert found.second.covariance < found.larger_covariance_low
    moved = compare_dimension(one, one + 0.2, n_boot=200)
    assert moved.covariance_p == 1  # a difference of means alone is none of dimension


def test_permutation_p_is_uniform_without_a_difference():
    generator = np.random.default_rng(10)
    p = [
        compare_dimension(
            generator.normal(size=(14, 4)), generator.normal(size=(18, 4)), n_boot=200, seed=i
        ).covariance_p
        for i in range(200)
    ]
    # Binomial shares of 200: standard errors .015 and .035, four of them.
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.062)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.14)


def test_fewer_than_ten_models_are_refused():
    few = effective_dimension(exact((4, 2, 1), 9))
    assert few.status == "underdetermined"
    assert np.isnan(few.covariance)
    assert effective_dimension(exact((4, 2, 1), 10), n_boot=100).status == "ok"
    change = compare_dimension(exact((4, 2, 1), 20), exact((4, 2, 1), 3, seed=1), n_boot=100)
    assert change.status == "underdetermined"
    assert np.isnan(change.covariance_p)
    with pytest.raises(ValueError, match="different benchmarks"):
        compare_dimension(exact((4, 2, 1), 20), exact((4, 2), 20))


def test_models_with_a_missing_score_are_left_out():
    scores = exact((4, 2, 1), 20, seed=11)
    holed = np.vstack([scores, [np.nan, 0.5, 0.5]])
    assert effective_dimension(holed, n_boot=100) == effective_dimension(scores, n_boot=100)


def test_models_of_a_large_table_are_drawn_as_those_of_a_small_one(monkeypatch):
    def counts(up_to):
        monkeypatch.setattr(_dimension, "_MULTINOMIAL_UP_TO", up_to)
        return _dimension._counts(20, 20_000, np.random.default_rng(1))

    small, large = counts(20), counts(19)
    np.testing.assert_array_equal(large.sum(axis=1), 20)
    # Mean 1, variance 1 - 1/20 and covariance -1/20; five standard errors of 20,000 are below .05.
    for drawn in (small, large):
        np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.05)
        np.testing.assert_allclose(np.cov(drawn.T), np.eye(20) - 1 / 20, atol=0.06)
