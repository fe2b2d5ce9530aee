"""Claims of the ledger one at a time, and its tables with other rows."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from nullcline.experiments.ledger._build import _CLAIMS

DATA = Path(__file__).parents[2] / "data"
N_BOOT = 400
CLAIM = {f"C{number:02d}": compute for number, compute in enumerate(_CLAIMS, start=1)}


def claim(id, tables):
    return CLAIM[id](tables, n_boot=N_BOOT, seed=0)


def with_rows(tables, rows, name="published"):
    """The tables with other rows in one score table."""
    table = getattr(tables, name)
    return replace(tables, **{name: replace(table, frame=rows, left_out=table.left_out.iloc[:0])})


def with_scores(tables, name, x, y, column="truthfulqa_unknown"):
    """The paper's table with other scores for one family, in order of size."""
    rows = tables.published.all_rows
    mine = sizes(rows, name)
    rows.loc[mine.index, "hellaswag"] = x
    rows.loc[mine.index, column] = y
    return with_rows(tables, rows)


def paper_table() -> pd.DataFrame:
    """The paper's table straight from its file."""
    return pd.read_csv(DATA / "published.csv").rename(
        columns={"hellaswag": "x", "truthfulqa_unknown": "y"}
    )


def sizes(paper: pd.DataFrame, name: str) -> pd.DataFrame:
    """The models of one family in order of size."""
    rows = paper[(paper["family"] == name) & (paper["flags"].fillna("") != "wrong_family")]
    return rows.sort_values("params", kind="stable")
