"""Where the parts of a decoder are: a network's own modules under one set of names."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from .._errors import InterpError


@dataclasses.dataclass(frozen=True, eq=False)
class Layer:
    """The parts of one block.

    - `block`: the whole block; its output is the residual stream.
    - `head_projection`: the linear map whose input is all heads' outputs side by side (W_O).
    - `mlp_out`: the module whose output the MLP adds to the residual stream.
    - `attention_norm`, `mlp_norm`: norms *after* attention and MLP, before they are added (None in
      most architectures).
    - `in_tuple`: whether the block's output is a tuple that begins with the stream.
    """

    block: nn.Module
    head_projection: nn.Module
    mlp_out: nn.Module | None
    attention_norm: nn.Module | None
    mlp_norm: nn.Module | None
    in_tuple: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a decoder: `layers`, the final norm and the unembedding."""

    layers: tuple[Layer, ...]
    final_norm: nn.Module
    unembedding: nn.Module


def find_parts(network: Any, mapping: Mapping[str, Any], tokens: torch.Tensor) -> Parts:
    """Look up a network's modules by TransformerLens' mapping from its names to theirs.

    **Arguments**: the plain network, the `component_mapping` of its architecture, and a few token
    ids, shape (1, positions): one forward pass tells which norms follow attention and MLP.

    **Raises** `InterpError` where the architecture is no stack of attention blocks.
    """
    kind = type(network).__name__

    def part(owner: nn.Module, name: str, what: str) -> nn.Module:
        try:
            return owner.get_submodule(name)
        except AttributeError:
            raise InterpError(f"{kind} has no {what} at {name!r}; it cannot be read here") from None

    for needed in ("blocks", "ln_final", "unembed"):
        if needed not in mapping:
            raise InterpError(f"{kind} has no {needed}; only plain decoders can be read here")
    inside = mapping["blocks"].submodules
    if "attn" not in inside or "o" not in inside["attn"].submodules:
        raise InterpError(f"{kind} has blocks without attention heads; it cannot be read here")
    attention_name = ".".join(
        name for name in (inside["attn"].name, inside["attn"].submodules["o"].name) if name
    )
    mlp_name = None
    if "mlp" in inside:
        out = (inside["mlp"].submodules or {}).get("out")
        names = (inside["mlp"].name, out.name if out is not None else None)
        mlp_name = ".".join(name for name in names if name)

    layers = []
    for block in part(network, mapping["blocks"].name, "blocks").children():
        layers.append(
            Layer(
                block=block,
                head_projection=part(block, attention_name, "attention output"),
                mlp_out=part(block, mlp_name, "MLP") if mlp_name else None,
                attention_norm=None,
                mlp_norm=None,
            )
        )
    return Parts(
        layers=_as_run(network, layers, tokens),
        final_norm=part(network, mapping["ln_final"].name, "final norm"),
        unembedding=part(network, mapping["unembed"].name, "unembedding"),
    )


def _as_run(network: Any, layers: Sequence[Layer], tokens: torch.Tensor) -> tuple[Layer, ...]:
    """Find the norms whose input is the very tensor that attention or MLP put out, and in what form
    blocks put out theirs."""
    producers: dict[int, tuple[int, str]] = {}
    alive: list[torch.Tensor] = []  # keeps an address from being used again
    norms: dict[tuple[int, str], nn.Module] = {}
    tuples: set[nn.Module] = set()
    handles = []

    def produced(output_of: tuple[int, str]):
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            tensor = output[0] if isinstance(output, tuple) else output
            alive.append(tensor)
            producers[tensor.data_ptr()] = output_of

        return hook

    def consumed(norm: nn.Module):
        def hook(module: nn.Module, inputs: Any) -> None:
            output_of = producers.get(inputs[0].data_ptr()) if inputs else None
            if output_of is not None:
                norms[output_of] = norm

        return hook

    def left(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, tuple):
            tuples.add(module)

    try:
        for index, layer in enumerate(layers):
            handles.append(layer.block.register_forward_hook(left))
            handles.append(
                layer.head_projection.register_forward_hook(produced((index, "attention")))
            )
            if layer.mlp_out is not None:
                handles.append(layer.mlp_out.register_forward_hook(produced((index, "mlp"))))
            for child in layer.block.children():
                if "norm" in type(child).__name__.lower():
                    handles.append(child.register_forward_pre_hook(consumed(child)))
        with torch.no_grad():
            network.base_model(tokens, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    return tuple(
        dataclasses.replace(
            layer,
            attention_norm=norms.get((index, "attention")),
            mlp_norm=norms.get((index, "mlp")),
            in_tuple=layer.block in tuples,
        )
        for index, layer in enumerate(layers)
    )
