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

    - `path`, `kind`: the file, and its format in a word, which stands as the vector's `method`.
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

    **Arguments**: `layer`, counted from 0: the one of a file's layers that is taken (all of them by
    default, each added at its own), and after which block a plain tensor is added, whose file does
    not say.

    A foreign vector is added as its file holds it at strength 1, at all positions; strength 2 adds
    it twice. Nothing is known of the texts that it was found with, nor of the weights: the model
    must have its layer and its width, and that is all that is checked.

    **Raises** `InterpError` where no layer is known or the file lacks the one that is chosen, for a
    place that this model does not have, another width, values that are no numbers, zeros alone, and
    a length that float32 does not hold.
    """
    if isinstance(read, TruthVector):
        if layer is not None:
            raise InterpError(
                f"the vector's file says that it is added at {read.places}; leave layer={layer}"
                " away"
            )
        return read
    chosen = _chosen(model, read, layer)
    for hook_point, addition in chosen.items():
        _check(model, read, hook_point, addition)
    # A layer of zeros adds nothing, and no direction can be made of it.
    (hook_point, addition), *others = (
        (point, added) for point, added in chosen.items() if bool(added.any())
    )
    length = float(addition.double().norm())  # squares of large numbers leave float32
    also = {point: (added.double() / length).float() for point, added in others}
    if not _is_usable(length) or not all(bool(row.isfinite().all()) for row in also.values()):
        raise InterpError(
            f"{read.path}: its vector for layer {hook_point.layer} has length {length:.4g}, which "
            "no model can be given; make it again"
        )
    named = f"a {read.model_type} model" if read.model_type else "a model"
    return TruthVector(
        direction=(addition.double() / length).float(),
        hook_point=hook_point,
        strength=1.0,
        norm=length,
        strength_unit=FILE_UNIT,
        raw_norm=length,
        method=read.kind,
        contrast=f"not said in {read.path.name}",
        model=f"{named} that {read.path.name} does not name",
        fingerprint="",
        also=also,
    )


def _is_usable(length: float) -> bool:
    """Whether float32, in which a vector is added, holds this length with all its digits."""
    held = torch.finfo(torch.float32)
    return held.tiny <= length <= held.max


def _chosen(model: Model, read: ForeignVector, layer: int | None) -> dict[HookPoint, torch.Tensor]:
    """The hook points that are meant, in their order, and what is added at each."""
    placed: dict[HookPoint, torch.Tensor] = {}
    for place, added in read.additions.items():
        hook_point = _place(model, read, place if place is not None else layer)
        if hook_point in placed:  # named from the first layer and from the last
            raise InterpError(f"{read.path} names layer {hook_point.layer} twice; make it again")
        placed[hook_point] = added
    meant = {point: placed[point] for point in sorted(placed) if layer in (None, point.layer)}
    if not meant:
        held = ", ".join(map(str, sorted({point.layer for point in placed})))
        raise InterpError(f"{read.path} holds no vector for layer {layer}; it holds {held}")
    if not any(bool(added.any()) for added in meant.values()):
        raise InterpError(
            f"{read.path} holds zeros, which add nothing; choose another layer or file"
        )
    return meant


def _place(model: Model, read: ForeignVector, place: Place) -> HookPoint:
    if place is None:
        raise InterpError(
            f"{read.path} does not say after which layer its vector is added; give layer=N, 0 to "
            f"{model.n_layers - 1}"
        )
    if isinstance(place, int):
        # steering-vectors takes -1 for the last block, as Python does.
        number = place if place >= 0 or None in read.additions else model.n_layers + place
        (hook_point,) = hook_points_of(model, layers=[number], sites=["block"])
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
