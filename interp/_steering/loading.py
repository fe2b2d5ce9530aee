"""Reading a truth vector back: everything in its file is looked at before it is one."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast, get_args

import torch
from safetensors import SafetensorError, safe_open

from ...common.strict_json import parse_strictly
from ...common.words import shortened
from .._errors import InterpError
from .._names import Site
from .condition import Condition
from .hook_point import HookPoint
from .positions import parse_positions
from .vector import ALSO, FORMAT, HEAD, LARGEST_FILE, STRENGTH_UNIT, TruthVector

#: No transformer is as deep: 1,000 layers is the deepest that was published (arXiv:2203.00555).
MOST_LAYERS = 10_000
#: A direction has length one up to the rounding of its numbers, in half precision too.
_ROUNDING = 1e-2
_HINT = "make it again with nullcline truth"


def load_vector(path: Path | str) -> TruthVector:
    """Read a vector that `save_vector` wrote.

    **Raises** `InterpError` for a file that is not there, cut, of another kind, or that holds what
    is no number, no layer, or a direction that is not of length one.
    """
    path = Path(path)
    if not path.is_file():
        raise InterpError(f"no vector file {path}; nullcline truth writes one")
    if path.stat().st_size > LARGEST_FILE:
        raise InterpError(f"{path} is larger than any vector; give what nullcline truth wrote")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except UNREADABLE as error:
        raise InterpError(
            f"{path} is no whole safetensors file ({shortened(str(error), 100)}); {_HINT}"
        ) from None
    return vector_of(path, metadata, tensors)


#: What the readers of safetensors and torch raise for files that are cut or forged.
UNREADABLE = (
    SafetensorError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
    EOFError,
)


def vector_of(
    path: Path, metadata: Mapping[str, object], tensors: Mapping[str, torch.Tensor]
) -> TruthVector:
    """The vector of `metadata_of` and its tensors.

    **Raises** `InterpError` for metadata of another version and for values that no vector has.
    """
    if metadata.get("format") != FORMAT or "direction" not in tensors:
        raise InterpError(
            f"{path} is no truth vector of this version (format "
            f"{shortened(metadata.get('format'))}, this is {FORMAT!r}); {_HINT}"
        )
    try:
        return _vector(_Fields(metadata), tensors)
    except ValueError as error:
        raise InterpError(f"{path}: {error}; {_HINT}") from None


def _vector(fields: "_Fields", tensors: Mapping[str, torch.Tensor]) -> TruthVector:
    direction = _numbers("direction", tensors["direction"])
    length = float(direction.norm())
    if not math.isclose(length, 1.0, abs_tol=_ROUNDING):
        raise ValueError(f"its direction has length {length:.4g}, and must have length one")
    hook_point = fields.hook_point()
    also = _further(tensors, like=direction)
    if hook_point in also:
        raise ValueError(f"it names {hook_point} twice")
    return TruthVector(
        direction=direction,
        hook_point=hook_point,
        strength=fields.number("strength"),
        norm=fields.number("norm", least=0.0),
        raw_norm=fields.number("raw_norm", least=0.0),
        method=fields.text("method"),
        contrast=fields.text("contrast"),
        model=fields.text("model"),
        fingerprint=fields.text("fingerprint"),
        strength_unit=fields.text("strength_unit", default=STRENGTH_UNIT),
        revision=fields.text("revision") or None,
        rounded_fingerprint=fields.text("rounded_fingerprint", default=""),
        dtype=fields.text("dtype", default=""),
        frame=fields.text("frame", default=""),
        positions=parse_positions(fields.text("positions")),
        condition=_condition(fields, tensors, like=direction),
        data=fields.text("data_sha256"),
        seen=fields.digests("seen"),
        report=fields.mapping("report"),
        also=also,
        heads=_heads(tensors),
    )


class _Fields:
    """A file's metadata, value by value. Every method raises `ValueError` that names the key."""

    def __init__(self, metadata: Mapping[str, object]) -> None:
        self._metadata = metadata

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self._metadata.get(key, default)
        if not isinstance(value, str):
            raise ValueError(f"its {key} is {shortened(value)}, no text")
        return value

    def number(self, key: str, *, least: float = -math.inf) -> float:
        said = self.text(key)
        try:
            value = float(said)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < least:
            raise ValueError(f"its {key} is {shortened(said)}: values that are no numbers of it")
        return value

    def hook_point(self) -> HookPoint:
        return _hook_point(self.text("layer"), self.text("site"))

    def digests(self, key: str) -> frozenset[str]:
        found = self._parsed(key)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise ValueError(f"its {key} is no list of texts")
        return frozenset(cast(list[str], found))

    def mapping(self, key: str) -> dict[str, object]:
        found = self._parsed(key)
        if not isinstance(found, dict):
            raise ValueError(f"its {key} is no object")
        return found

    def _parsed(self, key: str) -> object:
        try:
            return parse_strictly(self.text(key), constants=True)
        except ValueError as error:
            raise ValueError(f"its {key} is no JSON ({error})") from None


def _condition(
    fields: _Fields, tensors: Mapping[str, torch.Tensor], *, like: torch.Tensor
) -> Condition | None:
    if "condition" not in tensors:
        return None
    weight = _numbers("condition", tensors["condition"])
    if weight.shape != like.shape:
        raise ValueError(f"its condition has the width {len(weight)}, its direction {len(like)}")
    return Condition(
        weight=weight,
        threshold=fields.number("condition_threshold"),
        accuracy=fields.number("condition_accuracy"),
    )


def _further(
    tensors: Mapping[str, torch.Tensor], *, like: torch.Tensor
) -> dict[HookPoint, torch.Tensor]:
    """What is added at further hook points."""
    found: dict[HookPoint, torch.Tensor] = {}
    for name in sorted(name for name in tensors if name.startswith(ALSO)):
        layer, _, site = name.removeprefix(ALSO).partition(".")
        value = _numbers(name, tensors[name])
        if value.shape != like.shape:
            raise ValueError(f"its {shortened(name)} has the width {len(value)}, not {len(like)}")
        found[_hook_point(layer, site)] = value
    return dict(sorted(found.items()))


def _heads(tensors: Mapping[str, torch.Tensor]) -> dict[tuple[int, int], torch.Tensor]:
    """What is added to single heads."""
    found: dict[tuple[int, int], torch.Tensor] = {}
    for name in sorted(name for name in tensors if name.startswith(HEAD)):
        layer, _, head = name.removeprefix(HEAD).partition(".")
        found[_number(layer), _number(head)] = _numbers(name, tensors[name])
    return dict(sorted(found.items()))


def _hook_point(layer: str, site: str) -> HookPoint:
    if site not in get_args(Site):
        raise ValueError(f"its site is {shortened(site)}, none of {', '.join(get_args(Site))}")
    return HookPoint(_number(layer), cast(Site, site))


def _number(said: str) -> int:
    """The number of a layer or a head, counted from 0."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", said) or int(said) >= MOST_LAYERS:
        raise ValueError(
            f"it names layer or head {shortened(said)}; they are 0 to {MOST_LAYERS - 1}"
        )
    return int(said)


def _numbers(name: str, value: torch.Tensor) -> torch.Tensor:
    """A tensor of one row of finite numbers as float32."""
    if value.ndim != 1 or not value.numel() or not value.is_floating_point():
        raise ValueError(f"its {shortened(name)} is no row of floating-point numbers")
    row = value.float()
    if not bool(torch.isfinite(row).all()):
        raise ValueError(f"its {shortened(name)} holds values that are no numbers")
    return row
