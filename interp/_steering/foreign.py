"""A vector as another tool's file holds it, before it is known where in a model it is added."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import torch

from .._errors import InterpError
from .._models.model import Model
from .hook_point import HookPoint, hook_points_of, module_name
from .vector import FILE_UNIT, TruthVector

#: Where a file says that a tensor is added: after a block, counted from 0 (-1 the last), or to the
#: output of a module of that name. None: it does not say.
Place = int | str | None


@dataclasses.dataclass(frozen=True, eq=False)
class ForeignVector:
    """What a file of another tool holds.

    - `path`, `kind`: the file, and its format in words.
    - `additions`: what is added at each place at strength 1, coefficients of the file included;
      shapes (d_model,).
    - `model_type`: the type of model that the file names, such as `llama`; empty where it does not.
    """

    path: Path
    kind: str
    additions: Mapping[Place, torch.Tensor]
    model_type: str = ""


def place_vector(
    model: Model, read: TruthVector | ForeignVector, *, layer: int | None = None
) -> TruthVector:
    """What `read_vector` read, as a vector of this model.

    **Arguments**: `layer`, counted from 0: which of a file's layers is taken where it holds
    several, and after which block a plain tensor is added, whose file does not say.

    A foreign vector is added as its file holds it at strength 1, at all positions; strength 2 adds
    it twice. Nothing is known of the texts that it was found with, nor of the weights: the model
    must have its layer and its width, and that is all that is checked.

    **Raises** `InterpError` where no layer or several could be meant, for a place that this model
    does not have, another width, values that are no numbers, and a vector of zeros.
    """
    if isinstance(read, TruthVector):
        if layer is not None:
            raise InterpError(
                f"the vector's file says that it is added at {read.hook_point}; leave layer={layer}"
                " away"
            )
        return read
    hook_point, addition = _chosen(model, read, layer)
    _check(model, read, hook_point, addition)
    length = float(addition.norm())
    named = f"a {read.model_type} model" if read.model_type else "a model"
    return TruthVector(
        direction=addition / length,
        hook_point=hook_point,
        strength=1.0,
        norm=length,
        strength_unit=FILE_UNIT,
        raw_norm=length,
        method=read.kind,
        contrast=f"not said in {read.path.name}",
        model=f"{named} that {read.path.name} does not name",
        fingerprint="",
    )


def _chosen(model: Model, read: ForeignVector, layer: int | None) -> tuple[HookPoint, torch.Tensor]:
    """The hook point and the tensor that are meant."""
    last = model.n_layers - 1
    if set(read.additions) == {None}:
        if layer is None:
            raise InterpError(
                f"{read.path} does not say after which layer its vector is added; give layer=N, "
                f"0 to {last}"
            )
        (hook_point,) = hook_points_of(model, layers=[layer], sites=["block"])
        return hook_point, read.additions[None]
    placed = {_place(model, read, place): added for place, added in read.additions.items()}
    layers = sorted({point.layer for point in placed})
    held = ", ".join(map(str, layers))
    meant = sorted(point for point in placed if layer in (None, point.layer))
    if not meant:
        raise InterpError(f"{read.path} holds no vector for layer {layer}; it holds {held}")
    if len(layers) > 1 and layer is None:
        raise InterpError(
            f"{read.path} holds a vector for each of the layers {held}, and one is added: choose "
            "it with layer=N"
        )
    if len(meant) > 1:
        raise InterpError(
            f"{read.path} holds two vectors for layer {meant[0].layer}, after its attention and "
            "after the block, and one is added: write a file with one of them"
        )
    return meant[0], placed[meant[0]]


def _place(model: Model, read: ForeignVector, place: Place) -> HookPoint:
    if not isinstance(place, str):
        number = int(place or 0)
        # steering-vectors takes -1 for the last block, as Python does.
        layer = number if number >= 0 else model.n_layers + number
        (hook_point,) = hook_points_of(model, layers=[layer], sites=["block"])
        return hook_point
    points = hook_points_of(model)
    for hook_point in points:
        if module_name(model, hook_point) == place:
            return hook_point
    raise InterpError(
        f"{read.path} adds to {place!r}, where nothing is added to the residual stream of "
        f"{model.name}; such modules are {', '.join(module_name(model, p) for p in points[:2])}, …"
    )


def _check(
    model: Model, read: ForeignVector, hook_point: HookPoint, addition: torch.Tensor
) -> None:
    if addition.shape != (model.d_model,):
        raise InterpError(
            f"{read.path}: its vector for layer {hook_point.layer} has the shape "
            f"{tuple(addition.shape)}, {model.name} has width {model.d_model}: it is for another "
            "model"
        )
    if not bool(torch.isfinite(addition).all()):
        raise InterpError(
            f"{read.path}: its vector for layer {hook_point.layer} holds values that are no "
            "numbers; make it again"
        )
    if not bool(addition.any()):
        raise InterpError(
            f"{read.path}: its vector for layer {hook_point.layer} is all zeros, which adds "
            "nothing; choose another layer or file"
        )
