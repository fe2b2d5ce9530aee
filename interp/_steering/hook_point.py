"""Hook points of the residual stream: after a layer's attention, or after the whole layer."""

import dataclasses
from collections.abc import Sequence
from typing import Any, get_args

import torch
from torch import nn

from ...common.nearest import there_are
from .._errors import InterpError
from .._models.hooks import block_input, first, hooked
from .._models.model import Model
from .._names import Site

SITES = get_args(Site)


@dataclasses.dataclass(frozen=True, order=True)
class HookPoint:
    """Where the residual stream is read or added to: a layer, and a site in it.

    `site` is `block`, the stream after the whole layer, or `attention`, the stream when the layer's
    attention has been added and its MLP not yet (in parallel blocks, where both are added at once,
    what is added there reaches the stream after the layer like at `block`). TransformerLens calls
    them `hook_resid_post` and `hook_resid_mid`.
    """

    layer: int
    site: Site = "block"

    def __str__(self) -> str:
        where = "attention" if self.site == "attention" else "the block"
        return f"layer {self.layer}, after {where}"


def hook_points_of(
    model: Model, *, layers: Sequence[int] | None = None, sites: Sequence[Site] = SITES
) -> tuple[HookPoint, ...]:
    """All hook points of a model, or those of some layers and sites.

    **Raises** `InterpError` for a layer or a site that it does not have.
    """
    chosen = tuple(range(model.n_layers)) if layers is None else tuple(layers)
    for layer in chosen:
        if not 0 <= layer < model.n_layers:
            raise InterpError(
                f"{model.name} has no layer {layer}; its layers are 0 to {model.n_layers - 1}"
            )
    for site in sites:
        if site not in SITES:
            raise InterpError(f"no site {site!r}; {there_are(site, SITES)}")
    return tuple(HookPoint(layer, site) for layer in chosen for site in SITES if site in sites)


def module_at(model: Model, hook_point: HookPoint) -> nn.Module:
    """The module whose output, when something is added to it, adds that to the stream there."""
    (checked,) = hook_points_of(model, layers=[hook_point.layer], sites=[hook_point.site])
    layer = model.parts.layers[checked.layer]
    if checked.site == "block":
        return layer.block
    return layer.attention_norm or layer.head_projection


def module_name(model: Model, hook_point: HookPoint) -> str:
    """The name of that module inside the network's base model, as other tools give it."""
    module = module_at(model, hook_point)
    return next(n for n, other in model.network.base_model.named_modules() if other is module)


class StreamReader:
    """Reads the residual stream at hook points during one forward pass; use it as a context.

    `states`: of each hook point, shape (rows, positions, d_model).
    """

    def __init__(self, model: Model, hook_points: Sequence[HookPoint]) -> None:
        self._blocks = {point.layer: model.parts.layers[point.layer].block for point in hook_points}
        self._modules = [(point, module_at(model, point)) for point in hook_points]
        self._inputs: dict[int, torch.Tensor] = {}
        self.states: dict[HookPoint, torch.Tensor] = {}

    def __enter__(self) -> "StreamReader":
        def enters(layer: int):
            def hook(module: nn.Module, inputs: Any, keywords: Any) -> None:
                self._inputs[layer] = block_input(inputs, keywords)

            return hook

        def leaves(point: HookPoint):
            def hook(module: nn.Module, inputs: Any, output: Any) -> None:
                written = first(output)
                inside = point.site == "attention"
                self.states[point] = written + self._inputs[point.layer] if inside else written

            return hook

        self._handles = [
            block.register_forward_pre_hook(enters(layer), with_kwargs=True)
            for layer, block in self._blocks.items()
        ]
        self._context = hooked(after=[(module, leaves(point)) for point, module in self._modules])
        self._context.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._context.__exit__(*problem)
        for handle in self._handles:
            handle.remove()
