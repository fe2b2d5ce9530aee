"""One tensor and nothing else: in safetensors or as NumPy writes it."""

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from ..._errors import InterpError
from ..foreign import ForeignVector
from ..vector import TruthVector, load_vector
from .tensors import flat

KIND = "plain"


def read_safetensors(path: Path) -> TruthVector | ForeignVector:
    """A vector of this project, known by its metadata, or one plain tensor."""
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            single = file.get_tensor(names[0]) if len(names) == 1 else None
    except (SafetensorError, OSError, ValueError):
        return load_vector(path)  # which says what is wrong with it
    if "format" in metadata and metadata["format"] != "pt":
        return load_vector(path)
    if single is None:
        raise InterpError(
            f"{path} holds {len(names)} tensors ({', '.join(sorted(names)[:4])}); write the one "
            "that is meant into a file of its own"
        )
    return ForeignVector(path, KIND, {None: flat(path, names[0], single)})


def read_npy(path: Path) -> ForeignVector:
    """One array of numbers."""
    try:
        array = np.load(path, allow_pickle=False)
        tensor = torch.from_numpy(array)
    except (ValueError, OSError, EOFError, TypeError) as error:
        raise InterpError(f"{path} is no whole .npy file of numbers ({error})") from None
    return ForeignVector(path, KIND, {None: flat(path, "the array", tensor)})
