"""Tensors of other tools' files as vectors."""

from pathlib import Path

import torch

from ....common.words import shortened
from ..._errors import InterpError
from ..loading import MOST_LAYERS

#: Numbers in a vector; no model is a tenth as wide.
_WIDEST = 2**20


def flat(path: Path, name: str, value: torch.Tensor) -> torch.Tensor:
    """A tensor of shape (d,), (1, d) or (1, 1, d) as float32 of shape (d,).

    **Raises** `InterpError` for another shape, for whole numbers, and for values that are no
    finite numbers.
    """
    name = name if name.isprintable() and len(name) < 60 else shortened(name)
    shape = tuple(value.shape)
    if not shape or shape[-1] != value.numel() or not 0 < shape[-1] <= _WIDEST:
        raise InterpError(
            f"{path}: {name} has the shape {shortened(shape)}; a vector has one row as wide as the "
            "model"
        )
    kind = str(value.dtype).removeprefix("torch.")
    if value.layout != torch.strided or value.is_quantized or value.device.type == "meta":
        raise InterpError(f"{path}: {name} holds no plain numbers; save it as a dense tensor")
    if not value.is_floating_point():
        raise InterpError(f"{path}: {name} is of {kind}; a vector is of floating-point numbers")
    row = value.detach().float().cpu().reshape(-1).clone()
    if not bool(torch.isfinite(row).all()):
        raise InterpError(f"{path}: {name} holds values that are no numbers; make it again")
    return row


def layer_number(path: Path, layer: object) -> int:
    """A layer that a file of another tool names, counted from 0, or from the last as -1.

    **Raises** `InterpError` for anything else, and for a number that no model has.
    """
    if (
        isinstance(layer, bool)
        or not isinstance(layer, int)
        or not (-MOST_LAYERS <= layer < MOST_LAYERS)
    ):
        raise InterpError(
            f"{path} names layer {shortened(layer)}; layers are 0 to {MOST_LAYERS - 1}"
        )
    return layer
