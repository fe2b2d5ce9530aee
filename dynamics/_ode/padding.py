"""Few shapes for tables of all sizes.

XLA compiles a program for every shape, half a second to three seconds for each of ours. So what
depends on the number of families, sizes or grid points is either done in NumPy, or brought to one
of a few sizes before it reaches compiled code: rows of zeros (or copies of a row) are put behind
the real ones and cut off from what comes back.
"""

from typing import Any

import jax
import numpy as np
from jax.core import Tracer


def is_traced(*trees: Any) -> bool:
    """Whether any leaf is traced, so that its values are not there for NumPy."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(trees))


def padded_size(count: int, *, least: int = 8, factor: int = 2) -> int:
    """The first of least, least * factor, least * factor^2, ... that is not below `count`."""
    size = least
    while size < count:
        size *= factor
    return size


def pad_rows(values: np.ndarray, size: int, *, axis: int = 0, copies: bool = False) -> np.ndarray:
    """The array with `size` rows along an axis: zeros behind its own, or copies of its last."""
    width = [(0, 0)] * values.ndim
    width[axis] = (0, size - values.shape[axis])
    return np.pad(values, width, mode="edge" if copies else "constant")
