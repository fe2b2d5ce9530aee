"""CSV files: the user's own and ObsScaling's."""

import csv
import hashlib
import io
from pathlib import Path

from ._validate import RawTable
from ._warnings import TableError, TableWarning

_OBSSCALING = frozenset({"Model", "Model Family", "Model Size (B)"})


def read_csv(path: Path) -> RawTable:
    """Read one CSV (comma, semicolon or tab) with a header line; nothing is interpreted yet.

    A file with ObsScaling's headings has TruthfulQA as MC2, as its documentation says.
    Raises TableError for a file that is no text, has no header or has ragged rows.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(path, "not a UTF-8 text file", "save the table as CSV in UTF-8") from None
    if "\0" in text:
        raise TableError(path, "not a text file (NUL bytes)", "save the table as CSV in UTF-8")
    lines = list(_records(path, text))
    if not lines:
        raise TableError(path, "the file is empty", "give a header line and one row per model")
    (_, header), body = lines[0], lines[1:]
    if len(set(header)) < len(header):
        twice = next(h for h in header if header.count(h) > 1)
        raise TableError(path, f"column {twice!r} stands twice", "keep one of them", row=1)
    for number, cells in body:
        if len(cells) != len(header):
            problem = f"{len(cells)} cells where the header has {len(header)}"
            raise TableError(path, problem, "give every row one cell per column", row=number)
    columns = {heading: [cells[i] for _, cells in body] for i, heading in enumerate(header)}
    warnings: tuple[TableWarning, ...] = ()
    if set(header) >= _OBSSCALING:
        columns = _obsscaling(columns)
    return RawTable(
        path=path,
        columns=columns,
        rows=[number for number, _ in body],
        warnings=warnings,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _records(path: Path, text: str):
    """(line number, cells) of each line that is not blank."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise TableError(path, f"not readable as CSV ({error})", "check quotes", start) from None


def _obsscaling(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """ObsScaling's columns under our names; FLOPs and the family's own extras as they are."""
    renamed = {"TruthfulQA": "truthfulqa_mc2", "ARC-C": "arc_challenge", "XWinograd": "xwinograd"}
    return {renamed.get(heading, heading): cells for heading, cells in columns.items()}
