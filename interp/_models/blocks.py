"""Some of a network's blocks: a pass that begins where the stream is known already, or ends early.

What is added to the residual stream at one layer changes nothing below it. Many additions to the
same text need the blocks below only once: the stream that enters the layer is kept, and a pass
begins there. The blocks that are left out hand on what they get, so the network's own code runs
as it is, with its masks and position embeddings.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

from .hooks import Hook, block_input, first
from .model import Model


@contextlib.contextmanager
def blocks_from(model: Model, layer: int, stream: torch.Tensor | None) -> Iterator[None]:
    """Passes begin at block `layer` with `stream`, shape (rows, positions, d_model), as its input.

    None, or layer 0: passes are whole.
    """
    if stream is None or layer == 0:
        yield
        return

    def enters(module: nn.Module, inputs: Any, keywords: Any) -> Any:
        if inputs:
            return (stream, *inputs[1:]), keywords
        return inputs, {**keywords, "hidden_states": stream}

    block = model.parts.layers[layer].block
    # Before other hooks, which may read what enters the block.
    handle = block.register_forward_pre_hook(enters, prepend=True, with_kwargs=True)
    try:
        with _handing_on(model, range(layer)):
            yield
    finally:
        handle.remove()


@contextlib.contextmanager
def blocks_until(model: Model, layer: int) -> Iterator[list[torch.Tensor]]:
    """Passes end at block `layer`, which does not run: yields a list that takes what enters it.

    Up to the number of layers, which is the stream after the last block.
    """
    entered: list[torch.Tensor] = []
    blocks = model.parts.layers

    def leaves(module: nn.Module, inputs: Any, output: Any) -> None:
        entered.append(first(output))

    handle = blocks[layer - 1].block.register_forward_hook(leaves)
    try:
        with _handing_on(model, range(layer, len(blocks))):
            yield entered
    finally:
        handle.remove()


@contextlib.contextmanager
def entering(model: Model, layers: Iterable[int]) -> Iterator[dict[int, torch.Tensor]]:
    """Passes are whole: yields a dictionary that takes what enters some blocks, the last pass's."""
    entered: dict[int, torch.Tensor] = {}

    def take(layer: int) -> Hook:
        def hook(module: nn.Module, inputs: Any, keywords: Any) -> None:
            entered[layer] = block_input(inputs, keywords)

        return hook

    with contextlib.ExitStack() as stack:
        for layer in set(layers):
            block = model.parts.layers[layer].block
            handle = block.register_forward_pre_hook(take(layer), with_kwargs=True)
            stack.callback(handle.remove)
        yield entered


@contextlib.contextmanager
def _handing_on(model: Model, layers: range) -> Iterator[None]:
    """Some blocks do nothing: what enters them leaves them."""
    chosen = [model.parts.layers[layer] for layer in layers]

    def hands_on(hidden_states: torch.Tensor, *others: Any, **keywords: Any) -> torch.Tensor:
        return hidden_states

    def in_tuple(hidden_states: torch.Tensor, *others: Any, **keywords: Any) -> tuple:
        return (hidden_states,)

    try:
        for layer in chosen:  # the instance's own comes before that of its class
            layer.block.forward = in_tuple if layer.in_tuple else hands_on
        yield
    finally:
        for layer in chosen:
            layer.block.__dict__.pop("forward", None)
