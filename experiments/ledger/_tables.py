"""The tables that the ledger reads, and how rows are taken from them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from ... import dynamics
from ...common.statistics import binomial_stderr

REASONING = "hellaswag"
#: The paper's table does not say which TruthfulQA it holds; the uniform one does.
PUBLISHED_TRUTH = "truthfulqa_unknown"
UNIFORM_TRUTH = "truthfulqa_mc2"
#: The gate of a common turn needs no more, and the ends of its place are known well enough.
_MOST_RESAMPLES = 2_000


@dataclass(frozen=True, eq=False)
class LedgerTables:
    """Everything that the ledger is computed from.

    `published`: the paper's models, of which all rows are used, also those that a reader would
    leave out; `published_script`: the 14 models typed in the paper's script for the critical scale;
    `uniform`: base models under one harness; the rest as `dynamics.load_figures` has it, those that
    begin with `organism` from models that the project trained. Two objects are equal only if they
    are the same one.
    """

    published: dynamics.ScoreTable
    published_script: pd.DataFrame
    uniform: dynamics.ScoreTable
    frontier: pd.DataFrame
    frontier_one_harness: pd.DataFrame
    pythia_loss: pd.DataFrame
    pythia_gradients: pd.DataFrame
    internal_coupling: pd.DataFrame
    shapes: pd.DataFrame
    organisms: pd.DataFrame
    organism_heads: pd.DataFrame
    organism_steering: pd.DataFrame


def load_ledger_tables() -> LedgerTables:
    """The shipped tables."""
    return LedgerTables(
        published=dynamics.load_table("published"),
        published_script=dynamics.load_figures("published_script"),
        uniform=dynamics.load_table("uniform"),
        frontier=dynamics.load_figures("frontier"),
        frontier_one_harness=dynamics.load_figures("frontier_one_harness"),
        pythia_loss=dynamics.load_figures("pythia_loss"),
        pythia_gradients=dynamics.load_figures("pythia_gradients"),
        internal_coupling=dynamics.load_figures("internal_coupling"),
        shapes=dynamics.load_figures("shapes"),
        organisms=dynamics.load_figures("organisms"),
        organism_heads=dynamics.load_figures("organism_heads"),
        organism_steering=dynamics.load_figures("organism_steering"),
    )


def flagged(rows: pd.DataFrame, flag: str) -> np.ndarray:
    """Which rows carry a flag in their `flags` column."""
    cells = rows["flags"].fillna("").astype(str)
    return np.array([flag in cell.split(";") for cell in cells], dtype=bool)


@dataclass(frozen=True)
class FamilyScores:
    """Models of one family in order of size, with both scores and their binomial errors."""

    name: str
    models: tuple[str, ...]
    params: np.ndarray
    log10_params: np.ndarray
    x: np.ndarray
    y: np.ndarray
    x_stderr: np.ndarray
    y_stderr: np.ndarray
    d_model: np.ndarray


def family(rows: pd.DataFrame, name: str, *, as_filed: bool = False, truth: str) -> FamilyScores:
    """The models filed under `name` that have both scores, smallest first.

    Unless `as_filed`, without those that are flagged as of another family.
    """
    mine = rows[(rows["family"] == name) & rows[REASONING].notna() & rows[truth].notna()]
    if not as_filed and len(mine) and "flags" in mine:
        mine = mine[~flagged(mine, "wrong_family")]
    mine = mine.sort_values("params", kind="stable")
    x, y = mine[REASONING].to_numpy(float), mine[truth].to_numpy(float)
    return FamilyScores(
        name=name,
        models=tuple(mine["model"]),
        params=mine["params"].to_numpy(float),
        log10_params=np.log10(mine["params"].to_numpy(float)),
        x=x,
        y=y,
        x_stderr=stderr_of_items(x, REASONING),
        y_stderr=stderr_of_items(y, truth),
        d_model=mine["d_model"].to_numpy(float)
        if "d_model" in mine
        else np.full(len(mine), np.nan),
    )


def stderr_of_items(score: np.ndarray, name: str) -> np.ndarray:
    """Standard error of a share of a benchmark's items, drawn in by half an item at 0 and 1."""
    return binomial_stderr(score, dynamics.benchmark(name).items)


def published_family(tables: LedgerTables, name: str, *, as_filed: bool = False) -> FamilyScores:
    """A family of the paper's table."""
    return family(tables.published.all_rows, name, as_filed=as_filed, truth=PUBLISHED_TRUTH)


def script_family(tables: LedgerTables, name: str) -> FamilyScores:
    """A family as the paper's script for the critical scale has it."""
    return family(tables.published_script, name, truth=PUBLISHED_TRUTH)


@lru_cache(maxsize=2)
def diagnosed(tables: LedgerTables, *, n_boot: int, seed: int) -> dynamics.Diagnosis:
    """What `nullcline diagnose` says of the uniform table: one definition of a turn for both."""
    return dynamics.diagnose(
        tables.uniform,
        reasoning=REASONING,
        truth=UNIFORM_TRUTH,
        n_boot=min(n_boot, _MOST_RESAMPLES),
        seed=seed,
    )


def gamma_steps(data: FamilyScores) -> tuple[dynamics.Step, ...]:
    """The family's steps with their intervals."""
    return dynamics.steps(
        data.x,
        data.y,
        x_stderr=data.x_stderr,
        y_stderr=data.y_stderr,
        log10_params=data.log10_params,
        models=data.models,
        chance=dynamics.benchmark(REASONING).chance,
    )
