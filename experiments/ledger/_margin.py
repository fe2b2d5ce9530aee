"""What counts as no effect: a margin with its reason, and exact tests against it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

#: Below this p a test of the ledger decides.
ALPHA = 0.05
_MOST_FLIPS = 10_000


@dataclass(frozen=True)
class Margin:
    """The smallest effect that would matter, and `why`; less than `value` counts as none."""

    value: float
    why: str


def sign_flip_p(
    values: np.ndarray, *, alternative: Literal["two-sided", "less", "greater"] = "two-sided"
) -> float:
    """p of a mean of zero when the sign of every value may as well be the other one.

    Exact up to 13 values: of n there are 2^n patterns, so five cannot reach less than 1/32 on one
    side and 1/16 on both. Random patterns beyond. Values that are NaN do not count; NaN for fewer
    than two.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        return math.nan
    test = stats.permutation_test(
        (known,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        alternative=alternative,
        n_resamples=_MOST_FLIPS,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def equivalence_p(values: np.ndarray, margin: float) -> float:
    """p that the mean lies outside ±`margin`, against that it lies inside.

    Two one-sided sign-flip tests, both of which must reject (Schuirmann, 1987), so the larger p.
    """
    values = np.asarray(values, dtype=float)
    return max(
        sign_flip_p(values - margin, alternative="less"),
        sign_flip_p(values + margin, alternative="greater"),
    )
