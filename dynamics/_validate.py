"""Raw columns of text in, a validated ScoreTable out. Every reader ends here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ._benchmarks import benchmark, canonical_benchmark
from ._columns import (
    NUMBER_COLUMNS,
    REQUIRED_COLUMNS,
    SCALED_COLUMNS,
    TEXT_COLUMNS,
    canonical_column,
    parse_count,
)
from ._scores import ScoreTable
from ._traps import find_traps
from ._warnings import TableError, TableWarning

_MISSING = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "?"})
_LARGEST_STDERR = 0.5  # of a mean of numbers between 0 and 1


@dataclass(frozen=True)
class RawTable:
    """What a file holds before anybody believed it.

    - `columns`: heading -> cells, all of one length; cells are text or numbers.
    - `rows`: line number in the file of each cell row.
    - `warnings`: what the reader of the format already noticed.
    - `unit`: `fraction` where the format fixes it, else `auto`.
    - `sha256`: of the bytes that were read.
    """

    path: Path
    columns: Mapping[str, Sequence[object]]
    rows: Sequence[int]
    warnings: tuple[TableWarning, ...] = ()
    unit: str = "auto"
    sha256: str = hashlib.sha256(b"").hexdigest()


def validate(raw: RawTable, name: str | None = None) -> ScoreTable:
    """Check `raw` and bring it to fractions and counts.

    Raises TableError with the file, the row and the mend for everything that would make a result
    wrong; the rest becomes warnings of the table.
    """
    headings = _headings(raw)
    if len(raw.rows) == 0:
        raise TableError(raw.path, "the table has no rows", "give at least one family of models")
    frame = pd.DataFrame({"row": np.asarray(raw.rows, dtype=int)})
    scores: dict[str, np.ndarray] = {}
    warnings = list(raw.warnings)
    for column, heading in headings.items():
        cells = raw.columns[heading]
        if column in TEXT_COLUMNS:
            text = [str(cell).strip() for cell in cells]
            frame[column] = pd.Series(text, dtype=object)
        elif column in SCALED_COLUMNS:
            target, factor = SCALED_COLUMNS[column]
            frame[target] = _numbers(raw, heading, cells, counts=True) * factor
        elif column in NUMBER_COLUMNS:
            frame[column] = _numbers(raw, heading, cells, counts=True)
        else:
            scores[column] = _numbers(raw, heading, cells, counts=False)
    _check_identity(raw, frame)
    benchmarks = tuple(c for c in scores if not c.endswith("_stderr"))
    if not benchmarks:
        known = "hellaswag, truthfulqa_mc2"
        raise TableError(
            raw.path, "no column holds scores", f"add benchmark columns ({known}, ...)"
        )
    unit = _unit(raw, {b: scores[b] for b in benchmarks})
    for column, values in scores.items():
        frame[column] = values / 100 if unit == "percent" else values
    _check_ranges(raw, frame, benchmarks)
    if "truthfulqa_unknown" in benchmarks:
        warnings.append(_variant_warning(headings["truthfulqa_unknown"]))
    frame, left_out, found = find_traps(frame, benchmarks)
    return ScoreTable(
        name=name or raw.path.name,
        frame=frame,
        left_out=left_out,
        benchmarks=benchmarks,
        unit=unit,
        warnings=(*warnings, *found),
        sha256=raw.sha256,
    )


def _variant_warning(heading: str) -> TableWarning:
    return TableWarning(
        "truthfulqa_variant_unknown",
        None,
        f"column {heading!r} does not say whether it holds MC1 or MC2, two different benchmarks; "
        "it is kept apart as truthfulqa_unknown: name it truthfulqa_mc1 or truthfulqa_mc2",
    )


def _headings(raw: RawTable) -> dict[str, str]:
    """Canonical column -> heading in the file."""
    headings: dict[str, str] = {}
    for heading in raw.columns:
        column = canonical_column(heading)
        known = column in (*TEXT_COLUMNS, *NUMBER_COLUMNS, *SCALED_COLUMNS)
        if not known and column.endswith("_stderr"):
            column = canonical_benchmark(column.removesuffix("_stderr")) + "_stderr"
        elif not known:
            column = canonical_benchmark(column)
        if not column:
            raise TableError(raw.path, "a column has no name", "name it in the header", row=1)
        if column in headings:
            problem = f"columns {headings[column]!r} and {heading!r} both hold {column}"
            raise TableError(raw.path, problem, "keep one of them", row=1)
        headings[column] = heading
    targets = {SCALED_COLUMNS[c][0] if c in SCALED_COLUMNS else c for c in headings}
    for column in headings:
        if column in SCALED_COLUMNS and SCALED_COLUMNS[column][0] in headings:
            problem = f"columns {SCALED_COLUMNS[column][0]!r} and {column!r} hold the same thing"
            raise TableError(raw.path, problem, "keep one of them", row=1)
    for column in REQUIRED_COLUMNS:
        if column not in targets:
            also = " (or 'params_b')" if column == "params" else ""
            raise TableError(raw.path, f"no column {column!r}{also}", "add it to the header", row=1)
    for column in headings:
        scored = column.removesuffix("_stderr")
        if column != scored and scored not in headings:
            problem = (
                f"column {headings[column]!r} belongs to a benchmark {scored!r} that is not there"
            )
            raise TableError(raw.path, problem, "add the scores or remove the column", row=1)
    return headings


def _numbers(raw: RawTable, heading: str, cells: Sequence[object], *, counts: bool) -> np.ndarray:
    """Cells as floats, NaN where empty."""
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        if isinstance(cell, str):
            text = cell.strip()
            if text.lower() in _MISSING:
                values[i] = np.nan
                continue
            try:
                values[i] = float(text.replace("_", "x"))
            except ValueError:
                values[i] = parse_count(text) if counts else np.nan
                if np.isnan(values[i]):
                    problem = f"{heading} holds {text[:40]!r}, which is no number"
                    mend = (
                        "write 410M, 6.9B or a count"
                        if counts
                        else "give a score or leave it empty"
                    )
                    raise TableError(raw.path, problem, mend, row=raw.rows[i]) from None
        else:
            values[i] = np.nan if cell is None else float(cell)  # pyright: ignore[reportArgumentType]
        if np.isinf(values[i]):
            problem = f"{heading} is infinite"
            raise TableError(raw.path, problem, "give a finite number", row=raw.rows[i])
    return values


def _check_identity(raw: RawTable, frame: pd.DataFrame) -> None:
    for column in ("family", "model"):
        empty = (frame[column] == "").to_numpy()
        if empty.any():
            row = int(frame["row"][empty.argmax()])
            raise TableError(raw.path, f"no {column}", f"fill in the {column}'s name", row=row)
    params = frame["params"].to_numpy()
    bad = ~(params > 0)
    if bad.any():
        i = bad.argmax()
        stated = "missing" if np.isnan(params[i]) else f"{params[i]:g}"
        problem, row = f"params is {stated}", int(frame["row"][i])
        raise TableError(raw.path, problem, "give the number of parameters, as 410M or 6.9B", row)
    small = params < 1000
    if small.any():
        i = small.argmax()
        problem = f"params is {params[i]:g}, too few for a language model"
        mend = f"write {params[i]:g}B, or name the column params_b"
        raise TableError(raw.path, problem, mend, row=int(frame["row"][i]))


def _unit(raw: RawTable, scores: Mapping[str, np.ndarray]) -> str:
    """`percent` if any score is above 1, else `fraction`; refuses a file that holds both."""
    if raw.unit != "auto":
        return raw.unit
    values = np.stack(list(scores.values()), axis=1)
    if not np.nanmax(values, initial=0.0) > 1:
        return "fraction"
    mend = "write the whole file in percent or in fractions"
    # A score of at most 1 % is far below chance where chance is known, so it must be a fraction.
    for column, name in enumerate(scores):
        below = (values[:, column] > 0) & (values[:, column] <= 1)
        whole = below.any() and not (values[:, column] > 1).any()
        if below.any() and (benchmark(name).chance > 0.05 or (whole and not benchmark(name).items)):
            i = below.argmax()
            problem = f"{name} is {values[i, column]:g} where other scores are in percent"
            raise TableError(raw.path, problem, mend, row=raw.rows[i])
    positive = values > 0
    fractions = positive.any(axis=1) & ~(values > 1).any(axis=1) & (positive.sum(axis=1) > 1)
    if fractions.any():
        row = raw.rows[fractions.argmax()]
        raise TableError(raw.path, "all scores are below 1 where others are in percent", mend, row)
    return "percent"


def _check_ranges(raw: RawTable, frame: pd.DataFrame, benchmarks: tuple[str, ...]) -> None:
    for column in (*benchmarks, *(f"{b}_stderr" for b in benchmarks)):
        if column not in frame:
            continue
        values = frame[column].to_numpy()
        top = _LARGEST_STDERR if column.endswith("_stderr") else 1.0
        bad = (values < 0) | (values > top)
        if bad.any():
            i = bad.argmax()
            problem = f"{column} is {values[i]:g} as a fraction, outside 0 to {top:g}"
            raise TableError(raw.path, problem, "correct the value", row=int(frame["row"][i]))
