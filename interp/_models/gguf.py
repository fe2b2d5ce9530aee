"""GGUF files as HuggingFace folders: dequantised once, and kept in the user's cache."""

import dataclasses
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from ...common.files import cache_folder, whole_folder
from .._errors import InterpError
from .._names import Dtype
from .resolve import check_causal
from .weights import check_size

#: What the folder itself says of where it comes from.
NOTE = "nullcline.json"
#: Raised where what is written for the same file changes.
VERSION = 1


@dataclasses.dataclass(frozen=True)
class Unpacked:
    """A GGUF as a folder: `folder` in HuggingFace layout, and the file's `quantisation`, such as
    `Q4_1`."""

    folder: Path
    quantisation: str


def unpack_gguf(path: Path, *, dtype: Dtype, torch_dtype: Any, name: str) -> Unpacked:
    """Dequantise a GGUF with transformers, once per content and number format.

    The folder is kept below `$XDG_CACHE_HOME/nullcline/gguf` (`~/.cache`), whole or not at all, so
    that the next load reads safetensors. Deleting it costs time only.

    **Raises** `InterpError` for a file that is cut or of an architecture that transformers does not
    read from GGUF, and where the cache cannot be written; `ImportError` without the package `gguf`.
    """
    digest = _digest(path)
    folder = cache_folder("gguf") / f"{digest[:32]}-{dtype}-{VERSION}"
    known = _read_note(folder)
    if known is not None:
        return Unpacked(folder, known)
    quantisation, weights = _described(path)
    check_size(weights, dtype=dtype, device="cpu", name=name)
    note = {"gguf": path.name, "sha256": digest, "quantisation": quantisation, "dtype": dtype}
    try:
        with whole_folder(folder, replace=True) as temporary:
            _convert(path, temporary, torch_dtype=torch_dtype)
            (temporary / NOTE).write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        if _read_note(folder) is None:  # otherwise another process was faster
            raise InterpError(
                f"{folder} cannot be written ({error.strerror or error}), and {name} is unpacked "
                "there; point XDG_CACHE_HOME to a folder with room"
            ) from None
    return Unpacked(folder, quantisation)


def _convert(path: Path, folder: Path, *, torch_dtype: Any) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True}
    try:
        config = AutoConfig.from_pretrained(str(path.parent), **where)
        check_causal(config.to_dict(), str(path))
        tokenizer = AutoTokenizer.from_pretrained(str(path.parent), **where)
        network: Any = AutoModelForCausalLM.from_pretrained(
            str(path.parent), dtype=torch_dtype, **where
        )
    except InterpError:
        raise
    except Exception as error:
        # As in `load_plain`: whatever the loaders raise is about this file.
        reason = " ".join(str(error).split())[:300]
        raise InterpError(
            f"{path} cannot be read as a GGUF ({reason}); take the model in HuggingFace layout"
        ) from None
    config.architectures = [type(network).__name__]
    config.dtype = torch_dtype
    config.save_pretrained(folder)
    network.generation_config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # `save_pretrained` refuses a network that was read from a GGUF, though it is plain by now.
    save_file(_without_ties(network), folder / "model.safetensors", metadata={"format": "pt"})


def _without_ties(network: Any) -> dict[str, Any]:
    """Weights by name; of names that share one tensor the first."""
    kept: dict[int, str] = {}
    weights = network.state_dict()
    for name, value in weights.items():
        kept.setdefault(value.data_ptr(), name)
    return {name: weights[name].contiguous() for name in kept.values()}


def _described(path: Path) -> tuple[str, int]:
    """A file's quantisation, and how many weights it holds."""
    from gguf import GGUFReader, LlamaFileType

    try:
        reader = GGUFReader(path)
        field = reader.get_field("general.file_type")
        kind = None if field is None else field.contents()
    except Exception as error:
        # The reader meets a cut or foreign file with whatever its arithmetic on bytes raises.
        reason = " ".join(str(error).split())[:200]
        raise InterpError(f"{path} is no whole GGUF file ({reason}); download it again") from None
    counts: Counter[str] = Counter()
    for tensor in reader.tensors:
        counts[tensor.tensor_type.name] += int(tensor.n_elements)
    if not counts:
        raise InterpError(f"{path} holds no weights; give the file of the whole model")
    names = {int(member): member.name for member in LlamaFileType}
    named = names.get(kind, "") if isinstance(kind, int) else ""
    named = named.removeprefix("MOSTLY_").removeprefix("ALL_")
    if not named or named == "GUESSED":
        named = counts.most_common(1)[0][0]
    return named, sum(counts.values())


def _read_note(folder: Path) -> str | None:
    """The quantisation of a folder that stands whole in the cache."""
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not (folder / "model.safetensors").is_file() or not isinstance(note, dict):
        return None
    return str(note.get("quantisation", "unknown"))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InterpError(f"{path}: {error.strerror or error}") from None
