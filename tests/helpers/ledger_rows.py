"""Claims of the ledger one at a time, and its tables with other rows."""

from dataclasses import replace

from nullcline.experiments.ledger._build import _CLAIMS

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
    mine = rows[rows["family"] == name]
    mine = mine[mine["flags"].fillna("") != "wrong_family"].sort_values("params", kind="stable")
    rows.loc[mine.index, "hellaswag"] = x
    rows.loc[mine.index, column] = y
    return with_rows(tables, rows)
