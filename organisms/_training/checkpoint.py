"""Training checkpoints: one file, written aside and renamed, bound to its recipe."""

import contextlib
import dataclasses
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .._world.vocabulary import FORMAT_VERSION
from .recipe import OrganismError


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """The state of a training run after some steps.

    - `fingerprint`, `width`, `seed`, `corpus_seed`: what is being trained; a checkpoint of
      anything else is refused on loading.
    - `step`: optimiser steps done.
    - `leaves`: arrays of weights and optimiser state, in the order of the tree.
    - `losses`: mean training loss of every stretch so far, in nats per token.
    """

    fingerprint: str
    width: int
    seed: int
    corpus_seed: int
    step: int
    leaves: tuple[np.ndarray, ...]
    losses: np.ndarray


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write` on a file beside `path` and rename that to `path`.

    Either the whole new file stands there afterwards or the old one, untouched. Raises
    `OrganismError` where the disk cannot take it.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(aside)
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        outcome = "the earlier file is untouched" if path.exists() else "nothing was written"
        raise OrganismError(f"cannot save {path}: {error.strerror or error}; {outcome}") from None


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Save, or raise `OrganismError` and leave the earlier checkpoint as it was."""
    header = {
        "format": FORMAT_VERSION,
        "fingerprint": checkpoint.fingerprint,
        "width": checkpoint.width,
        "seed": checkpoint.seed,
        "corpus_seed": checkpoint.corpus_seed,
        "step": checkpoint.step,
    }

    def write(aside: Path) -> None:
        arrays: dict[str, Any] = {
            "header": np.array(json.dumps(header)),
            "losses": checkpoint.losses,
        }
        arrays |= {f"leaf{index}": leaf for index, leaf in enumerate(checkpoint.leaves)}
        with aside.open("wb") as stream:
            np.savez(stream, **arrays)

    write_atomically(path, write)


def load_checkpoint(
    path: Path, *, fingerprint: str, width: int, seed: int, corpus_seed: int
) -> Checkpoint | None:
    """The checkpoint at `path`, or None where there is none.

    Raises `OrganismError` for a damaged file and for one of another recipe, size, seed or format
    version.
    """
    if not path.exists():
        return None
    try:
        with path.open("rb") as stream, np.load(stream) as stored:
            header = json.loads(str(stored["header"]))
            leaves = tuple(stored[f"leaf{index}"] for index in range(len(stored.files) - 2))
            losses = stored["losses"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        raise OrganismError(
            f"{path} is not a readable checkpoint; remove it to train anew"
        ) from None
    wanted = {
        "format": FORMAT_VERSION,
        "fingerprint": fingerprint,
        "width": width,
        "seed": seed,
        "corpus_seed": corpus_seed,
    }
    for name, value in wanted.items():
        if header.get(name) != value:
            what = {"fingerprint": "recipe", "format": "format version"}.get(name, name)
            raise OrganismError(
                f"{path} belongs to another {what}; remove it or choose another folder"
            )
    return Checkpoint(
        fingerprint=fingerprint,
        width=width,
        seed=seed,
        corpus_seed=corpus_seed,
        step=int(header["step"]),
        leaves=leaves,
        losses=losses,
    )
