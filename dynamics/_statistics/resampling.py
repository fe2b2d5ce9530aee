"""Resampling whole families: weights instead of copies.

A resample that draws whole families with replacement is a vector of counts, one per family. Every
estimator that is a sum over families is then a product of the counts with the families' sums, so
ten thousand resamples are one matrix product and nothing is gathered or copied.
"""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

#: Families are padded to a multiple of this, so that few shapes are ever compiled.
_FAMILY_BLOCK = 16
_FEWEST_DRAWS = 4096


def family_index(
    family: Shaped[Array | np.ndarray, " models"] | Sequence,
) -> tuple[np.ndarray, Int[np.ndarray, " models"]]:
    """Distinct families in order of first appearance, and the index of each model's family."""
    labels = np.asarray(family)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return labels[np.sort(first)], rank[inverse]


def padded_families(families: int) -> int:
    """The number of families rounded up to the compiled shape."""
    return max(1, -(-families // _FAMILY_BLOCK)) * _FAMILY_BLOCK


def cluster_weights(
    key: PRNGKeyArray | Array, families: int | Array, *, n_boot: int, padded: int
) -> Float[Array, "resamples padded"]:
    """How often each family is drawn when `families` of them are drawn with replacement.

    **Arguments:** `key`, a PRNG key; `families`, the number of real families (may be traced, so one
    compiled function serves tables of different size); `n_boot`, the number of resamples; `padded`,
    the number of columns, at least `families`. Columns from `families` on are zero.

    **Returns:** counts as floats; each row sums to `families`.
    """
    draws = jax.random.randint(key, (n_boot, padded), 0, families)
    # Only the first `families` draws count; the others exist because the shape is padded.
    counted = (jnp.arange(padded) < families).astype(jnp.result_type(float))
    return jax.vmap(lambda row: jnp.zeros_like(counted).at[row].add(counted))(draws)


def flat_draws(key: PRNGKeyArray | Array, families: int, draws: int) -> Int[np.ndarray, " draws"]:
    """`draws` numbers below `families`: those of `cluster_weights` row by row.

    Draw i is the same however long the list is, so lengths are padded and few are compiled.
    """
    length = _FEWEST_DRAWS
    while length < draws:
        length *= 4
    return np.asarray(_draw(key, families, length))[:draws]


@functools.partial(jax.jit, static_argnums=2)
def _draw(key, families, length):
    return jax.random.randint(key, (length,), 0, families)


def percentile_interval(
    values: Float[Array | np.ndarray, " resamples"], *, level: float = 0.95
) -> tuple[float, float]:
    """The central percentile interval of the finite values; (-inf, inf) if there are none."""
    finite = np.asarray(values)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return -np.inf, np.inf
    tail = (1 - level) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high)
