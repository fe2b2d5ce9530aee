"""Where a model is steered: after a layer's attention or after the whole layer."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .._errors import InterpError
from .._models.hooks import first, hooked
from .._models.model import Model

SITES = ("attention", "block")


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """A place in the residual stream.

    `site` is `block`, the stream after the whole layer, or `attention`, the stream when the layer's
    attention has been added and its MLP not yet (in parallel blocks, where both are added at once,
    what is added there reaches the stream after the layer like at `block`).
    """

    layer: int
    site: str = "block"

    def __str__(self) -> str:
        return f"layer {self.layer}, after {'attention' if self.site == 'attention' else 'all'}"


def places_of(
    model: Model, *, layers: Sequence[int] | None = None, sites: Sequence[str] = SITES
) -> tuple[Place, ...]:
    """All places of a model, or those of some layers and sites.

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
            raise InterpError(f"no site {site!r}; there are {', '.join(SITES)}")
    return tuple(Place(layer, site) for layer in chosen for site in SITES if site in sites)


def module_at(model: Model, place: Place) -> nn.Module:
    """The module whose output, when something is added to it, adds that to the stream there."""
    (checked,) = places_of(model, layers=[place.layer], sites=[place.site])
    layer = model.sites.layers[checked.layer]
    if checked.site == "block":
        return layer.block
    return layer.attention_norm or layer.head_projection


def entering(layer_input: tuple[Any, ...], keywords: dict[str, Any]) -> torch.Tensor:
    """The stream that enters a block, from the arguments of its call."""
    return layer_input[0] if layer_input else keywords["hidden_states"]


class Watch:
    """Reads the residual stream at places during one forward pass; use it as a context."""

    def __init__(self, model: Model, places: Sequence[Place]) -> None:
        self._blocks = {place.layer: model.sites.layers[place.layer].block for place in places}
        self._places = [(place, module_at(model, place)) for place in places]
        self._entering: dict[int, torch.Tensor] = {}
        self.states: dict[Place, torch.Tensor] = {}

    def __enter__(self) -> "Watch":
        def enters(layer: int):
            def hook(module: nn.Module, inputs: Any, keywords: Any) -> None:
                self._entering[layer] = entering(inputs, keywords)

            return hook

        def leaves(place: Place):
            def hook(module: nn.Module, inputs: Any, output: Any) -> None:
                written = first(output)
                inside = place.site == "attention"
                self.states[place] = written + self._entering[place.layer] if inside else written

            return hook

        self._handles = [
            block.register_forward_pre_hook(enters(layer), with_kwargs=True)
            for layer, block in self._blocks.items()
        ]
        self._context = hooked(after=[(module, leaves(place)) for place, module in self._places])
        self._context.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._context.__exit__(*problem)
        for handle in self._handles:
            handle.remove()
