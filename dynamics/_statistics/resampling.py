"""Resampling whole families: weights instead of copies.

A resample that draws whole families with replacement is a vector of counts, one per family. Every
estimator that is a sum over families is then a product of the counts with the families' sums, so
ten thousand resamples are one matrix product and nothing is gathered or copied.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from ...common.arrays import AnyArray
from .threefry import Key, whole_numbers

#: The draws of a resample begin at a multiple of this. It once was the shape that was compiled; it
#: stays so that a seed still means the same resamples.
_FAMILY_BLOCK = 16


def family_index(
    family: Shaped[Any, " models"] | Sequence,
) -> tuple[np.ndarray, Int[np.ndarray, " models"]]:
    """Distinct families in order of first appearance, and the index of each model's family."""
    labels = np.asarray(family)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return labels[np.sort(first)], rank[inverse]


def padded_families(families: int) -> int:
    """The number of families rounded up to a whole block."""
    return max(1, -(-families // _FAMILY_BLOCK)) * _FAMILY_BLOCK


def drawn_families(
    key: Key, families: int, *, rows: range, row_length: int
) -> Int[np.ndarray, "rows families"]:
    """`families` families drawn with replacement, for each of these `rows` of a bootstrap.

    A row's draws begin `row_length` places after those of the row before it.
    """
    places = np.add.outer(row_length * np.arange(rows.start, rows.stop), np.arange(families))
    return whole_numbers(key, families, places.ravel()).reshape(places.shape)


def cluster_weights(
    drawn: Int[np.ndarray, "rows families"],
) -> Float[np.ndarray, "rows families"]:
    """How often each family is among those drawn; each row sums to the number of families."""
    rows, families = drawn.shape
    first = families * np.arange(rows)[:, None]
    counts = np.bincount((drawn + first).ravel(), minlength=drawn.size)
    return counts.reshape(drawn.shape).astype(float)


def percentile_interval(
    values: Float[AnyArray, " resamples"], *, level: float = 0.95
) -> tuple[float, float]:
    """The central percentile interval of the finite values; (-inf, inf) if there are none."""
    finite = np.asarray(values)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return -np.inf, np.inf
    tail = (1 - level) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high)
