"""From a raw table to numbers in one unit: what each source says by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .account import Account, ColumnSeen, RowLeftOut
from .benchmarks import BENCHMARKS
from .cells import clean_name, clean_text, read_scores, shown
from .columns import NUMBER_COLUMNS, TEXT_COLUMNS
from .forms import SECOND, is_mixed
from .header import TOTALS
from .headings import Headings, read_headings
from .kind_names import ModelKind
from .kinds import stated_kind
from .problems import Problems, TableWarning, listed
from .raw import RawTable, split_variants
from .sizes import check_sizes, read_sizes
from .units import Written, check_stderrs, find_unit, small_columns

_MOST_COLUMNS = 6  # named one by one


@dataclass(frozen=True)
class Parsed:
    """One source as numbers.

    - `raw`: the source, without its cells.
    - `frame`: `row`, `family`, `model` and `params` (empty text and NaN where the source does not
      say), other described columns, `said_kind` (`base`, `tuned` or empty), scores as fractions.
    - `benchmarks`: names of the score columns; `unit`: how the source wrote them.
    """

    raw: RawTable
    frame: pd.DataFrame
    benchmarks: tuple[str, ...]
    unit: str
    warnings: tuple[TableWarning, ...]
    account: Account


def parse(raw: RawTable) -> Parsed:
    """Read the cells of a raw table.

    Raises one TableError with all problems of the file for everything that would make a result
    wrong; the rest becomes warnings.
    """
    problems = Problems(raw.path)
    raw = split_variants(raw)
    headings = read_headings(raw, problems)
    raw, totals = _without_totals(raw, headings)
    if len(raw.rows) == 0:
        problems.add("the table has no rows", "give at least one family of models")
        problems.check()
    if headings.of("model") is None:
        problems.add("no column 'model'", "add it to the header", 1)
        problems.check()
    frame = _described(raw, headings)
    warnings: list[TableWarning] = []
    read_sizes(raw, headings, frame, problems, warnings)
    scores, dropped = _read_scores(raw, headings, frame, problems)
    unit = _to_fractions(raw, scores, problems, dropped)
    cells: dict[str, np.ndarray] = {}
    for name, written in scores.items():
        cells[name] = written.values
        if not np.isnan(written.stderrs).all():
            cells[f"{name}_stderr"] = written.stderrs
    frame = pd.concat([frame, pd.DataFrame(cells)], axis=1).copy()  # whole: hundreds of columns
    _check_models(raw, frame, problems)
    check_sizes(raw, frame, problems, warnings)
    stated = {name: w.stderrs for name, w in scores.items() if not np.isnan(w.stderrs).all()}
    if not problems.listed:
        values = {name: frame[name].to_numpy() for name in stated}
        check_stderrs(raw.rows, values, stated, problems)
    problems.check()
    seen = [
        ColumnSeen(column.name, reason=dropped[column.name]) if column.name in dropped else column
        for column in headings.seen
    ]
    warnings += _left_out(dropped)
    account = replace(
        raw.account,
        rows_seen=raw.account.rows_seen + len(raw.rows) + len(totals),
        rows_left_out=(*raw.account.rows_left_out, *totals),
        columns=(*raw.account.columns, *seen),
    )
    warnings = [*raw.warnings, *warnings]
    return Parsed(replace(raw, columns={}), frame, tuple(scores), unit, tuple(warnings), account)


def _left_out(dropped: dict[str, str]) -> Iterator[TableWarning]:
    """Columns of numbers that are no scores, named one by one where they are few."""
    odd = {name: reason for name, reason in dropped.items() if not reason.startswith("text")}
    if len(odd) > _MOST_COLUMNS:
        message = f"{len(odd)} columns are not used, as their values are no scores of this unit: "
        yield TableWarning("column_left_out", None, message + listed(list(odd), 4))
        return
    for name, reason in odd.items():
        yield TableWarning("column_left_out", None, f"column {name!r} is not used: {reason}")


def _without_totals(raw: RawTable, headings: Headings) -> tuple[RawTable, list[RowLeftOut]]:
    """Leave out rows that sum others up in place of a model."""
    model = headings.of("model")
    if model is None:
        return raw, []
    cells = raw.columns[model.heading]
    odd = [i for i, cell in enumerate(cells) if isinstance(cell, str)
           and cell.strip().casefold() in TOTALS]  # fmt: skip
    if not odd:
        return raw, []
    left_out = [RowLeftOut(raw.rows[i], str(cells[i]), "a total of other rows") for i in odd]
    keep = sorted(set(range(len(cells))) - set(odd))
    columns = {heading: [column[i] for i in keep] for heading, column in raw.columns.items()}
    return replace(raw, columns=columns, rows=[raw.rows[i] for i in keep]), left_out


def _described(raw: RawTable, headings: Headings) -> pd.DataFrame:
    """Names and other text; family is empty where the source has no such column."""
    described: dict[str, object] = {"row": np.asarray(raw.rows, dtype=int)}
    empty = [""] * len(raw.rows)
    described["family"] = described["model"] = pd.Series(empty, dtype=object)
    for column in headings.used:
        if column.name in TEXT_COLUMNS:
            clean = clean_name if column.name in ("family", "model") else _text
            cells = raw.columns[column.heading]
            known = {cell: clean(cell) for cell in set(cells)}
            described[column.name] = pd.Series([known[cell] for cell in cells], dtype=object)
    frame = pd.DataFrame(described)
    frame["said_kind"], frame["kind_rules"] = _kinds(raw, headings)
    frame["set_aside"] = pd.Series([raw.set_aside.get(row, "") for row in raw.rows], dtype=object)
    return frame


def _text(cell: object) -> str:
    text = clean_text(cell)
    return "" if text.lower() in ("nan", "none", "null", "n/a") else text


def _kinds(raw: RawTable, headings: Headings) -> tuple[list[str], bool]:
    """What each row states of its kind, and whether that goes before what its name says: our own
    column `kind` does, as somebody decided it; a leaderboard's `Type` does not."""
    column = headings.of("kind")
    if column is None:
        return [""] * len(raw.rows), False
    cells = raw.columns[column.heading]
    known: dict[object, ModelKind | str] = {c: stated_kind(str(c)) or "" for c in set(cells)}
    return [known[cell] for cell in cells], column.heading.strip().lower() == "kind"


def _read_scores(
    raw: RawTable, headings: Headings, frame: pd.DataFrame, problems: Problems
) -> tuple[dict[str, Written], dict[str, str]]:
    """Scores as written, and why columns of benchmarks that we do not know are none."""
    scores: dict[str, Written] = {}
    dropped: dict[str, str] = {}
    beside: dict[str, np.ndarray] = {}
    for column in headings.used:
        if column.name in TEXT_COLUMNS or column.name in NUMBER_COLUMNS:
            continue
        cells = raw.columns[column.heading]
        read = read_scores(cells)
        name = column.name.removesuffix("_stderr")
        filled = len(cells) - int(np.isnan(read.values).sum())
        known = name in BENCHMARKS
        if read.other and not known:
            text = f"text ({shown(cells[read.other[0]])})"
            dropped[column.heading] = text if filled == 0 else f"some cells hold {text}"
            continue
        if not known and not filled:
            dropped[column.heading] = "text: every cell is empty"
            continue
        for i in read.other:
            problem = f"{column.heading} holds {shown(cells[i])}, which is no number"
            problems.add(problem, "give a score or leave it empty", raw.rows[i])
        infinite = np.isinf(read.values)
        for i in np.flatnonzero(infinite).tolist():
            problems.add(f"{column.heading} is infinite", "give a finite number", raw.rows[i])
        values = np.where(infinite, np.nan, read.values)
        if column.name != name:
            beside[name] = values
            continue
        bad = (values < 0) | (values > 100)
        if bad.any() and not known:
            i = int(bad.argmax())
            dropped[column.heading] = f"{values[i]:g} in row {raw.rows[i]}, outside 0 to 100"
            continue
        for i in np.flatnonzero(bad).tolist():
            problem = f"{name} is {values[i]:g}, outside 0 to 100"
            problems.add(problem, "correct the value", raw.rows[i])
        values = np.where(bad, np.nan, values)
        scores[name] = Written(values, read.stderrs, read.percent, column.raw, column.heading)
    for name in _of_two_forms(scores):
        dropped[scores.pop(name).heading] = "raw in some rows, normalised in others"
    for name, errors in beside.items():
        if name in scores:
            own = scores[name].stderrs
            scores[name] = replace(scores[name], stderrs=np.where(np.isnan(errors), own, errors))
    return scores, dropped


def _of_two_forms(scores: Mapping[str, Written]) -> list[str]:
    """Benchmarks of the second leaderboard in a file that joins raw and normalised scores."""
    gpqa = scores.get("gpqa") or scores.get("gpqa_normalised")
    theirs = [name for name in scores if name.removesuffix("_normalised") in SECOND]
    if "ifeval" not in theirs or len(theirs) < 3 or gpqa is None or not is_mixed(gpqa.values):
        return []
    return [name for name in theirs if name != "ifeval"]


def _to_fractions(
    raw: RawTable, scores: dict[str, Written], problems: Problems, dropped: dict[str, str]
) -> str:
    """Bring scores and their errors to fractions; the unit in which the source wrote them.

    Columns that a leaderboard calls raw have a unit of their own.
    """
    units = []
    for is_raw in (False, True):
        group = {name: w for name, w in scores.items() if w.raw == is_raw}
        if not group:
            continue
        unit = raw.unit
        if unit == "auto":
            for name, reason in small_columns(group).items():
                dropped[group.pop(name).heading] = reason
                del scores[name]
            if not group:
                continue
            unit = find_unit(raw.rows, group, problems)
        units.append(unit)
        factor = 100.0 if unit == "percent" else 1.0
        for name, written in group.items():
            each = np.where(written.percent, 100.0, factor)
            scores[name] = replace(
                written, values=written.values / each, stderrs=written.stderrs / each
            )
    return units[0] if units else "fraction"


def _check_models(raw: RawTable, frame: pd.DataFrame, problems: Problems) -> None:
    empty = (frame["model"] == "").to_numpy()
    for i in np.flatnonzero(empty).tolist():
        problems.add("no model", "fill in the model's name", raw.rows[i])
