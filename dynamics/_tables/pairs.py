"""Base models of a table and the tuned models that began from them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .model_names import plain_name
from .scores import ScoreTable

#: What a column `kind` says of a model that is not tuned.
_NOT_TUNED = frozenset({"", "base", "pretrained", "unknown"})
#: Rows that a table of base models leaves out for their kind alone.
_FOR_THEIR_KIND = frozenset({"instruct_model", "base_model"})
_SAME_SIZE = 1.05


@dataclass(frozen=True)
class KindRows:
    """- `pairs`: a row per tuned model with its base model of the same family: `family`, `model`,
      `tuned_model`, `params`, `log10_params`, and for both kinds the scores `x`, `y` with
      standard errors (`tuned_x`, ...).
    - `tunes`: a row per tuned model whose base model is known: `model`, `base_model`,
      `base_family`, `base_x`, `maker`, `x`, `y`.
    - `unpaired`: names of the other tuned models.
    """

    pairs: pd.DataFrame
    tunes: pd.DataFrame
    unpaired: tuple[str, ...]


def kind_rows(table: ScoreTable, reasoning: str, truth: str) -> KindRows:
    """Pairs and tunes of `table` for two benchmarks; rows without both scores are left out."""
    rows = _with_scores(table, _rows(table), reasoning, truth)
    base, tuned, lonely = _matched(rows)
    tunes = pd.DataFrame(
        {
            **{"model": tuned["model"], "x": tuned["x"], "y": tuned["y"]},
            "base_model": base["model"],
            "base_family": base["family"],
            "base_x": base["x"],
            "maker": [name.partition("/")[0].lower() for name in tuned["model"]],
        }
    )
    columns = ["model", "x", "y", "x_stderr", "y_stderr"]
    both = pd.concat([base, tuned[columns].add_prefix("tuned_")], axis=1)
    pairs = both[(tuned["family"] == base["family"]).to_numpy()].reset_index(drop=True)
    return KindRows(pairs, tunes, lonely)


def base_and_tuned(table: ScoreTable) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Base models and the tuned models of their own families, row by row, with all benchmarks."""
    base, tuned, _ = _matched(_rows(table))
    same = (tuned["family"] == base["family"]).to_numpy()
    return base[same].reset_index(drop=True), tuned[same].reset_index(drop=True)


def _matched(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Tuned models that have a base model in `rows`, which is row by row in the first frame; the
    names of the tuned ones without."""
    bases = rows[~rows["tuned"]].reset_index(drop=True)
    tuned = rows[rows["tuned"]].reset_index(drop=True)
    at = np.array([_base_of(row, bases) for row in tuned.to_dict("records")], dtype=int)
    known = at >= 0
    lonely = tuple(tuned["model"][~known])
    return bases.iloc[at[known]].reset_index(drop=True), tuned[known].reset_index(drop=True), lonely


def _rows(table: ScoreTable) -> pd.DataFrame:
    """Every model that is no duplicate, and whether it is tuned."""
    out = table.left_out
    for_kind = out["reason"].isin(_FOR_THEIR_KIND) if len(out) else np.zeros(0, dtype=bool)
    parts = [table.frame.assign(reason="")]
    if np.any(for_kind):
        parts.append(out[for_kind])
    rows = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable")
    kind = rows["kind"].str.lower().fillna("") if "kind" in rows else pd.Series("", rows.index)
    named = rows["reason"] == "instruct_model"
    rows["tuned"] = named | ~kind.isin(_NOT_TUNED)
    if "base_model" not in rows:
        rows["base_model"] = ""
    rows["base_model"] = rows["base_model"].fillna("")
    rows["log10_params"] = np.log10(rows["params"].to_numpy(float))
    return rows


def _with_scores(table: ScoreTable, rows: pd.DataFrame, reasoning: str, truth: str) -> pd.DataFrame:
    """The rows that have both scores, as `x` and `y` with their errors."""
    rows = rows.assign(
        x=rows[reasoning],
        y=rows[truth],
        x_stderr=table.stderr(reasoning, rows),
        y_stderr=table.stderr(truth, rows),
    )
    return rows[rows["x"].notna() & rows["y"].notna()]


def _base_of(tuned: dict, bases: pd.DataFrame) -> int:
    """Place of the base model that a tuned one began from, -1 where it is not in the table."""
    if tuned["base_model"]:
        name = plain_name(tuned["base_model"])
        same = np.array([plain_name(model) == name for model in bases["model"]], dtype=bool)
    else:
        ratio = bases["params"].to_numpy(float) / tuned["params"]
        of_size = (ratio <= _SAME_SIZE) & (ratio >= 1 / _SAME_SIZE)
        same = of_size & (bases["family"] == tuned["family"]).to_numpy()
    found = np.flatnonzero(same)
    return int(found[0]) if found.size else -1
