"""What of a block reads the residual stream: its projections to queries, keys and values, its MLP,
and the norms before them."""

import copy
import dataclasses
from typing import Any

import torch
from torch import nn

from .._errors import InterpError
from .._models.hooks import first, hooked
from .._models.model import Model


@dataclasses.dataclass(frozen=True, eq=False)
class Projection:
    """Where queries (or keys, or values) are made: a linear module, and which rows of its output
    belong to each head, shape (heads, d_head)."""

    module: nn.Module
    rows: torch.Tensor

    def weight(self, head: int) -> torch.Tensor:
        """The weight of one head, shape (d_head, d_model)."""
        return _rows_of(self.module)[self.rows[head].to(_rows_of(self.module).device)]


@dataclasses.dataclass(frozen=True, eq=False)
class LayerReads:
    """What of one block reads the residual stream.

    - `query`, `key`, `value`; `norm`: before them. `mlp`: the module that the MLP's input enters
      (None without one), `mlp_norm` before it.
    - `parallel`: whether the MLP reads the block's input, without what its attention adds.
    """

    query: Projection
    key: Projection
    value: Projection
    norm: nn.Module
    mlp: nn.Module | None
    mlp_norm: nn.Module | None
    parallel: bool


def find_reads(model: Model) -> tuple[LayerReads, ...]:
    """Find what reads the residual stream in every block.

    **Raises** `InterpError` for architectures whose blocks do not read it through one norm, or norm
    what they add to it: an edge is then no part of a sum.
    """
    mapping = (model.bridge.adapter.component_mapping or {})["blocks"].submodules
    if any(layer.attention_norm or layer.mlp_norm for layer in model.parts.layers):
        raise _unreadable(model, "its blocks norm what they add to the residual stream")
    projections, mlps = [], []
    for layer in model.parts.layers:
        try:
            projections.append(_projections(model, layer.block, mapping["attn"]))
        except (KeyError, AttributeError):
            raise _unreadable(
                model, "it has no queries, keys and values of the usual kind"
            ) from None
        mlps.append(_mlp(layer.block, mapping.get("mlp")) if layer.mlp_out is not None else None)
    entering = [
        module
        for (query, key, value), mlp in zip(projections, mlps, strict=True)
        for module in (query.module, key.module, value.module, mlp)
        if module is not None
    ]
    norms, inputs = _norms_before(model, entering)
    found = []
    for layer, (query, key, value), mlp in zip(model.parts.layers, projections, mlps, strict=True):
        norm = norms.get(query.module)
        if norm is None or any(norms.get(part.module) is not norm for part in (key, value)):
            raise _unreadable(model, "queries, keys and values do not read it through one norm")
        mlp_norm = None if mlp is None else norms.get(mlp)
        if mlp is not None and mlp_norm is None:
            raise _unreadable(model, "its MLP does not read it through a norm")
        found.append(
            LayerReads(
                query=query,
                key=key,
                value=value,
                norm=norm,
                mlp=mlp,
                mlp_norm=mlp_norm,
                parallel=mlp_norm is not None and inputs[mlp_norm] == inputs[layer.block],
            )
        )
    return tuple(found)


def _unreadable(model: Model, why: str) -> InterpError:
    return InterpError(
        f"{model.name} ({model.architecture}): edges cannot be told apart in the residual stream, "
        f"since {why}"
    )


def _projections(model: Model, block: nn.Module, attention: Any) -> tuple[Projection, ...]:
    """Queries, keys and values, each a module of its own or rows of one that makes all three."""
    module = block.get_submodule(attention.name)
    names = attention.submodules
    if "qkv" not in names:
        found = tuple(module.get_submodule(names[name].name) for name in ("q", "k", "v"))
        size = _rows_of(found[0]).shape[0] // model.n_heads
        rows = [torch.arange(_rows_of(part).shape[0]).reshape(-1, size) for part in found]
        return tuple(Projection(part, own) for part, own in zip(found, rows, strict=True))
    # TransformerLens knows how each architecture packs them. It splits a stand-in whose weights are
    # the numbers of their rows, so that the parts tell which rows they were made of.
    name = names["qkv"].name
    fused = module.get_submodule(name)
    stand_in, numbered = copy.copy(module), copy.copy(fused)
    stand_in._modules = dict(module._modules)
    numbered._parameters = dict(fused._parameters)
    count, width = _rows_of(fused).shape
    numbers = torch.arange(count, dtype=torch.float32)[:, None].expand(count, width)
    numbered._parameters["weight"] = nn.Parameter(
        numbers if isinstance(fused, nn.Linear) else numbers.T, requires_grad=False
    )
    stand_in._modules[name] = numbered
    parts = attention.split_qkv_matrix(stand_in)
    own = [part.weight[:, 0].detach().round().long() for part in parts]
    size = len(own[0]) // model.n_heads
    return tuple(Projection(fused, rows.reshape(-1, size)) for rows in own)


def _mlp(block: nn.Module, mlp: Any) -> nn.Module:
    """The module that an MLP's input enters: the MLP, or its first map where it has no module."""
    return block.get_submodule(mlp.name or mlp.submodules["in"].name)


def _norms_before(
    model: Model, entering: list[nn.Module]
) -> tuple[dict[nn.Module, nn.Module], dict[nn.Module, int]]:
    """The norm whose very output enters each module, and the address of what enters each norm and
    each block."""
    alive: list[torch.Tensor] = []  # keeps an address from being used again
    outputs: dict[int, nn.Module] = {}
    norms: dict[nn.Module, nn.Module] = {}
    inputs: dict[nn.Module, int] = {}

    def enters(module: nn.Module, given: tuple) -> None:
        alive.append(first(given))
        inputs[module] = first(given).data_ptr()

    def leaves(module: nn.Module, given: tuple, output: Any) -> None:
        alive.append(first(output))
        outputs[first(output).data_ptr()] = module

    def read(module: nn.Module, given: tuple) -> None:
        norm = outputs.get(first(given).data_ptr())
        if norm is not None:
            norms[module] = norm

    blocks = [layer.block for layer in model.parts.layers]
    inside = [
        child
        for block in blocks
        for child in block.children()
        if "norm" in type(child).__name__.lower()
    ]
    with (
        torch.no_grad(),
        hooked(
            before=[*((m, enters) for m in (*blocks, *inside)), *((m, read) for m in entering)],
            after=[(norm, leaves) for norm in inside],
        ),
    ):
        tokens = torch.zeros((1, min(2, model.context)), dtype=torch.long, device=model.device)
        model.network.base_model(tokens, use_cache=False)
    return norms, inputs


def _rows_of(module: nn.Module) -> torch.Tensor:
    """A linear map's weight as (output, input): GPT-2's Conv1D keeps its other way round."""
    weight = module.get_parameter("weight")
    return weight if isinstance(module, nn.Linear) else weight.T
