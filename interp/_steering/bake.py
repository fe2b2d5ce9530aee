"""A steered model as an ordinary checkpoint: the vector becomes a bias."""

import copy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...common.files import whole_folder
from .._errors import InterpError
from .._models.model import Model
from .._models.network import twin_of
from .steer import check_strength, steer
from .vector import TruthVector, check_fits

#: Configurations that can switch on a bias that they have not, and the class that does it.
_BIAS_SWITCHES = ("mlp_bias", "attention_bias", "bias")
# Both routes add the same float32 numbers in another order.
_TOLERANCE = 1e-4


def bake(
    model: Model,
    vector: TruthVector,
    folder: Path | str,
    *,
    strength: float | None = None,
    force: bool = False,
) -> Path:
    """Write a checkpoint that is steered without a hook: a HuggingFace folder like any other.

    Adding a vector after a layer is adding it to the bias of the layer's last linear map (of its
    attention output for a vector after attention). Where the map has no bias but the architecture
    has a switch for one (Llama's `mlp_bias`), it is switched on and every other new bias is zero.
    The result is compared with the hooked model before it is written.

    **Raises** `InterpError` where the architecture cannot carry it (a norm follows the map, or no
    bias exists), for a vector with a condition or for some positions only, and for a folder that
    exists.
    """
    folder = Path(folder)
    check_fits(model, vector, force=force)
    check_strength(strength)
    if folder.exists():
        raise InterpError(f"{folder} exists; give a folder that does not")
    if vector.also:
        raise InterpError(
            f"the vector is added at {vector.places}, and one layer is baked in; choose one"
        )
    if vector.condition is not None or vector.positions != "all":
        raise InterpError(
            "a vector that is added at some positions only cannot be baked in: a bias acts on all; "
            "find one with where='everywhere'"
        )
    network = _with_bias(model, vector, vector.addition(strength))
    _check_equal(model, vector, network, strength)
    card = _card(model, vector, strength)
    try:
        with whole_folder(folder) as temporary:
            network.save_pretrained(temporary, safe_serialization=True)
            model.tokenizer.save_pretrained(temporary)
            (temporary / "README.md").write_text(card, encoding="utf-8")
    except OSError as error:
        raise InterpError(f"{folder} cannot be written: {error}") from None
    return folder


def _with_bias(model: Model, vector: TruthVector, addition: torch.Tensor) -> Any:
    """A second module tree over the network's weights, whose layer adds the vector by itself."""
    layer = model.parts.layers[vector.hook_point.layer]
    if vector.hook_point.site == "attention":
        norm, target = layer.attention_norm, layer.head_projection
    else:
        norm, target = layer.mlp_norm, layer.mlp_out
    kind = model.architecture
    if norm is not None:
        raise InterpError(
            f"{kind} normalises after that map, so no bias of it is a vector in the stream: steer "
            "with the hook instead"
        )
    if target is None:
        # A layer without MLP: its attention output is the last thing that is added.
        target = layer.head_projection
    name = next(n for n, module in model.network.named_modules() if module is target)
    network = twin_of(model.network)
    if _bias_of(network.get_submodule(name)) is None:
        network = _switched(model, name)
    owner = network.get_submodule(name)
    bias = _bias_of(owner)
    if bias is None:
        raise InterpError(
            f"{kind} has no bias at {name} and no switch for one: steer with the hook instead"
        )
    # A parameter of its own: the tree shares all others with the network, which stays as it is.
    moved = bias.detach() + addition.to(device=bias.device, dtype=bias.dtype)
    owner.register_parameter("bias", nn.Parameter(moved, requires_grad=False))
    return network.eval()


def _bias_of(module: nn.Module) -> torch.Tensor | None:
    bias = getattr(module, "bias", None)
    return bias if isinstance(bias, torch.Tensor) else None


def _switched(model: Model, name: str) -> Any:
    """The same network with biases of zero, where its configuration knows a switch for them."""
    for switch in _BIAS_SWITCHES:
        if getattr(model.network.config, switch, None) is not False:
            continue
        config = copy.deepcopy(model.network.config)
        setattr(config, switch, True)
        try:
            network = twin_of(model.network, config)
        except (TypeError, ValueError):
            continue
        if _bias_of(network.get_submodule(name)) is None:
            continue
        missing = [key for key, value in network.named_parameters() if value.is_meta]
        if not all(key.endswith(".bias") for key in missing):
            continue
        for key in missing:
            owner = network.get_submodule(key.removesuffix(".bias"))
            zeros = torch.zeros(owner.bias.shape, device=model.device, dtype=model.dtype)
            owner.register_parameter("bias", nn.Parameter(zeros, requires_grad=False))
        return network
    return model.network


def _check_equal(model: Model, vector: TruthVector, network: Any, strength: float | None) -> None:
    """Refuse to write what does not do what the hook does."""
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, model.d_vocab, (2, 12), generator=generator).to(model.device)
    with torch.no_grad():
        with steer(model, vector, strength=strength, force=True):
            hooked = model.network(tokens, use_cache=False).logits.float()
        baked = network(tokens, use_cache=False).logits.float()
    apart = float((hooked - baked).abs().max())
    allowed = _TOLERANCE * max(1.0, float(hooked.abs().max()))
    if model.dtype == torch.float32 and not apart <= allowed:
        raise InterpError(
            f"{model.architecture} with the vector as a bias differs by {apart:.1e} from the "
            "hooked model: steer with the hook instead"
        )


def _card(model: Model, vector: TruthVector, strength: float | None) -> str:
    used = vector.strength if strength is None else strength
    return (
        f"# {model.name}, steered\n\n"
        f"The weights of {model.name} (revision {model.revision or 'unknown'}, fingerprint "
        f"{model.fingerprint[:16]}) with a truth vector of nullcline as a bias.\n\n"
        f"- hook point: {vector.hook_point}\n- method: {vector.method} ({vector.contrast})\n"
        f"- strength: {used:g} ({vector.strength_unit}), norm {vector.norm:.4g}\n\n"
        "The licence is that of the original model.\n"
    )
