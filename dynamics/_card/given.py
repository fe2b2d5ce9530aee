"""The model that is asked about: its scores as typed, or a row of a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from ...common.nearest import nearest
from ...common.statistics import binomial_stderr
from .._tables.benchmarks import benchmark, canonical_benchmark
from .._tables.cells import clean_name, parse_count, read_scores
from .._tables.kinds import named_kind
from .._tables.model_names import plain_name, sizes_in_name
from .._tables.problems import Problems, TableError
from .._tables.scores import ScoreTable
from .._tables.units import Written, find_unit

#: As in tables: what is no language model's size.
_FEWEST, _MOST = 1e3, 1e14
_LONGEST_NAME = 200
_HINT = "write percent (78.2), fractions (0.782), or 78.2%, all in one unit"


@dataclass(frozen=True)
class GivenModel:
    """One model and what is known of it.

    - `scores`: benchmark -> score, a fraction; `stderrs`: standard errors where they are stated.
    - `params`: a count, NaN where it is not known; `params_from_name`: its name alone says it.
    - `tuned`: its name, or its table, says that it was tuned after pre-training.
    """

    name: str
    scores: Mapping[str, float]
    params: float = math.nan
    stderrs: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    params_from_name: bool = False
    tuned: bool = False

    def stderr(self, name: str) -> float:
        """Standard error of a score: the stated one, else binomial, else NaN."""
        stated = self.stderrs.get(name, math.nan)
        items = benchmark(name).items
        if stated > 0 or not items or name not in self.scores:
            return stated if stated > 0 else math.nan
        return float(binomial_stderr(self.scores[name], items))


def read_model(
    name: str,
    scores: Mapping[str, str | float | int],
    *,
    params: str | float | int | None = None,
    known: Sequence[str],
    of: str = "the table",
) -> GivenModel:
    """A model from scores as people write them: `78.2`, `0.782`, `78.2%`, `78.2 ± 0.4`.

    **Arguments:** `scores`, under any spelling of a benchmark's name; percent or fraction is found
    out as for a table; `params`, `7B` or a count, taken from the name where it is not given;
    `known`, the benchmarks that models can be compared on, those of the table `of`.

    Raises ValueError of one line: for a benchmark that is not known (with the nearest), one that is
    given twice, a score that is no number or out of range, both units at once, an impossible size.
    """
    plain = "".join(c for c in clean_name(name) if c.isprintable())[:_LONGEST_NAME].strip()
    if not plain:
        raise ValueError("the model has no name; give one, as model='My-7B'")
    written: dict[str, Written] = {}
    for heading, cell in scores.items():
        found = _known_benchmark(heading, known, of)
        if found in written:
            raise ValueError(f"{found} is given twice, the second time as {heading!r}; keep one")
        written[found] = _written(found, cell)
    if not written:
        raise ValueError(f"{plain} has no score; give some of {', '.join(known)}")
    fractions, stderrs = _in_fractions(written)
    size, from_name = _size(plain, params)
    return GivenModel(
        name=plain,
        scores=fractions,
        params=size,
        stderrs=stderrs,
        params_from_name=from_name,
        tuned=named_kind(plain) == "tuned",
    )


def model_in_table(table: ScoreTable, name: str, *, known: Sequence[str]) -> GivenModel:
    """A row of a table as the model that is asked about, with those of its scores that are `known`.

    Raises ValueError, with the nearest names, for a model that the table does not have, and
    where it has none of the known scores.
    """
    rows = table.all_rows
    frame = rows[rows["model"] == name]
    if frame.empty:
        wanted = plain_name(name)
        frame = rows[[plain_name(model) == wanted for model in rows["model"]]]
    if frame.empty:
        near = nearest(name, rows["model"], cutoff=0.3)
        hint = f"nearest: {', '.join(near)}" if near else f"it has {len(rows)} models"
        raise ValueError(f"{table.name}: no model {name!r}; {hint}")
    row = frame.iloc[0]
    there = [b for b in table.benchmarks if b in known and np.isfinite(row[b])]
    if not there:
        raise ValueError(f"{table.name}: {name} has no score of {', '.join(known)}")
    stated = {b: float(row[f"{b}_stderr"]) for b in there if f"{b}_stderr" in rows}
    params = float(row["params"]) if "params" in rows else math.nan
    return GivenModel(
        name=str(row["model"]),
        scores={b: float(row[b]) for b in there},
        params=params,
        stderrs={b: error for b, error in stated.items() if error > 0},
        tuned=row.get("kind") == "tuned",
    )


def _known_benchmark(heading: str, known: Sequence[str], of: str) -> str:
    found = canonical_benchmark(heading)
    if found in known:
        return found
    there = ", ".join(known)
    if found.startswith("truthfulqa"):
        variants = [name for name in known if name.startswith("truthfulqa")]
        if variants:
            raise ValueError(
                f"{heading!r} is not the variant of TruthfulQA that {of} has; it has "
                f"{', '.join(variants)}, and variants cannot be compared"
            )
    near = nearest(heading, known, most=1, cutoff=0.5)
    hint = f"nearest: {near[0]}; " if near else ""
    raise ValueError(f"no benchmark {heading!r}; {hint}{of} has {there}")


def _written(name: str, cell: str | float | int) -> Written:
    cells = read_scores([cell])
    value = float(cells.values[0])
    if cells.other or not math.isfinite(value):
        raise ValueError(f"{name} is {str(cell)[:40]!r}, which is no score; {_HINT}")
    return Written(cells.values, cells.stderrs, cells.percent, False, name)


def _in_fractions(written: Mapping[str, Written]) -> tuple[dict[str, float], dict[str, float]]:
    problems = Problems(Path("scores"))
    unit = find_unit([1], written, problems)
    try:
        problems.check()
    except TableError as error:
        raise ValueError(f"{error.problem.replace(' where ', ', where ')}; {_HINT}") from None
    scores, stderrs = {}, {}
    for name, one in written.items():
        factor = 0.01 if unit == "percent" or one.percent[0] else 1.0
        scores[name] = float(one.values[0]) * factor
        if not 0 <= scores[name] <= 1:
            raise ValueError(f"{name} is {one.values[0]:g}, outside 0 to 100 percent; {_HINT}")
        if one.stderrs[0] > 0:
            stderrs[name] = float(one.stderrs[0]) * factor
    return scores, stderrs


def _size(name: str, params: str | float | int | None) -> tuple[float, bool]:
    """The size, and whether the name alone says it."""
    if params is None or (isinstance(params, float) and math.isnan(params)):
        named = sizes_in_name(name).total
        return named, math.isfinite(named)
    count = parse_count(params) if isinstance(params, str) else float(params)
    if not _FEWEST <= count <= _MOST:
        raise ValueError(
            f"params is {str(params)[:40]!r}, no size of a language model; write 410M or 6.9B"
        )
    return count, False


def as_row(model: GivenModel, table: ScoreTable) -> pd.DataFrame:
    """The model as a row with the columns that a study of `table` reads."""
    row = {"row": 1, "family": model.name, "model": model.name, "params": model.params,
           **{name: model.scores.get(name, math.nan) for name in table.benchmarks}}  # fmt: skip
    return pd.DataFrame([row])
