"""Several score tables as one."""

import hashlib
from collections.abc import Sequence

import pandas as pd

from .model_names import plain_name
from .problems import TableWarning
from .scores import ScoreTable


def combine_tables(tables: Sequence[ScoreTable]) -> ScoreTable:
    """One table of all rows of `tables`, in their order.

    A model that an earlier table already holds (same family and size, any spelling) is left out
    with the warning `duplicate_model`. Rows keep the number that they have in their own file.
    Raises ValueError where there is no table.
    """
    if not tables:
        raise ValueError("no table to combine")
    if len(tables) == 1:
        return tables[0]
    benchmarks = tuple(dict.fromkeys(name for table in tables for name in table.benchmarks))
    frame = pd.concat([t.frame.assign(table=t.name) for t in tables], ignore_index=True)
    left_out = pd.concat([t.left_out.assign(table=t.name) for t in tables], ignore_index=True)
    key = frame["family"] + " " + frame["model"].map(plain_name) + " " + frame["params"].astype(str)
    first = frame.groupby(key, sort=False)["table"].transform("first")
    again = key.duplicated()
    warnings = [w for t in tables for w in t.warnings]
    for row, model, table, earlier in zip(
        frame["row"][again], frame["model"][again], frame["table"][again], first[again], strict=True
    ):
        message = f"{table}: {model} is also in {earlier}, whose row is used"
        warnings.append(TableWarning("duplicate_model", int(row), message))
    repeated = frame[again].assign(reason="duplicate_model")
    return ScoreTable(
        name=" + ".join(t.name for t in tables),
        frame=frame[~again].drop(columns="table").reset_index(drop=True),
        left_out=pd.concat([left_out, repeated], ignore_index=True).drop(columns="table"),
        benchmarks=benchmarks,
        unit=", ".join(dict.fromkeys(t.unit for t in tables)),
        warnings=tuple(warnings),
        sha256=hashlib.sha256("".join(t.sha256 for t in tables).encode()).hexdigest(),
    )
