"""Whether a family turns: rates of false calls over planted families, and the rule for ties."""

import math

import numpy as np
import pytest
from scipy import stats

from nullcline.common.turns import (
    about_size,
    fall_and_rise,
    lowest,
    turn_p,
    turns_by_seed,
    vertex_at_lowest,
)

#: Between seeds of one size in the shipped families, from the smallest size to the largest.
SCATTER = np.array([0.07, 0.06, 0.08, 0.07, 0.08, 0.10, 0.09, 0.10])
U = np.linspace(0.0, 1.0, 8)
#: Families that do not both fall and rise.
NULLS = {
    "flat": np.full(8, 0.3),
    "up": 0.2 + 0.4 * U,
    "down": 0.6 - 0.4 * U,
    "flat, then up": 0.3 + 0.8 * np.maximum(U - 0.5, 0),
    "up at the end": 0.3 + 0.4 * (U > 0.8),
    "down, then flat": 0.2 + 0.3 * np.maximum(0.5 - U, 0),
    "down at the start": 0.2 + 0.25 * (U < 0.1),
    "ever less down": 0.15 + 0.3 * np.exp(-6 * U),
    "ever less up": 0.5 - 0.35 * np.exp(-6 * U),
    "ever more up": 0.3 + 0.4 * U**3,
}
#: The mean curve of the shipped family `web`.
TURNING = np.array([0.41, 0.30, 0.36, 0.14, 0.12, 0.33, 0.54, 0.59])


def share_called(curve, seeds, tables=2000):
    generator = np.random.default_rng(0)
    scores = curve + SCATTER * generator.standard_normal((tables, seeds, 8))
    return float(np.mean(turn_p(turns_by_seed(scores)) < 0.05))


@pytest.mark.parametrize("seeds", [5, 12])
@pytest.mark.parametrize("curve", NULLS.values(), ids=NULLS)
def test_what_does_not_both_fall_and_rise_is_rarely_called_a_turn(curve, seeds):
    # Of .05 over 2,000 families the standard error is .005; the limit is two of them above.
    assert share_called(curve, seeds) < 0.06


@pytest.mark.parametrize("seeds", [5, 12])
def test_a_turn_as_deep_as_that_of_web_is_seen(seeds):
    assert share_called(TURNING, seeds) > 0.95


def test_what_seeds_do_about_the_size_of_the_others():
    """Three seeds by hand: the others of the last are lowest at another size than its own."""
    scores = np.array([[0.5, 0.2, 0.3, 0.6], [0.6, 0.1, 0.4, 0.7], [0.7, 0.5, 0.0, 0.8]])
    found = turns_by_seed(scores)
    assert found.size_index.tolist() == [2, 2, 1]
    there = [np.mean([0.2, 0.3, 0.6]), np.mean([0.1, 0.4, 0.7]), np.mean([0.7, 0.5, 0.0])]
    assert found.depth == pytest.approx(scores[:, 0] - there)
    assert found.recovery == pytest.approx(scores[:, -1] - there)
    judged = fall_and_rise(found.depth, found.recovery, level=0.95)
    for p, values in ((judged.p_fall, found.depth), (judged.p_rise, found.recovery)):
        assert p == pytest.approx(stats.ttest_1samp(values, 0.0, alternative="greater")[1])
    assert judged.p == max(judged.p_fall, judged.p_rise) == pytest.approx(turn_p(found))


def test_of_equally_low_sizes_the_smallest_is_taken():
    assert lowest(np.array([0.3, 0.1, 0.2, 0.1])) == 1
    # As tables round: two shares that six digits do not tell apart.
    assert lowest(np.array([0.3, 0.1000004, 0.1, 0.2])) == 1
    assert lowest(np.array([0.3, 0.10001, 0.1, 0.2])) == 2
    # The others of the first seed are lowest at the second size and at the third, to rounding.
    scores = np.array([[0.5, 0.4, 0.2, 0.6], [0.5, 0.1, 0.3, 0.6], [0.5, 0.3, 0.1, 0.6]])
    assert turns_by_seed(scores).size_index.tolist() == [1, 2, 1]
    assert turns_by_seed(scores + 1e-7 * np.eye(3, 4)).size_index.tolist() == [1, 2, 1]


def test_two_equally_low_sizes_side_by_side_turn_in_the_middle_whichever_is_taken():
    x = np.array([3.0, 3.2, 3.7, 4.1, 4.3])
    scores = np.array([0.5, 0.3, 0.1, 0.1, 0.4])
    assert vertex_at_lowest(x, scores) == pytest.approx((3.7 + 4.1) / 2)
    mirrored = vertex_at_lowest(-x[::-1], scores[::-1])
    assert -mirrored == pytest.approx((3.7 + 4.1) / 2)
    assert math.isnan(vertex_at_lowest(x, scores[::-1].cumsum()))


def test_one_seed_goes_by_its_own_side_of_the_range():
    def status(scores):
        found = turns_by_seed(np.array([scores]))
        judged = fall_and_rise(found.depth, found.recovery, level=0.95)
        assert math.isnan(judged.p)
        return judged.status

    assert status([0.5, 0.2, 0.1, 0.4, 0.6]) == "ok"
    assert status([0.1, 0.2, 0.3, 0.4, 0.6]) == "no_fall"
    assert status([0.6, 0.4, 0.3, 0.2, 0.1]) == "no_rise"


def test_seeds_without_scatter_leave_no_doubt():
    alike = np.tile([0.5, 0.2, 0.1, 0.3, 0.6], (3, 1))
    found = turns_by_seed(alike)
    assert fall_and_rise(found.depth, found.recovery, level=0.95).p == 0.0
    flat = turns_by_seed(np.full((3, 5), 0.25))
    assert fall_and_rise(flat.depth, flat.recovery, level=0.95).p == 1.0


def test_a_mean_about_a_size_has_the_neighbours_that_there_are():
    assert about_size(np.array([1.0, 2.0, 6.0])) == pytest.approx([1.5, 3.0, 4.0])
