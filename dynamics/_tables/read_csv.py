"""From sheets to raw tables: CSV, Markdown, spreadsheets and the rest end here."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .account import Account, FileSeen
from .benchmarks import BENCHMARKS
from .cells import is_missing
from .columns import known_column
from .decode import decoded
from .header import Grid, cut
from .headings import is_submissions
from .known_names import known_name
from .problems import Problems, TableError, TableWarning
from .raw import RawTable
from .shapes import one_row_a_model
from .sheets import Sheet, csv_sheet

_ERRORS = re.compile(r"(±|stderr|std\.? ?err(or)?\.?|standard error|se)(\.[0-9]+)?", re.IGNORECASE)
_MOST_COLUMNS = 10_000


def read_csv(path: Path, content: bytes) -> RawTable:
    """Read one CSV (comma, semicolon or tab); nothing is interpreted yet.

    Raises TableError for a file that is no text, has no header or has ragged rows.
    """
    text, encoding = decoded(path, content)
    return raw_table(csv_sheet(path, text), content, encoding)


def raw_table(sheet: Sheet, content: bytes, note: str = "") -> RawTable:
    """The raw table of a sheet, one row a model, with titles, comments and footnotes cut off.

    `note` says how the file was written (its encoding, gzip). Empty columns that spreadsheets
    leave, and those that only count the rows, are dropped. Raises one TableError with all problems.
    """
    problems = Problems(Path(sheet.name))
    grid = cut(sheet, problems)
    if not grid.headings:
        hint = "give a header line and one row per model"
        raise TableError(Path(sheet.name), "the file is empty", hint)
    if len(grid.headings) > _MOST_COLUMNS:
        problem = f"{len(grid.headings)} columns"
        raise TableError(Path(sheet.name), problem, f"give at most {_MOST_COLUMNS}")
    grid, warnings, shape = one_row_a_model(grid, sheet.model or sheet.path.stem)
    columns = _columns(grid, problems)
    problems.check()
    said = ", ".join(word for word in (sheet.format, shape, note) if word and word != "UTF-8")
    return RawTable(
        path=Path(sheet.name),
        columns=columns,
        rows=grid.rows,
        warnings=tuple(warnings),
        sha256=hashlib.sha256(content).hexdigest(),
        account=Account(
            files=(FileSeen(sheet.name, format=said),),
            rows_seen=len(grid.left_out),
            rows_left_out=grid.left_out,
        ),
        submissions=is_submissions(list(columns)),
    )


def names_models(raw: RawTable) -> bool:
    """Whether a column of the table holds models."""
    return any(known_column(heading) == "model" for heading in raw.columns)


def only_sheets(raws: Sequence[RawTable | TableError]) -> list[RawTable]:
    """The tables of a file of several sheets; sheets that are none are named in its account.

    Raises the first sheet's TableError where no sheet is a table.
    """
    tables = [raw for raw in raws if isinstance(raw, RawTable)]
    errors = [raw for raw in raws if isinstance(raw, TableError)]
    if not tables:
        raise errors[0]
    if errors:
        seen = tuple(FileSeen(e.path, reason=f"no table: {e.problem}") for e in errors)
        account = replace(tables[0].account, files=(*tables[0].account.files, *seen))
        warnings = tuple(
            TableWarning("sheet_left_out", None, f"{e.path} is no table: {e.problem}")
            for e in errors
        )
        first = replace(tables[0], account=account, warnings=(*tables[0].warnings, *warnings))
        tables = [first, *tables[1:]]
    return tables


def _columns(grid: Grid, problems: Problems) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {}
    before = ""
    for heading, cells in zip(grid.headings, grid.cells, strict=True):
        if _ERRORS.fullmatch(heading) and known_name(before) in BENCHMARKS:
            heading = f"{before}_stderr"  # beside its score, as people set it
        before = heading
        if not heading and _is_nothing(cells):
            continue
        if heading in columns:
            problem = f"column {heading!r} stands twice" if heading else "columns have no name"
            problems.add(problem, "keep one of them", grid.header_row)
            continue
        if not heading and not _names_rows(cells):
            problems.add("a column has no name", "name it in the header", grid.header_row)
            continue
        columns[heading] = cells
    return columns


def _is_nothing(cells: Sequence[object]) -> bool:
    """A nameless column that is empty, or only counts or numbers the rows."""
    return all(is_missing(cell) or str(cell).strip().isdecimal() for cell in cells)


def _names_rows(cells: Sequence[object]) -> bool:
    """A nameless column of different texts: it may hold the models' names."""
    texts = [cell for cell in cells if isinstance(cell, str) and not is_missing(cell)]
    return len(texts) == len(cells) and len({*texts}) == len(texts) and not _numbers(texts[:20])


def _numbers(texts: Sequence[str]) -> bool:
    return any(text.strip().replace(".", "").replace(",", "").isdecimal() for text in texts)
