"""This project's exports, read back as the vectors that they were."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch

from ....common.strict_json import parse_strictly, read_strictly
from ..._errors import InterpError
from ..loading import vector_of
from ..vector import TruthVector

#: Under this key an export carries the metadata of its vector's own file.
METADATA = "nullcline.vector"
_HINT = "export the vector again"


def exported(path: Path, metadata: str, additions: Sequence[torch.Tensor]) -> TruthVector:
    """The vector whose addition and metadata an export in another tool's format holds.

    **Raises** `InterpError` where what is added is no longer what was exported.
    """
    try:
        known = parse_strictly(metadata)
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise InterpError(f"{path} is not as it was exported; {_HINT}")
    return _with_direction(path, known, additions)


def read_json(path: Path) -> TruthVector:
    """What `export_vector` wrote as `.json`."""
    content = read_strictly(path, hint="export it again", error=InterpError)
    known = content.get(METADATA) if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(known, dict):
        raise InterpError(
            f"{path} is no vector that this version exported (it has no key {METADATA!r}); export "
            "it again"
        )
    try:
        additions = [_row(content, "addition")]
        additions += [_row(entry, "addition") for entry in _entries(content, "also")]
        heads = {
            f"head.{entry.get('layer')}.{entry.get('head_index')}": _row(entry, "addition")
            for entry in _entries(content, "heads")
        }
        condition = content.get("condition")
        weight = None if condition is None else _row(condition, "weight")
    except ValueError as error:
        raise InterpError(f"{path} lacks or spoils {error}; export it again") from None
    return _with_direction(path, known, additions, weight, heads)


def _entries(content: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = content.get(key, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ValueError(repr(key))
    return found


def _row(entry: object, key: str) -> torch.Tensor:
    """The numbers of a key as float32. **Raises** `ValueError` with the key."""
    values = entry.get(key) if isinstance(entry, dict) else None
    if (
        not isinstance(values, list)
        or not values
        or any(isinstance(value, bool) or not isinstance(value, int | float) for value in values)
    ):
        raise ValueError(repr(key))
    return torch.tensor([float(value) for value in values], dtype=torch.float32)


def _with_direction(
    path: Path,
    known: Mapping[str, object],
    additions: Sequence[torch.Tensor],
    weight: torch.Tensor | None = None,
    heads: Mapping[str, torch.Tensor] | None = None,
) -> TruthVector:
    addition, *others = additions
    try:
        places = _places(known.get("also", "[]"))
        further = dict(zip(places, others, strict=True)) | dict(heads or {})
        share = _number(known, "strength") * _number(known, "norm")
    except ValueError:
        raise InterpError(f"{path} is not as it was exported; {_HINT}") from None
    length = float(addition.norm())
    # Both lengths are of the same float32 numbers, up to their rounding.
    if share == 0 or not math.isclose(length, abs(share), rel_tol=1e-4):
        raise InterpError(
            f"{path}: its vector has length {length:.4g}, exported was {abs(share):.4g}; export it "
            "again"
        )
    tensors = {name: value / share for name, value in further.items()}
    tensors["direction"] = addition / share
    if weight is not None:
        tensors["condition"] = weight
    return vector_of(path, known, tensors)


def _places(said: object) -> list[str]:
    """The names that the tensors of further places have in a vector's own file."""
    found = parse_strictly(said) if isinstance(said, str) else None
    if not isinstance(found, list):
        raise ValueError("also")
    names = []
    for place in cast(list[object], found):
        if not isinstance(place, list) or len(place) != 2:
            raise ValueError("also")
        names.append(f"also.{place[0]}.{place[1]}")
    return names


def _number(known: Mapping[str, object], key: str) -> float:
    said = known.get(key)
    if not isinstance(said, str):
        raise ValueError(key)
    return float(said)
