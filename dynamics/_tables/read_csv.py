"""CSV files: the user's own and ObsScaling's."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType

from .problems import TableError
from .raw import RawTable

# ObsScaling's headings that mean something else, or nothing certain, in other tables.
_OBSSCALING = frozenset({"Model", "Model Family", "Model Size (B)"})
_OBSSCALING_NAMES = MappingProxyType({"TruthfulQA": "truthfulqa_mc2", "Winograd": "winogrande"})
# Settings and provenance in the table of a sweep, which `nullcline collect` makes.
_SWEEP_MARK, _SWEEP_PREFIXES = "run.key", ("config.", "result.", "run.")


def read_csv(path: Path, content: bytes) -> RawTable:
    """Read one CSV (comma, semicolon or tab) with a header line; nothing is interpreted yet.

    A file with ObsScaling's headings has TruthfulQA as MC2, as its documentation says. The row
    numbers that pandas writes, empty columns that spreadsheets leave, and the settings and
    provenance in the table of a sweep are dropped.
    Raises TableError for a file that is no text, has no header or has ragged rows.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(path, "not a UTF-8 text file", "save the table as CSV in UTF-8") from None
    if "\0" in text:
        raise TableError(path, "not a text file (NUL bytes)", "save the table as CSV in UTF-8")
    records = _records(path, text)
    header = next(records, None)
    if header is None:
        raise TableError(path, "the file is empty", "give a header line and one row per model")
    headings = [cell.strip() for cell in header[1]]
    rows: list[int] = []
    # Filled column by column, as a list per row would cost more than the parsing.
    cells_of: list[list[str]] = [[] for _ in headings]
    for number, cells in records:
        if len(cells) != len(headings):
            problem = f"{len(cells)} cells where the header has {len(headings)}"
            raise TableError(path, problem, "give every row one cell per column", row=number)
        rows.append(number)
        for column, cell in zip(cells_of, cells, strict=True):
            column.append(cell)
    columns: dict[str, Sequence[str]] = {}
    for heading, column in zip(headings, cells_of, strict=True):
        if _is_nothing(heading, column):
            continue
        if _SWEEP_MARK in headings and heading.startswith(_SWEEP_PREFIXES):
            continue
        if heading in columns:
            raise TableError(path, f"column {heading!r} stands twice", "keep one of them", row=1)
        columns[heading] = column
    if columns.keys() >= _OBSSCALING:
        columns = {_OBSSCALING_NAMES.get(h, h): cells for h, cells in columns.items()}
    return RawTable(
        path=path,
        columns=columns,
        rows=rows,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not blank."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise TableError(path, f"not readable as CSV ({error})", "check quotes", start) from None


def _is_nothing(heading: str, cells: Sequence[str]) -> bool:
    """A nameless column that is empty or only counts the rows."""
    if heading not in ("", "Unnamed: 0"):
        return False
    return all(not cell.strip() for cell in cells) or all(
        cell.strip() == str(i) for i, cell in enumerate(cells)
    )
