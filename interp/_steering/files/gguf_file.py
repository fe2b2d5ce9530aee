"""Control vectors in GGUF: of llama.cpp, repeng, EasySteer, and of this project.

Tensor `direction.N` is added to the residual stream after block N, counted from 0. repeng keys its
directions by the number of the block that it wraps (`repeng/control.py`), EasySteer likewise.
llama.cpp stores `direction.N` at (N - 1) * n_embd and reads the row of block `il` from
(il - 1) * n_embd (`common/common.cpp`, `src/llama-adapter.cpp`), which comes to the same; it has
none at 0.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ....common.words import printable, shortened
from ..._errors import InterpError
from ..foreign import ForeignVector, Place
from ..loading import UNREADABLE
from ..vector import TruthVector
from .own import METADATA, exported
from .tensors import flat, layer_number

if TYPE_CHECKING:
    from gguf import GGUFReader

ARCHITECTURE = "controlvector"
KIND = "gguf"


def read_gguf(path: Path) -> TruthVector | ForeignVector:
    """The directions of a control vector."""
    try:
        from gguf import GGUFReader
    except ImportError:
        raise InterpError("reading gguf needs gguf; pip install 'nullcline[export]'") from None
    try:
        reader = GGUFReader(path)
        architecture, hint, metadata = (
            _text(reader, key)
            for key in ("general.architecture", f"{ARCHITECTURE}.model_hint", METADATA)
        )
        found = {tensor.name: tensor for tensor in reader.tensors}
    except UNREADABLE as error:
        why = shortened(str(error), 100)
        raise InterpError(f"{path} is no whole gguf file ({why}); make it again") from None
    if architecture != ARCHITECTURE:
        raise InterpError(
            f"{path} holds {printable(architecture) or 'no named architecture'}, no "
            f"{ARCHITECTURE}; give the file of a control vector"
        )
    additions: dict[Place, torch.Tensor] = {}
    for name, tensor in found.items():
        number = re.fullmatch(r"direction\.([0-9]{1,9})", name)
        if number is None or tensor.tensor_type.name not in ("F32", "F16"):
            raise InterpError(
                f"{path}: its tensor {shortened(name)[1:-1]} ({tensor.tensor_type.name}) is no "
                "direction.N of F32 or F16"
            )
        values = torch.from_numpy(tensor.data.copy())
        additions[layer_number(path, int(number[1]))] = flat(path, name, values)
    if not additions:
        raise InterpError(f"{path} holds no direction.N; give the file of a control vector")
    if metadata:
        return exported(path, metadata, tuple(additions.values()))
    return ForeignVector(path, KIND, additions, model_type=printable(hint))


def _text(reader: "GGUFReader", key: str) -> str:
    """A text of the file's metadata; empty where it has none."""
    field = reader.get_field(key)
    return "" if field is None else str(field.contents())
