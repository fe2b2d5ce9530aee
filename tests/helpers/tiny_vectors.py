"""A vector for any tiny model, with a direction that is the same each time."""

import dataclasses
from typing import Any

import torch

from nullcline import interp


def vector_for(
    model: interp.Model, *, layer: int = 1, site: interp.Site = "block", strength: float = 0.5,
    **changes: Any,
) -> interp.TruthVector:  # fmt: skip
    """A random unit direction of the model's width; `changes` are of the vector's fields."""
    direction = torch.randn(model.d_model, generator=torch.Generator().manual_seed(3))
    whole = interp.TruthVector(
        direction=direction / direction.norm(),
        hook_point=interp.HookPoint(layer, site),
        strength=strength,
        norm=4.0,
        raw_norm=2.0,
        method="mass-mean",
        contrast="by hand",
        model=model.name,
        fingerprint=model.fingerprint,
    )
    return dataclasses.replace(whole, **changes)
