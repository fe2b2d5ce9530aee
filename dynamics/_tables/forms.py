"""Raw and normalised scores of the second Open LLM Leaderboard, told apart by GPQA.

The leaderboard's normalised score of a multiple-choice benchmark is 0 at chance and 1 at best. GPQA
has four options: no raw score lies below .2, and a normalised one above .22 is a raw one above .41,
which hardly any model of that time had.
"""

from collections.abc import Sequence

import numpy as np

from .cells import read_scores

#: Benchmarks of the second leaderboard; of all but IFEval the two forms differ.
SECOND = frozenset({"ifeval", "bbh", "gpqa", "musr", "mmlu_pro"})
_LOWEST_RAW = 0.2  # chance is 0.25, with a standard error of 0.02
_NEVER_RAW = 0.15
_HIGHEST_NORMALISED = 0.22
_FEW = 0.05  # of the rows


def is_normalised(gpqa: Sequence[object]) -> bool:
    """Whether half of these cells are too low for four options."""
    values = _fractions(read_scores(gpqa).values)
    return len(values) > 0 and float(np.median(values)) < _LOWEST_RAW


def is_mixed(gpqa: np.ndarray) -> bool:
    """Whether some of these scores are too low to be raw and others too high to be normalised."""
    values = _fractions(gpqa)
    low, high = values < _NEVER_RAW, values > _HIGHEST_NORMALISED
    return len(values) > 0 and bool(low.mean() > _FEW and high.mean() > _FEW)


def _fractions(values: np.ndarray) -> np.ndarray:
    there = values[np.isfinite(values) & (values >= 0)]
    return there / 100 if len(there) and there.max() > 1 else there
