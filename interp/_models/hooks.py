"""Hooks that cannot be left behind, and reading or changing a layer's output through them."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

Hook = Callable[..., Any]


@contextlib.contextmanager
def hooked(
    *,
    before: Iterable[tuple[nn.Module, Hook]] = (),
    after: Iterable[tuple[nn.Module, Hook]] = (),
) -> Iterator[None]:
    """Forward (pre-)hooks for the length of a `with` block; removed after any exception too.

    A `before` hook gets `(module, inputs)`, an `after` hook `(module, inputs, output)`, as in
    PyTorch.
    """
    handles = []
    try:
        for module, hook in before:
            handles.append(module.register_forward_pre_hook(hook))
        for module, hook in after:
            handles.append(module.register_forward_hook(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()


def first(value: Any) -> torch.Tensor:
    """The tensor of a module's output, which may be a tuple that starts with it."""
    return value[0] if isinstance(value, tuple) else value


def replaced(value: Any, tensor: torch.Tensor) -> Any:
    """A module's output with another tensor instead of `first(value)`."""
    return (tensor, *value[1:]) if isinstance(value, tuple) else tensor


def block_input(inputs: tuple[Any, ...], keywords: dict[str, Any]) -> torch.Tensor:
    """The stream that enters a block, from the arguments of its call."""
    return inputs[0] if inputs else keywords["hidden_states"]
