"""What `torch.save` wrote, read without running any code of it."""

import math
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

import torch

from ....common.words import printable, shortened
from ..._errors import InterpError
from ..foreign import ForeignVector, Place
from ..loading import UNREADABLE
from ..vector import TruthVector
from .own import METADATA, exported
from .plain import KIND
from .tensors import flat, layer_number

LM_EVAL_KEYS = frozenset({"steering_vector", "action"})


class _SteeringVector:
    """Stands for the class of that name of steering-vectors, which `torch.save` names in the file:
    only its two fields are read."""

    layer_activations: object = None
    layer_type: object = "decoder_block"


#: The class as the file names it.
_STEERING_VECTORS = "steering_vectors.steering_vector.SteeringVector"


def read_torch(path: Path) -> TruthVector | ForeignVector:
    """A steering file of lm-evaluation-harness, a vector of steering-vectors, or one tensor."""
    content = _load(path)
    if isinstance(content, torch.Tensor):
        return ForeignVector(path, KIND, {None: flat(path, "the tensor", content)})
    if isinstance(content, _SteeringVector):
        return _steering_vectors(path, content)
    if isinstance(content, Mapping) and content:
        entries = dict(content)
        if all(isinstance(v, Mapping) and v.keys() >= LM_EVAL_KEYS for v in entries.values()):
            return _lm_eval(path, entries)
    raise InterpError(
        f"{path} is none of the .pt files that are read: lm-evaluation-harness' steer_path, a "
        "SteeringVector of steering-vectors, one tensor"
    )


def _load(path: Path) -> object:
    try:
        with (
            torch.serialization.safe_globals([(_SteeringVector, _STEERING_VECTORS)]),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter(
                "ignore"
            )  # of other pickle protocols: read or refused all the same
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        what = f" ({shortened(named[1])[1:-1]})" if named else ""
        raise InterpError(
            f"{path} holds more than tensors{what}, which could run code and is not read: save the "
            "tensor alone"
        ) from None
    except (*UNREADABLE, ImportError, struct.error, zipfile.BadZipFile) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InterpError(
            f"{path} is no whole file of torch.save ({printable(first)}); save the tensor again"
        ) from None


def _lm_eval(
    path: Path, entries: Mapping[object, Mapping[str, object]]
) -> TruthVector | ForeignVector:
    """`{hookpoint: {steering_vector, steering_coefficient, action, bias, head_index}}`: the vector
    times the coefficient is added to the output of the base model's module of that name."""
    additions: dict[Place, torch.Tensor] = {}
    for hookpoint, entry in entries.items():
        if not isinstance(hookpoint, str):
            raise InterpError(f"{path}: {shortened(hookpoint)} names no module; make it again")
        named = shortened(hookpoint)[1:-1]
        vector, coefficient = entry["steering_vector"], entry.get("steering_coefficient", 1.0)
        if not isinstance(vector, torch.Tensor) or not _is_number(coefficient):
            raise InterpError(f"{path}: {named} has no tensor times a number; make it again")
        action = entry["action"]
        if not isinstance(action, str) or action != "add":
            raise InterpError(f"{path}: {named} does {shortened(action)}; only add is read")
        for key in ("bias", "head_index"):
            if entry.get(key) is not None:
                raise InterpError(f"{path}: {named} has a {key}, which is not read")
        whole = float(coefficient) * flat(path, hookpoint, vector).double()
        additions[hookpoint] = flat(path, hookpoint, whole)
    metadata = next(iter(entries.values())).get(METADATA)
    if isinstance(metadata, str):
        return exported(path, metadata, tuple(additions.values()))
    return ForeignVector(path, "lm-evaluation-harness", additions)


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _steering_vectors(path: Path, content: _SteeringVector) -> ForeignVector:
    """`layer_activations`: by number of the decoder block, counted from 0."""
    kind = content.layer_type
    if not isinstance(kind, str) or kind != "decoder_block":
        raise InterpError(
            f"{path} adds to {shortened(kind)} of its layers; only decoder_block is read"
        )
    layers = content.layer_activations
    additions: dict[Place, torch.Tensor] = {}
    for layer, value in layers.items() if isinstance(layers, Mapping) else ():
        number = layer_number(path, layer)
        if not isinstance(value, torch.Tensor):
            raise InterpError(f"{path}: its layer {number} has no tensor; make it again")
        additions[number] = flat(path, f"layer {number}", value)
    if not additions:
        raise InterpError(f"{path} holds no layer_activations; make it again")
    return ForeignVector(path, "steering-vectors", additions)
