"""The tables that are shipped with the project."""

import json
from dataclasses import replace

import pandas as pd

from ...common.nearest import there_are
from ...data import shipped
from .along import along_clock
from .clock import Along
from .kind_names import KindChoice
from .read import read_scores
from .scores import ScoreTable

_SCORE_TABLES = (
    "uniform",
    "leaderboard",
    "published",
    "organisms",
    "checkpoints",
    "checkpoints_5shot",
    "safety",
    "shapes",
)
#: Base models beside their tunes: read like a score table, but no table of families to diagnose.
_PAIR_TABLES = ("post_training",)


def table_names() -> tuple[str, ...]:
    """Names of the shipped score tables."""
    return tuple(name for name in _SCORE_TABLES if shipped(f"{name}.csv").is_file())


def load_table(
    name: str = "uniform", *, kind: KindChoice | None = None, along: Along = "params"
) -> ScoreTable:
    """A shipped score table; its base models unless another `kind` is wanted; `along` its clock.

    `uniform`: 148 base models under one harness. `leaderboard`: base models of the same harness
    that `uniform` lacks. `published`: the paper's 63. `organisms`: trained by this project.
    `checkpoints`: 16 models of Pythia along their training, zero-shot; `checkpoints_5shot`.
    `safety`: 27 base models (and 26 tuned ones) on many benchmarks of safety. `shapes`: 22 widths
    and depths of one recipe, a family a width, along their training.
    `post_training`: base models beside tuned ones, of both kinds where none is named; it is made
    for `compare_kinds`.
    Raises ValueError for another name.
    """
    if name not in (*table_names(), *_PAIR_TABLES):
        raise ValueError(f"no shipped table {name!r}; {there_are(name, table_names())}")
    kind = kind or ("all" if name in _PAIR_TABLES else "base")
    table = read_scores(shipped(f"{name}.csv"), name=name, kind=kind)
    # Where the package lies is no part of what was read.
    files = tuple(replace(file, path=f"{name}.csv") for file in table.account.files)
    return along_clock(replace(table, account=replace(table.account, files=files)), along)


def load_figures(name: str) -> pd.DataFrame:
    """A shipped table that holds no family scores: `frontier` (as makers report),
    `frontier_one_harness`, `pythia_loss`, `pythia_gradients`, `internal_coupling`.

    Scores are fractions, sizes counts; `load_origin` tells where the figures come from.
    """
    return pd.read_csv(shipped(f"{name}.csv"), keep_default_na=True)


def load_origin(name: str) -> dict:
    """Origin, licence, harness, shots, date, units and SHA-256 of a shipped table."""
    return json.loads(shipped(f"{name}.json").read_text(encoding="utf-8"))
