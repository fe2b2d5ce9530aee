"""One tensor and nothing else: in safetensors or as NumPy writes it."""

import tokenize
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from ....common.words import shortened
from ..._errors import InterpError
from ..foreign import ForeignVector
from ..loading import UNREADABLE, load_vector
from ..vector import TruthVector
from .tensors import flat

KIND = "plain"


def read_safetensors(path: Path) -> TruthVector | ForeignVector:
    """A vector of this project, known by its metadata, or one plain tensor."""
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            single = file.get_tensor(names[0]) if len(names) == 1 else None
    except UNREADABLE:
        return load_vector(path)  # which says what is wrong with it
    if "format" in metadata and metadata["format"] != "pt":
        return load_vector(path)
    if single is None:
        named = shortened(", ".join(sorted(names)[:4]))[1:-1]
        raise InterpError(
            f"{path} holds {len(names)} tensors ({named}); write the one that is meant into a file "
            "of its own"
        )
    return ForeignVector(path, KIND, {None: flat(path, names[0], single)})


def read_npy(path: Path) -> ForeignVector:
    """One array of numbers."""
    try:
        # numpy leaves a broken archive open, and advises to save anew what Python 2 has written.
        with path.open("rb") as file, warnings.catch_warnings(action="ignore"):
            array = np.load(file, allow_pickle=False)
        tensor = torch.from_numpy(array)
    except (*UNREADABLE, SyntaxError, tokenize.TokenError, zipfile.BadZipFile) as error:
        why = shortened(str(error), 100)
        raise InterpError(
            f"{path} is no whole .npy file of numbers ({why}); save one array of floats"
        ) from None
    return ForeignVector(path, KIND, {None: flat(path, "the array", tensor)})
