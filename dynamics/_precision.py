"""The precision of the dynamics: 64 bits, whatever the caller has set.

Verdicts such as `underdetermined` depend on ranks, and ranks on rounding: with the 32 bits that JAX
has by default a fit could be called `successful` that 64 bits call `underdetermined`. So public
functions that compute run in 64 bits, and what they return holds 64-bit arrays. JAX's setting is
changed neither on import nor after a call.

Inside a caller's `jit`, `vmap` or `grad` the caller's precision holds. There, and wherever 64-bit
results meet a caller's own 32-bit arithmetic, JAX rounds them to 32 bits.
"""

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

P = ParamSpec("P")
R = TypeVar("R")


def in_double_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in 64-bit JAX, in the calling thread only, with its arguments in 64 bits.

    Called with traced arguments it keeps the caller's precision, and brings the others to it.
    """

    @functools.wraps(function)
    def scoped(*arguments: P.args, **keywords: P.kwargs) -> R:
        leaves, structure = jax.tree.flatten((arguments, keywords))
        traced = any(isinstance(leaf, Tracer) for leaf in leaves)
        with contextlib.nullcontext() if traced else jax.enable_x64(True):
            working = jnp.result_type(float)
            leaves = [_at_precision(leaf, working) for leaf in leaves]
            arguments, keywords = jax.tree.unflatten(structure, leaves)
            return function(*arguments, **keywords)

    return scoped


def jax_array(values: ArrayLike | Sequence, dtype: type | None = None) -> jax.Array:
    """A JAX array of these values, in the working precision.

    As jnp.asarray, which however compiles a program for every new shape of a NumPy array.
    """
    if isinstance(values, Tracer):
        return jnp.asarray(values, dtype)
    if isinstance(values, jax.Array) and dtype is None:
        return values
    return jax.device_put(np.asarray(values, dtype))


def _at_precision(leaf: Any, dtype: np.dtype) -> Any:
    """The leaf; JAX arrays of real numbers that are not traced, in the working precision."""
    if not isinstance(leaf, jax.Array) or isinstance(leaf, Tracer):
        return leaf
    if leaf.dtype == dtype or not jnp.issubdtype(leaf.dtype, jnp.floating):
        return leaf
    # By way of NumPy: JAX would warn of the rounding that is meant here.
    return jax_array(np.asarray(leaf).astype(dtype))
