"""Counts that callers give: numbers, or text as tables have it."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from .cells import parse_count


def parse_counts(
    params: str | float | Sequence[str | float] | np.ndarray,
) -> Float[np.ndarray, "*shape"]:
    """Parameter counts, each a number or text as `parse_count` reads it, in the shape given.

    Raises ValueError for text that is no count.
    """
    given = np.asarray(params, dtype=object)
    counts = np.empty(given.shape)
    for index, count in np.ndenumerate(given):
        counts[index] = parse_count(count) if isinstance(count, str) else float(count)
        if isinstance(count, str) and math.isnan(counts[index]):
            raise ValueError(f"params holds {count!r}, which is no count; write 70B, 410M or 7e10")
    return counts
