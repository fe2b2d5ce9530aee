"""Raw columns of text in, a validated ScoreTable out. Every reader ends here."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from .benchmarks import BENCHMARKS, canonical_benchmark
from .columns import (
    NUMBER_COLUMNS,
    POSITIVE_COLUMNS,
    REQUIRED_COLUMNS,
    SCALED_COLUMNS,
    TEXT_COLUMNS,
    is_ignored,
    known_column,
)
from .counts import read_count_column, read_scores_column
from .problems import TableError, TableWarning
from .raw import RawTable, split_variants
from .scores import ScoreTable
from .traps import find_traps
from .units import check_stderrs, find_unit

_FEWEST_PARAMS = 1e3
_MOST_PARAMS = 1e14  # ten times the largest model that anybody has announced


def validate(raw: RawTable, name: str | None = None) -> ScoreTable:
    """Check `raw` and bring it to fractions and counts.

    Raises TableError with the file, the row and the mend for everything that would make a result
    wrong; the rest becomes warnings of the table.
    """
    raw = split_variants(raw)
    headings = _headings(raw)
    if len(raw.rows) == 0:
        raise TableError(raw.path, "the table has no rows", "give at least one family of models")
    frame = _described(raw, headings)
    _check_identity(raw, frame)
    columns = [c for c in headings if known_column(c) is None]
    values = {column: _scores(raw, column, headings[column]) for column in columns}
    scores = {column: values[column] for column in columns if not column.endswith("_stderr")}
    if not scores:
        mend = "add benchmark columns (hellaswag, truthfulqa_mc2, ...)"
        raise TableError(raw.path, "no column holds scores", mend, row=1)
    unit = find_unit(raw.path, raw.rows, scores) if raw.unit == "auto" else raw.unit
    factor = 100.0 if unit == "percent" else 1.0
    for column in columns:
        frame[column] = values[column] / factor
    stated = [b for b in scores if f"{b}_stderr" in values]
    check_stderrs(
        raw.path,
        raw.rows,
        {b: frame[b].to_numpy() for b in stated},
        {b: frame[f"{b}_stderr"].to_numpy() for b in stated},
    )
    frame, left_out, found = find_traps(frame, tuple(scores))
    if len(frame) < 2 and not raw.single:
        problem = "one model has no family to compare"
        raise TableError(raw.path, problem, "add other sizes of its family", row=raw.rows[0])
    return ScoreTable(
        name=name or raw.path.name,
        frame=frame,
        left_out=left_out,
        benchmarks=tuple(scores),
        unit=unit,
        warnings=(*raw.warnings, *_about_variant(headings), *found),
        sha256=raw.sha256,
    )


def _scores(raw: RawTable, column: str, heading: str) -> np.ndarray:
    known = column.removesuffix("_stderr") in BENCHMARKS
    return read_scores_column(raw.path, heading, raw.columns[heading], raw.rows, known=known)


def _about_variant(headings: Mapping[str, str]) -> Iterator[TableWarning]:
    if "truthfulqa_unknown" in headings:
        message = (
            f"column {headings['truthfulqa_unknown']!r} does not say whether it holds MC1 or MC2, "
            "two different benchmarks; it is kept apart as truthfulqa_unknown: "
            "name it truthfulqa_mc1 or truthfulqa_mc2"
        )
        yield TableWarning("truthfulqa_variant_unknown", None, message)


def _headings(raw: RawTable) -> dict[str, str]:
    """Canonical column -> heading in the file."""
    headings: dict[str, str] = {}
    targets: dict[str, str] = {}
    for heading in raw.columns:
        if is_ignored(heading):
            continue
        column = _canonical(heading)
        if not column:
            raise TableError(raw.path, "a column has no name", "name it in the header", row=1)
        target = SCALED_COLUMNS[column][0] if column in SCALED_COLUMNS else column
        if target in targets:
            problem = f"columns {targets[target]!r} and {heading!r} both hold {target}"
            raise TableError(raw.path, problem, "keep one of them", row=1)
        targets[target] = headings[column] = heading
    for column in REQUIRED_COLUMNS:
        if column not in targets:
            also = " (or 'params_b')" if column == "params" else ""
            raise TableError(raw.path, f"no column {column!r}{also}", "add it to the header", row=1)
    for column, heading in headings.items():
        scored = column.removesuffix("_stderr")
        if scored not in headings:
            problem = f"column {heading!r} belongs to a benchmark {scored!r} that is not there"
            raise TableError(raw.path, problem, "add the scores or remove the column", row=1)
    return headings


def _canonical(heading: str) -> str:
    column = known_column(heading)
    if column is not None:
        return column
    scored = heading.strip().removesuffix("_stderr")
    ending = "_stderr" if heading.strip() != scored else ""
    return canonical_benchmark(scored) + ending if scored else ""


def _described(raw: RawTable, headings: Mapping[str, str]) -> pd.DataFrame:
    """The columns that are not scores: names as text, sizes and the like as counts."""
    described: dict[str, object] = {"row": np.asarray(raw.rows, dtype=int)}
    for column, heading in headings.items():
        cells = raw.columns[heading]
        if column in TEXT_COLUMNS:
            text = [" ".join(str(cell).split()) for cell in cells]
            described[column] = pd.Series(text, dtype=object)
        elif column in SCALED_COLUMNS:
            target, factor = SCALED_COLUMNS[column]
            described[target] = read_count_column(raw.path, heading, cells, raw.rows, factor=factor)
        elif column in NUMBER_COLUMNS:
            described[column] = read_count_column(raw.path, heading, cells, raw.rows)
    return pd.DataFrame(described)


def _check_identity(raw: RawTable, frame: pd.DataFrame) -> None:
    for column in ("family", "model"):
        empty = (frame[column] == "").to_numpy()
        if empty.any():
            row = raw.rows[int(empty.argmax())]
            raise TableError(raw.path, f"no {column}", f"fill in the {column}'s name", row=row)
    for column in POSITIVE_COLUMNS:
        if column in frame:
            _check_positive(raw, column, frame[column].to_numpy())
    params = frame["params"].to_numpy()
    for bad, amount in ((params < _FEWEST_PARAMS, "few"), (params > _MOST_PARAMS, "many")):
        if bad.any():
            i = int(bad.argmax())
            problem = f"params is {params[i]:g}, too {amount} for a language model"
            mend = "write a count, 410M or 6.9B; a column in billions is named params_b"
            raise TableError(raw.path, problem, mend, row=raw.rows[i])
    if "active_params" in frame:
        swapped = frame["active_params"].to_numpy() > params
        if swapped.any():
            problem = "active_params exceeds params"
            mend = "params holds the total, active_params the active share"
            raise TableError(raw.path, problem, mend, row=raw.rows[int(swapped.argmax())])


def _check_positive(raw: RawTable, column: str, values: np.ndarray) -> None:
    """Sizes are above zero; only `params` must be there."""
    bad = ~(values > 0) if column == "params" else values <= 0
    if bad.any():
        i = int(bad.argmax())
        stated = "missing" if np.isnan(values[i]) else f"{values[i]:g}"
        mend = "give it as a count, 410M or 6.9B" if column == "params" else "correct or empty it"
        raise TableError(raw.path, f"{column} is {stated}", mend, row=raw.rows[i])
