"""One check of seeds."""

import numpy as np
import pytest

from nullcline.common.checks import check_seed


class _Mistake(ValueError):
    pass


@pytest.mark.parametrize("seed", [0, 1, np.int64(3), 2**70])
def test_whole_numbers_of_0_or_more_are_seeds(seed):
    check_seed(seed)


@pytest.mark.parametrize(
    ("seed", "says"),
    [
        (-1, "seed=-1 is negative; give 0 or more"),
        (np.int64(-2), "seed=-2 is negative"),
        (1.5, "seed=1.5 is no whole number"),
        ("1", "seed='1' is no whole number"),
        (None, "seed=None is no whole number"),
    ],
)
def test_anything_else_is_refused_in_the_callers_own_error(seed, says):
    with pytest.raises(_Mistake, match=says):
        check_seed(seed, error=_Mistake)


def test_the_message_calls_the_seed_by_its_name():
    with pytest.raises(ValueError, match=r"estimator\.seed=-1 is negative"):
        check_seed(-1, name="estimator.seed")
