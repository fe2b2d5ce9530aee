"""Reading a vector file, whoever wrote it."""

from collections.abc import Callable
from pathlib import Path

from ..._errors import InterpError
from ..foreign import ForeignVector
from ..vector import LARGEST_FILE, TruthVector
from .gguf_file import read_gguf
from .own import read_json
from .plain import read_npy, read_safetensors
from .torch_file import read_torch

_READERS: dict[str, Callable[[Path], TruthVector | ForeignVector]] = {
    ".safetensors": read_safetensors,
    ".gguf": read_gguf,
    ".pt": read_torch,
    ".pth": read_torch,
    ".npy": read_npy,
    ".json": read_json,
}


def read_vector(path: Path | str) -> TruthVector | ForeignVector:
    """Read a vector file: one of this project, or of another tool. `place_vector` puts it into a
    model.

    The file's ending says how it is read:

    - `.safetensors`: what `save_vector` wrote, or one plain tensor of any name.
    - `.gguf`: a control vector of repeng, llama.cpp or EasySteer. Tensor `direction.N` is added
      after block N, counted from 0, in all three.
    - `.pt`, `.pth`: the file of lm-evaluation-harness' `--model steered`, where a key names the
      module that is added to; a `SteeringVector` of steering-vectors, layer N after block N from
      0; or one plain tensor, as EasySteer takes it. Read with `weights_only`: no code is run.
    - `.npy`: one plain tensor.
    - `.json`: what `export_vector` wrote.

    `.gguf`, `.pt` and `.json` that `export_vector` wrote come back as the vector that was exported,
    with its strength, its model and the questions that it has seen.

    **Raises** `InterpError` for a file that is not there, cut, of another kind, too large, or that
    holds something that is no addition at a whole position (a clamp, a bias, one head).
    """
    path = Path(path)
    if path.is_dir():
        raise InterpError(f"{path} is a folder; give the file of a vector")
    if not path.is_file():
        raise InterpError(f"no vector file {path}; nullcline truth writes one")
    if path.stat().st_size > LARGEST_FILE:
        raise InterpError(f"{path} is larger than any vector; give the file of a vector")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InterpError(f"{path} ends in none of {', '.join(_READERS)}, which name the format")
    return reader(path)
