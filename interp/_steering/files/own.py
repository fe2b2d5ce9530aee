"""This project's exports, read back as the vectors that they were."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..._errors import InterpError
from ..vector import TruthVector, vector_of

#: Under this key an export carries the metadata of its vector's own file.
METADATA = "nullcline.vector"


def exported(path: Path, metadata: str, additions: Sequence[torch.Tensor]) -> TruthVector:
    """The vector whose addition and metadata an export in another tool's format holds.

    **Raises** `InterpError` where what is added is no longer what was exported.
    """
    try:
        known = json.loads(metadata)
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise InterpError(f"{path} is not as it was exported; export the vector again")
    return _with_direction(path, known, additions)


def read_json(path: Path) -> TruthVector:
    """What `export_vector` wrote as `.json`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InterpError(f"{path} is no whole JSON file ({error})") from None
    known = content.get(METADATA) if isinstance(content, dict) else None
    if not isinstance(known, dict):
        raise InterpError(
            f"{path} is no vector that this version exported (it has no key {METADATA!r}); export "
            "it again"
        )
    try:
        entries = [content, *content.get("also", [])]
        additions = [torch.tensor(e["addition"], dtype=torch.float32) for e in entries]
        heads = {
            f"head.{int(e['layer'])}.{int(e['head_index'])}": torch.tensor(e["addition"])
            for e in content.get("heads", [])
        }
        condition = content["condition"]
        weight = condition and torch.tensor(condition["weight"], dtype=torch.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise InterpError(f"{path} lacks or spoils {error}; export it again") from None
    return _with_direction(path, known, additions, weight, heads)


def _with_direction(
    path: Path,
    known: Mapping[str, Any],
    additions: Sequence[torch.Tensor],
    weight: torch.Tensor | None = None,
    heads: Mapping[str, torch.Tensor] | None = None,
) -> TruthVector:
    addition, *others = additions
    try:
        places = [
            f"also.{int(layer)}.{site}" for layer, site in json.loads(known.get("also", "[]"))
        ]
        further = dict(zip(places, others, strict=True)) | dict(heads or {})
    except (TypeError, ValueError):
        raise InterpError(f"{path} is not as it was exported; export the vector again") from None
    tensors = {"direction": addition} | ({} if weight is None else {"condition": weight})
    vector = vector_of(path, known, tensors)
    share = vector.strength * vector.norm
    length = float(addition.norm())
    # Both lengths are of the same float32 numbers, up to their rounding.
    if share == 0 or not math.isclose(length, abs(share), rel_tol=1e-4):
        raise InterpError(
            f"{path}: its vector has length {length:.4g}, exported was {abs(share):.4g}; export it "
            "again"
        )
    scaled = {name: value / share for name, value in further.items()}
    return vector_of(path, known, tensors | scaled | {"direction": addition / share})
