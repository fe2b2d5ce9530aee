"""What jobs read, as names and digests, found without doing their work."""

import functools
from pathlib import Path
from typing import Any

from ...data import shipped
from ._key import file_digest, folder_digest


def table_inputs(settings: Any) -> dict[str, str]:
    """The score table that `settings.path` or `settings.table` names."""
    table = read_table(settings.path, settings.table)
    return {table.name: table.sha256}


def read_table(path: str | None, shipped: str) -> Any:
    """A table by its path, or a shipped one by its name; read once per process while it stays."""
    changed = Path(path).stat().st_mtime_ns if path and Path(path).is_file() else 0
    return _read_table(path, shipped, changed)


@functools.lru_cache(maxsize=16)
def _read_table(path: str | None, shipped: str, changed: int) -> Any:
    from ... import dynamics

    return dynamics.read_scores(path) if path else dynamics.load_table(shipped)


def model_inputs(model: Any) -> dict[str, str]:
    """A model's files; of a hub id only the name and the revision, which pins it if it is a commit.

    `model` has `name` and `revision`.
    """
    folder = model_folder(model.name)
    if folder is not None:
        return {model.name: folder_digest(folder)}
    return {model.name: f"hub revision {model.revision or 'main'}"}


def model_folder(name: str) -> Path | None:
    """The folder of a local model or of an organism, None for a hub id."""
    if not name.startswith("organism:"):
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    organism = name.removeprefix("organism:")
    for folder in (shipped("organisms"), Path("runs", "organisms")):
        if (folder / organism / "organism.json").is_file():
            return folder / organism
    raise ValueError(f"no organism {organism!r}; nullcline organisms list names them")


def file_inputs(*paths: str | None) -> dict[str, str]:
    """The files that are given; None stands for none."""
    return {path: file_digest(path) for path in paths if path is not None}
