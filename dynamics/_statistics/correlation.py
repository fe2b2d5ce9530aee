"""Pearson's r, its permutation p, and what a regression leaves over."""

import math
from functools import lru_cache
from itertools import permutations

import numpy as np
from jaxtyping import Float, Int

_EXACT_UP_TO = 7  # 5,040 permutations
#: Differences below it are rounding: of |r| between permutations that give one value, and of the
#: product of two spreads of scores (fractions) from zero.
ROUNDING = 1e-12


def pearson(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"]) -> float:
    """Pearson's r; NaN where a variable does not vary (or below two values)."""
    if len(a) < 2:
        return math.nan
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > ROUNDING else math.nan


def permutation_p(
    a: Float[np.ndarray, " n"],
    b: Float[np.ndarray, " n"],
    *,
    n_permutations: int,
    seed: int,
) -> float:
    """Two-sided permutation p of Pearson's r.

    All permutations up to 7 values, `n_permutations` random ones (and the observed one) above.
    The smallest p that n values can give is 2/n! or so: with 4 models never below .05.
    """
    observed = pearson(a, b)
    if math.isnan(observed):
        return math.nan
    order = _orders(len(a), n_permutations, seed)
    a, b = a - a.mean(), b - b.mean()
    r = b[order] @ a / math.sqrt(float(a @ a) * float(b @ b))
    return float(np.mean(np.abs(r) >= abs(observed) - ROUNDING))


@lru_cache(maxsize=4)
def _orders(n: int, n_permutations: int, seed: int) -> Int[np.ndarray, "permutations n"]:
    """Places of n values in each permutation: the same for all families of as many models."""
    if n <= _EXACT_UP_TO:
        order = np.array(list(permutations(range(n))))
    else:
        order = np.random.default_rng(seed).permuted(
            np.tile(np.arange(n), (n_permutations, 1)), axis=1
        )
        order = np.vstack([np.arange(n), order])
    order.setflags(write=False)  # others get the same array
    return order


def residuals(
    y: Float[np.ndarray, " n"], regressors: Float[np.ndarray, "n columns"]
) -> Float[np.ndarray, " n"]:
    """What a least-squares fit on `regressors` (and a constant) leaves of `y`."""
    design = np.column_stack([np.ones(len(y)), regressors])
    return y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
