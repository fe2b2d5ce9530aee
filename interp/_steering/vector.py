"""A truth vector: what is added where and how strongly, in one safetensors file."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ...common.words import counted
from .._errors import InterpError
from .._models.model import Model
from .._names import Positions
from .condition import Condition
from .hook_point import HookPoint, module_at
from .positions import said_positions
from .saving import saving

FORMAT = "nullcline truth vector 1"
STRENGTH_UNIT = "share of the mean residual norm at the hook point"
FILE_UNIT = "times the vector as its file holds it"
LARGEST_FILE = 64 * 2**20
#: A file's tensors of further layers: `also.LAYER.SITE`.
ALSO = "also."
#: And what is added to single heads: `head.LAYER.HEAD`.
HEAD = "head."


@dataclasses.dataclass(frozen=True, eq=False)
class TruthVector:
    """A direction with everything that is needed to add it again.

    - `direction`: shape (d_model,), length one. `hook_point`: where it is added.
    - `strength`: share of `norm`, the mean norm of the residual stream there on neutral text; what
      is added is `strength * norm * direction`. A vector of another tool's file has its own length
      as `norm`, so that strength 1 adds it as it stands; `strength_unit` says which is meant.
    - `raw_norm`: the direction's length as its method made it.
    - `positions`: `all`, `last` (where the answer begins, and every later one), a `Span`, or
      `After` a marker; `condition`: only positions whose stream fulfils it, or None.
    - `frame`: how the questions were put that it was chosen with; empty where a file is older.
    - `method`, `contrast`: how the direction was found, and which texts it tells apart.
    - `model`, `revision`, `fingerprint`, `rounded_fingerprint`: the model that it belongs to, and
      `dtype`, the number format that it was found in; both empty where a file is older. The
      fingerprint is empty where another tool's file names no weights.
    - `data`: SHA-256 of the texts it was found and chosen with; `seen`: digests of the questions
      among them, which may not judge it.
    - `report`: accuracies, the search and the controlled table, plain values.
    - `also`: what is added at further hook points, each of shape (d_model,) and times
      `strength * norm` as `direction` is; empty but for a vector of several layers.
    - `heads`: where the vector is one of single heads, what is added to the output of each
      `(layer, head)`, of shape (d_head,) and in the same unit; `direction` and `also` hold what
      that comes to in the stream.
    """

    direction: torch.Tensor
    hook_point: HookPoint
    strength: float
    norm: float
    raw_norm: float
    method: str
    contrast: str
    model: str
    fingerprint: str
    strength_unit: str = STRENGTH_UNIT
    revision: str | None = None
    rounded_fingerprint: str = ""
    dtype: str = ""
    frame: str = ""
    positions: Positions = "all"
    condition: Condition | None = None
    data: str = ""
    seen: frozenset[str] = frozenset()
    report: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    also: Mapping[HookPoint, torch.Tensor] = dataclasses.field(default_factory=dict)
    heads: Mapping[tuple[int, int], torch.Tensor] = dataclasses.field(default_factory=dict)

    def addition(self, strength: float | None = None) -> torch.Tensor:
        """What is added at `hook_point` at a strength (the chosen one by default), shape
        (d_model,)."""
        return (self.strength if strength is None else strength) * self.norm * self.direction

    def additions(self, strength: float | None = None) -> dict[HookPoint, torch.Tensor]:
        """What is added at each hook point at a strength, each of shape (d_model,)."""
        share = (self.strength if strength is None else strength) * self.norm
        further = {point: share * value for point, value in self.also.items()}
        return {self.hook_point: self.addition(strength)} | further

    @property
    def places(self) -> str:
        """Where it is added, in words."""
        points = sorted([self.hook_point, *self.also])
        if self.heads:
            heads, layers = counted(len(self.heads), "head"), counted(len(points), "layer")
            return f"{heads} in {layers}, after attention"
        if not self.also:
            return str(self.hook_point)
        if {point.site for point in points} == {"block"}:
            return f"layers {', '.join(str(p.layer) for p in points)}, after the block"
        return "; ".join(map(str, points))

    @property
    def own_norm(self) -> bool:
        """Whether a strength is a share of the vector's own length, not of the stream's."""
        return self.strength_unit == FILE_UNIT

    @property
    def sha256(self) -> str:
        """Digest of what is added where: direction, hook point, strength, positions, condition."""
        digest = hashlib.sha256(
            f"{self.hook_point}{self.strength}{self.norm}{self.positions}{self.fingerprint}".encode()
        )
        digest.update(self.direction.numpy().tobytes())
        for point, value in self.also.items():
            digest.update(str(point).encode() + value.numpy().tobytes())
        if self.condition is not None:
            digest.update(self.condition.weight.numpy().tobytes())
            digest.update(str(self.condition.threshold).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        condition = "" if self.condition is None else ", where a condition holds"
        whose = "its own" if self.own_norm else "the"
        return (
            f"TruthVector({self.method}, {self.places}, strength {self.strength:g} of {whose} "
            f"norm {self.norm:.3g}, {said_positions(self.positions)}{condition}, for {self.model})"
        )


def save_vector(vector: TruthVector, path: Path | str) -> None:
    """Write a vector as safetensors: whole, or not at all.

    **Raises** `InterpError` where the file cannot be written.
    """
    path = Path(path)
    tensors = {"direction": vector.direction.detach().float().cpu().contiguous()}
    for point, value in vector.also.items():
        tensors[f"{ALSO}{point.layer}.{point.site}"] = value.detach().float().cpu().contiguous()
    for (layer, head), value in vector.heads.items():
        tensors[f"{HEAD}{layer}.{head}"] = value.detach().float().cpu().contiguous()
    if vector.condition is not None:
        tensors["condition"] = vector.condition.weight.detach().float().cpu().contiguous()
    with saving(path) as temporary:
        save_file(tensors, temporary, metadata=metadata_of(vector))


def metadata_of(vector: TruthVector) -> dict[str, str]:
    """All of a vector but its tensors, as a file's metadata."""
    metadata = {
        "format": FORMAT,
        "model": vector.model,
        "fingerprint": vector.fingerprint,
        "rounded_fingerprint": vector.rounded_fingerprint,
        "dtype": vector.dtype,
        "frame": vector.frame,
        "revision": vector.revision or "",
        "layer": str(vector.hook_point.layer),
        "site": vector.hook_point.site,
        "positions": str(vector.positions),
        "method": vector.method,
        "contrast": vector.contrast,
        "strength": repr(float(vector.strength)),
        "strength_unit": vector.strength_unit,
        "norm": repr(float(vector.norm)),
        "raw_norm": repr(float(vector.raw_norm)),
        "data_sha256": vector.data,
        "seen": json.dumps(sorted(vector.seen)),
        "report": json.dumps(vector.report),
    }
    if vector.also:
        metadata["also"] = json.dumps([[point.layer, point.site] for point in vector.also])
    if vector.condition is not None:
        metadata["condition_threshold"] = repr(float(vector.condition.threshold))
        metadata["condition_accuracy"] = repr(float(vector.condition.accuracy))
    return metadata


def check_fits(model: Model, vector: TruthVector, *, force: bool = False) -> None:
    """Refuse a vector that was found on another model, unless forced; another width always. Of a
    vector whose file names no weights the width is all that can be checked.

    **Raises** `InterpError`.
    """
    for point, value in ((vector.hook_point, vector.direction), *vector.also.items()):
        module_at(model, point)
        if len(value) != model.d_model:
            raise InterpError(
                f"the vector has width {len(value)}, {model.name} {model.d_model}: it was "
                f"found on {vector.model}; find one for this model (nullcline truth)"
            )
    if not force and vector.fingerprint and not _same_weights(model, vector):
        raise InterpError(
            f"the vector was found on {vector.model} (fingerprint {vector.fingerprint[:12]}), not "
            f"on {model.name} ({model.fingerprint[:12]}); find one for this model, or force it"
        )


def fit_note(model: Model, vector: TruthVector) -> str:
    """What is to be said of a vector on a model that it fits: empty where it was found on exactly
    these weights."""
    if vector.fingerprint == model.fingerprint:
        return ""
    if not vector.fingerprint:
        return f"read from another tool's file, for {vector.model}: only its width was checked"
    if _same_weights(model, vector):
        return (
            f"found on the same weights in {vector.dtype or 'another number format'}, used in "
            f"{dtype_name(model)}"
        )
    return f"found on {vector.model}, which has other weights"


def dtype_name(model: Model) -> str:
    """The number format of a model's weights, such as `float32`."""
    return str(model.dtype).removeprefix("torch.")


def _same_weights(model: Model, vector: TruthVector) -> bool:
    """Whether a vector's model is this one, in whatever number format."""
    rounded = vector.rounded_fingerprint
    return vector.fingerprint == model.fingerprint or (
        rounded != "" and rounded == model.rounded_fingerprint
    )
