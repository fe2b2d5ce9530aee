"""Tensors of other tools' files as vectors."""

from pathlib import Path

import torch

from ..._errors import InterpError


def flat(path: Path, name: str, value: torch.Tensor) -> torch.Tensor:
    """A tensor of shape (d,), (1, d) or (1, 1, d) as float32 of shape (d,).

    **Raises** `InterpError` for another shape, and for whole numbers.
    """
    if value.ndim == 0 or value.shape[-1] != value.numel() or value.numel() == 0:
        raise InterpError(
            f"{path}: {name} has the shape {tuple(value.shape)}; a vector has one row as wide as "
            "the model"
        )
    if not value.is_floating_point():
        kind = str(value.dtype).removeprefix("torch.")
        raise InterpError(f"{path}: {name} is of {kind}; a vector is of floating-point numbers")
    return value.detach().float().cpu().reshape(-1).clone()
