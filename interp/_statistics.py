"""Mean effects over pairs: Student's t, sign flips, false discovery rate."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..common.display import shown
from ..common.statistics import benjamini_hochberg, student

FLIPS = 9_999
EXACT_UP_TO = 12


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class MeanEffect:
    """Means over pairs, one entry per head (any shape).

    - `mean`, `low`, `high`: with Student's t interval at the given level.
    - `p`: two-sided sign-flip p. `q`: the same after Benjamini-Hochberg over all entries.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    q: np.ndarray


def effect(values: np.ndarray, *, level: float = 0.95, seed: int = 0) -> MeanEffect:
    """Mean effect of each column with interval, p and q.

    **Arguments**: `values` of shape (pairs, ...), at least two pairs; `seed` of the flips.
    """
    pairs = len(values)
    flat = values.reshape(pairs, -1)
    mean, low, high = student(flat, level=level)
    p = sign_flip_p(flat, seed=seed)
    shape = values.shape[1:]
    return MeanEffect(
        mean=mean.reshape(shape),
        low=low.reshape(shape),
        high=high.reshape(shape),
        p=p.reshape(shape),
        q=benjamini_hochberg(p).reshape(shape),
    )


def sign_flip_p(values: np.ndarray, *, seed: int) -> np.ndarray:
    """Two-sided p of each column's mean under random signs of the pairs, shape (columns,).

    All sign patterns up to 12 pairs, 9,999 drawn ones beyond. Which answer of a pair is called
    true is a label: under the null its effect may as well have the other sign.
    """
    pairs = len(values)
    seen = np.abs(values.sum(axis=0)) * (1 - 1e-12)
    if pairs <= EXACT_UP_TO:
        bits = np.arange(2**pairs)[:, None] >> np.arange(pairs) & 1
        return (np.abs((1.0 - 2.0 * bits) @ values) >= seen).mean(axis=0)
    rng = np.random.default_rng(seed)
    reached = np.ones(values.shape[1])
    for start in range(0, FLIPS, 1000):
        signs = rng.choice([-1.0, 1.0], size=(min(1000, FLIPS - start), pairs))
        reached += (np.abs(signs @ values) >= seen).sum(axis=0)
    return reached / (FLIPS + 1)


def correlation(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Pearson's, NaN for fewer than three values or where one side is constant."""
    if len(x) < 3 or np.std(x) == 0 or np.std(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
