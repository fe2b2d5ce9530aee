"""From the name that a user types to a folder or a hub id, before anything heavy is imported."""

import dataclasses
import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from ...data import shipped
from .._errors import InterpError

ORGANISM_PREFIX = "organism:"
# Answers of these need an encoder, or look both ways: no next token to attribute or steer.
CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a model is: `folder` on this disk, or the hub id `hub` (one of the two is None)."""

    name: str
    folder: Path | None
    hub: str | None


def resolve(name: str) -> Source:
    """Find the folder of `organism:NAME` or of a local checkpoint; anything else is a hub id.

    **Raises** `InterpError` for an unknown organism, and for a path that is no usable folder.
    """
    if name.startswith(ORGANISM_PREFIX):
        return Source(name=name, folder=_organism(name.removeprefix(ORGANISM_PREFIX)), hub=None)
    path = Path(name).expanduser()
    if path.is_dir():
        _check_folder(path)
        return Source(name=name, folder=path, hub=None)
    looks_local = path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
    if path.exists() or looks_local or not name.strip():
        raise InterpError(
            f"no model folder {name!r}; give a folder with config.json and model.safetensors, a "
            "hub id such as EleutherAI/pythia-410m, or organism:NAME"
        )
    return Source(name=name, folder=None, hub=name)


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
        f"no organism {name!r}; there are {', '.join(organism_names()) or 'none'} "
        "(nullcline organisms list; those of runs/organisms count too)"
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
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InterpError(
            f"{folder} has no config.json; a model folder is one as save_pretrained writes it"
        ) from None
    except (OSError, ValueError) as error:
        raise InterpError(f"{folder / 'config.json'} is not readable JSON: {error}") from None
    if not isinstance(config, dict):
        raise InterpError(f"{folder / 'config.json'} holds no names and values")
    return config


def check_causal(config: dict, name: str) -> None:
    """Refuse what has no next-token distribution."""
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
