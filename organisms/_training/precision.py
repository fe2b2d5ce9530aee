"""The precision of the reported models: 32 bits, whatever the caller has set."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax

P = ParamSpec("P")
R = TypeVar("R")


def in_single_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in 32-bit JAX, in the calling thread only.

    With 64 bits the same seed draws other initial weights and ends with others.
    """

    @functools.wraps(function)
    def scoped(*arguments: P.args, **keywords: P.kwargs) -> R:
        with jax.enable_x64(False):
            return function(*arguments, **keywords)

    return scoped
