"""Training checkpoints: one file, whole or not there, bound to its recipe."""

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import OrganismError
from .._world.vocabulary import FORMAT_VERSION
from .saving import saving


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

    arrays: dict[str, Any] = {"header": np.array(json.dumps(header)), "losses": checkpoint.losses}
    arrays |= {f"leaf{index}": leaf for index, leaf in enumerate(checkpoint.leaves)}
    with saving(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


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
