"""A plain network: its text configuration, its fingerprint, and a second module tree over its
weights."""

import copy
import hashlib
from typing import Any

import torch
from torch import nn


def text_config(config: Any) -> Any:
    """The part of a configuration that is about the text decoder."""
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def fingerprint(network: nn.Module) -> str:
    """SHA-256 over names, shapes and up to 4,096 evenly spaced values of every weight.

    Two checkpoints of one architecture differ in it; so do two number formats.
    """
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        flat = value.detach().reshape(-1)
        step = max(1, flat.numel() // 4096)
        sample = flat[::step].float().cpu().contiguous().numpy()
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(sample.tobytes())
    return digest.hexdigest()


def twin_of(network: Any) -> Any:
    """A second module tree over the same tensors: TransformerLens replaces modules in its tree."""
    config = copy.deepcopy(network.config)
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
