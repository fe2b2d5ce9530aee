"""A plain network: its text configuration, its fingerprint, and a second module tree over its
weights."""

import copy
import dataclasses
import hashlib
from typing import Any

import torch
from torch import nn


def text_config(config: Any) -> Any:
    """The part of a configuration that is about the text decoder."""
    return config.get_text_config() if hasattr(config, "get_text_config") else config


@dataclasses.dataclass(frozen=True)
class Fingerprints:
    """Digests of a network's weights: `exact`, and `rounded` to bfloat16.

    Two checkpoints of one architecture differ in both; so do two number formats in `exact`, while
    float32 and bfloat16 of one checkpoint agree in `rounded` (float16 does where its rounding does
    not cross that of bfloat16, as for weights that were published in bfloat16).
    """

    exact: str
    rounded: str


def fingerprints(network: nn.Module) -> Fingerprints:
    """SHA-256 over names, shapes and up to 4,096 evenly spaced values of every weight."""
    exact, rounded = hashlib.sha256(), hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        flat = value.detach().reshape(-1)
        sample = flat[:: max(1, flat.numel() // 4096)]
        exact.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        exact.update(sample.float().cpu().contiguous().numpy().tobytes())
        rounded.update(f"{name}{tuple(value.shape)}".encode())
        rounded.update(sample.bfloat16().float().cpu().contiguous().numpy().tobytes())
    return Fingerprints(exact=exact.hexdigest(), rounded=rounded.hexdigest())


def twin_of(network: Any, config: Any = None) -> Any:
    """A second module tree over the same tensors: TransformerLens replaces modules in its tree.

    With another `config` (one that has more biases, say) what the network lacks stays without
    memory, on the device `meta`.
    """
    config = copy.deepcopy(network.config) if config is None else config
    config.architectures = config.architectures or [type(network).__name__]
    with torch.device("meta"):
        twin = type(network)(config)
    twin.load_state_dict(network.state_dict(), assign=True, strict=False)
    for name, module in network.named_modules():
        other = twin.get_submodule(name)
        other._buffers.update(module._buffers)
        # Some networks keep tensors (rotary frequencies) as plain attributes.
        for key, value in vars(module).items():
            if torch.is_tensor(value):
                setattr(other, key, value)
    twin.tie_weights()
    if getattr(network, "generation_config", None) is not None:
        twin.generation_config = copy.deepcopy(network.generation_config)
    twin.requires_grad_(False)
    return twin.eval()


def likely_cause(network: Any) -> str:
    """What most likely makes two implementations of a network differ, in a few words."""
    config = text_config(network.config)
    if getattr(config, "rope_scaling", None) or "rope_type" in str(
        getattr(config, "rope_parameters", "")
    ).replace("'rope_type': 'default'", ""):
        return "scaled rotary positions"
    if getattr(config, "final_logit_softcapping", None) or getattr(
        config, "attn_logit_softcapping", None
    ):
        return "soft caps"
    if getattr(config, "sliding_window", None):
        return "the sliding attention window"
    return "another attention kernel or an adapter that lacks a step of this architecture"
