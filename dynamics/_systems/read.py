"""Trajectories from a file: one row per time, one column per state."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ...common.files import regular_bytes
from .._tables.cells import is_missing
from .._tables.cells import shown as shown_cell
from .._tables.decode import decoded, unpacked
from .._tables.problems import Problems, TableError, listed
from .._tables.sheets import csv_sheet
from .series import TimeSeries

_SECONDS_PER_DAY = 86_400.0
_MANY_DECADES = 1.5  # times that cover so many in even ratios are sizes or counts, not a clock


def read_trajectories(
    path: str | Path,
    *,
    time: str,
    states: Sequence[str] | None = None,
    trajectory: str | None = None,
    weight: str | None = None,
    log_time: bool = False,
) -> TimeSeries:
    """Read a table (CSV with comma, semicolon, tab or bar; gzip too) of measured trajectories.

    **Arguments:** `time`, the column of times: numbers, or ISO dates, which become days;
    `states`, the columns of the system (by default all other numeric ones); `trajectory`, the
    column that tells trajectories apart (one trajectory without it); `weight`, a column of how
    often each row counts; `log_time`, whether the clock is log10 of the column.

    Rows may stand in any order. A state's empty cell (or `NA`, `-`, ...) is a state that was not
    measured; a row without a time is refused. **Raises** `TableError` of one line with the file and
    row: for columns that are not there, cells that are no numbers, times that occur twice, and
    times such as parameter counts, which go through decades in even ratios, unless `log_time` says
    which of the two clocks is meant.
    """
    path = Path(path)
    content = _content(path)
    text, _ = decoded(path, unpacked(path, content)[0])
    sheet = csv_sheet(path, text)
    if len(sheet.rows) < 2:
        raise TableError(path, "no rows", "give a header line and one row per time")
    header = [str(cell).strip() for cell in sheet.rows[0]]
    columns = _columns(path, header, sheet)
    numbers = list(sheet.numbers[1:])
    named = [name for name in (time, trajectory, weight, *(states or ())) if name is not None]
    for name in named:
        if header.count(name) != 1:
            found = "is there twice" if name in header else "is not there"
            hint = f"there are {listed(header, 20)}"
            raise TableError(path, f"column {name!r} {found}", hint, sheet.numbers[0])
    problems = Problems(path)
    clock, unit = _times(columns[time], numbers, time, problems)
    chosen = list(states or ()) or [
        name for name in header if name not in named and _is_numeric(columns[name])
    ]
    if not chosen:
        raise TableError(path, "no column of numbers beside the time", "name the states")
    values = np.column_stack([_numbers(columns[n], numbers, n, problems) for n in chosen])
    weights = None
    if weight is not None:
        weights = _numbers(columns[weight], numbers, weight, problems)
        for row in np.flatnonzero(~(weights >= 0)):
            problems.add(f"weight of {weights[row]:g}", "give 0 or more", numbers[row])
    problems.check()
    clock = _clock(path, clock, time, log_time, columns, trajectory)
    return _series(
        path, content, clock, values, weights, chosen, f"log10 {time}" if log_time else unit,
        columns[trajectory] if trajectory else None, numbers,
        [(name, "not among the states") for name in header if name not in (*named, *chosen)],
    )  # fmt: skip


def _content(path: Path) -> bytes:
    try:
        return regular_bytes(path)
    except OSError as error:
        raise TableError(path, f"cannot be read ({error.strerror})", "check the path") from None


def _columns(path, header, sheet) -> dict[str, list[str]]:
    problems = Problems(path)
    for cells, number in zip(sheet.rows[1:], sheet.numbers[1:], strict=True):
        if len(cells) != len(header):
            hint = f"the header has {len(header)} columns"
            problems.add(f"{len(cells)} cells", hint, number)
    problems.check()
    return {
        name: [str(cells[i]).strip() for cells in sheet.rows[1:]] for i, name in enumerate(header)
    }


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if not is_missing(cell)]
    return bool(filled) and all(_float(cell) is not None for cell in filled)


def _float(cell: str) -> float | None:
    try:
        return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
    except ValueError:
        return None


def _numbers(cells, numbers, name, problems: Problems):
    out = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if is_missing(cell):
            continue
        value = _float(cell)
        if value is None or np.isinf(value):
            hint = f"column {name!r} holds numbers; leave the cell empty where there is none"
            problems.add(f"{shown_cell(cell)} is no number", hint, numbers[i])
        else:
            out[i] = value
    return out


def _times(cells, numbers, name, problems: Problems):
    """Times as 64-bit numbers, and what the clock is called; dates are days since the first."""
    if any(not is_missing(c) and _float(c) is None for c in cells):
        dates = pd.to_datetime(pd.Series(cells), errors="coerce", format="ISO8601", utc=True)
        if dates.notna().any():
            for i in np.flatnonzero(dates.isna()):
                hint = "write ISO dates, such as 2026-03-01 or 2026-03-01T12:00:00"
                problems.add(f"time {shown_cell(cells[i])} is no date", hint, numbers[i])
            seconds = (dates - dates.min()).dt.total_seconds().to_numpy(float)
            return seconds / _SECONDS_PER_DAY, f"days of {name}"
    times = _numbers(cells, numbers, name, problems)
    for i in np.flatnonzero(np.isnan(times)):
        if is_missing(cells[i]):
            problems.add("no time", f"fill column {name!r} or remove the row", numbers[i])
    return times, name


def _clock(path, times, name, log_time, columns, trajectory):
    """The times, or their logarithms; a refusal where it is not clear which is meant."""
    if log_time:
        if not (times > 0).all():
            raise TableError(path, f"column {name!r} has times of 0 or less", "no logarithm of it")
        return np.log10(times)
    groups = pd.Series(columns[trajectory] if trajectory else [""] * len(times))
    for _, rows in groups.groupby(groups):
        t = np.unique(times[rows.index.to_numpy()])
        if len(t) < 4 or t[0] <= 0 or np.log10(t[-1] / t[0]) < _MANY_DECADES:
            continue
        even, ratios = np.diff(t), np.diff(np.log10(t))
        if np.std(ratios) / np.mean(ratios) < 0.5 < np.std(even) / np.mean(even):
            raise TableError(
                path,
                f"column {name!r} goes from {t[0]:.3g} to {t[-1]:.3g} in even ratios, as sizes do",
                "set log_time=True to take log10 of it as the clock, or subtract an origin",
            )
    return times


def _series(path, content, times, values, weights, names, clock, labels, numbers, left_out):
    groups: dict[str, list[int]] = {}
    for i in range(len(times)):
        groups.setdefault(labels[i] if labels else path.stem, []).append(i)
    problems = Problems(path)
    for label, rows in groups.items():
        first: dict[float, int] = {}
        for i in rows:
            if times[i] in first:
                hint = (
                    "keep one row per time"
                    if labels
                    else "name the column that tells trajectories apart (trajectory)"
                )
                problem = f"time {times[i]:.15g} of {label} as in row {numbers[first[times[i]]]}"
                problems.add(problem, hint, numbers[i])
            first.setdefault(float(times[i]), i)
    problems.check()
    few = [label for label, rows in groups.items() if len(rows) < 4]
    kept = {label: rows for label, rows in groups.items() if label not in few}
    if not kept:
        raise TableError(path, "no trajectory has four rows", "give more times")
    try:
        return TimeSeries.from_arrays(
            [times[rows] for rows in kept.values()],
            [values[rows] for rows in kept.values()],
            weights=None if weights is None else [weights[rows] for rows in kept.values()],
            names=names,
            trajectories=list(kept),
            time=clock,
            source=str(path),
            sha256=hashlib.sha256(content).hexdigest(),
            left_out=[*left_out, *((label, "fewer than four rows") for label in few)],
        )
    except ValueError as error:
        raise TableError(path, str(error), "see the rows of that trajectory") from None
