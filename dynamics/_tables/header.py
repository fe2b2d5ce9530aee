"""The header of a sheet, and the lines around it that are no rows of the table."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from .account import RowLeftOut
from .cells import clean_text, is_missing
from .known_names import known_name
from .problems import Problems
from .sheets import Sheet

_ROWS_LOOKED_AT = 40
#: What stands in place of a model where a row sums the others up.
TOTALS = frozenset(
    {
        *("total", "totals", "average", "avg", "avg.", "mean", "median", "sum", "overall", "std"),
        *("all models", "grand total", "summe", "mittelwert", "ø"),
    }
)
#: Headings of tables with one row a score or one column a model.
_LABELS = frozenset({"task", "tasks", "benchmark", "dataset", "metric", "value", "score", "groups"})
_UNIT_MARKS = frozenset({"", "%", "pct", "percent", "acc", "accuracy", "fraction", "↑", "⬆", "-"})
_ODD = frozenset({"", " ", "\t", "#", "/", "%"})  # how lines begin that may be no rows
_COMMENT = ("#", "//", "%")


@dataclass(frozen=True)
class Grid:
    """A sheet cut into its header and its rows: `cells` by column, one line number a row."""

    headings: list[str]
    cells: list[list[object]]
    rows: Sequence[int]
    left_out: tuple[RowLeftOut, ...] = ()
    header_row: int = 1


def cut(sheet: Sheet, problems: Problems) -> Grid:
    """Find the header, cut off titles, comments, footnotes and totals, and turn rows to columns.

    Problems are noted for rows that do not fit the header. A sheet without rows gives a grid
    without headings.
    """
    if not sheet.rows:
        return Grid([], [], [])
    place = _header(sheet.rows)
    headings = [clean_text(cell) for cell in sheet.rows[place]]
    while headings and not headings[-1] and _column_is_empty(sheet, place, len(headings) - 1):
        headings.pop()
    left_out = [
        RowLeftOut(sheet.numbers[i], _first_text(sheet.rows[i]), "a line above the header")
        for i in range(place)
    ]
    width = len(headings)
    rows = array("q")
    cells: list[Sequence[object]] = []
    for i in range(place + 1, len(sheet.rows)):
        row, number = sheet.rows[i], sheet.numbers[i]
        first = row[0] if row else ""
        if len(row) != width or (
            isinstance(first, str) and (first[:1] in _ODD or first.lower() in TOTALS)
        ):
            reason = _no_row(row, width)
            if reason:
                left_out.append(RowLeftOut(number, _first_text(row), reason))
                continue
            fitted = _fitted(row, width, sheet.ragged)
            if fitted is None:
                problem = f"{len(row)} cells where the header has {width}"
                problems.add(problem, "give every row one cell per column", number)
                continue
            row = fitted
        cells.append(row)
        rows.append(number)
    tail = _tail(cells, rows)
    if tail:
        cells, rows = cells[: -len(tail)], rows[: -len(tail)]
    columns = [list(column) for column in zip(*cells, strict=True)] if cells else []
    columns = columns or [[] for _ in headings]
    return Grid(headings, columns, rows, (*left_out, *tail), sheet.numbers[place])


def _header(rows: Sequence[Sequence[object]]) -> int:
    """The place of the header: the row among the first that names most columns that we know."""
    best, most = 0, 0
    first_wide = None
    for i, row in enumerate(rows[:_ROWS_LOOKED_AT]):
        filled = [clean_text(cell) for cell in row[:2000] if isinstance(cell, str) and cell.strip()]
        if len(filled) < 2:
            continue
        if first_wide is None and not filled[0].startswith("# "):
            first_wide = i
        if sum(map(_is_number, row)) > len(filled) / 2:
            continue
        names = {known_name(text[:200]) or _label(text) for text in filled} - {""}
        score = len(names) + 2 * ("model" in names)
        if score > most:
            best, most = i, score
    return best if most else (first_wide or 0)


def _label(text: str) -> str:
    """What heads a column of task names, metrics or values, as it is; empty for anything else."""
    lowered = text.strip().lower()
    return lowered if lowered in _LABELS else ""


def _is_number(cell: object) -> bool:
    if not isinstance(cell, str):
        return isinstance(cell, int | float)
    return cell.strip().replace(".", "").replace(",", "").isdecimal()


def _no_row(row: Sequence[object], width: int) -> str:
    """Why a line is no row of the table: a comment, a footnote, a total. Empty for a row."""
    first = clean_text(row[0]) if row else ""
    filled = sum(not is_missing(cell) for cell in row)
    if filled <= 1 and first.startswith(_COMMENT):
        return "a comment"
    if (first or _first_text(row)).casefold() in TOTALS:
        return "a total of other rows"
    if not filled:
        return "empty"
    if not first and all(_text(cell) in _UNIT_MARKS for cell in row):
        return "a line of units"
    if len(row) < width and filled == 1 and (width > 2 or _is_footnote(first)):
        return "a line of text without scores"
    if first.startswith("# ") and len(row) != width:
        return "a comment"
    return ""


def _text(cell: object) -> str:
    return clean_text(cell).lower().strip("()[]")


def _fitted(row: Sequence[object], width: int, ragged: bool) -> list[object] | None:
    """The row with as many cells as the header has, None where it cannot be."""
    if len(row) > width:
        return list(row[:width]) if all(is_missing(cell) for cell in row[width:]) else None
    if len(row) < width:
        return [*row, *[""] * (width - len(row))] if ragged else None
    return list(row)


def _tail(cells: Sequence[Sequence[object]], rows: Sequence[int]) -> list[RowLeftOut]:
    """Footnotes: lines at the end with text in one cell and nothing else."""
    tail: list[RowLeftOut] = []
    for place in range(len(cells) - 1, -1, -1):
        row = cells[place]
        filled = [cell for cell in row if not is_missing(cell)]
        if len(row) <= 2 or len(filled) > 1 or not (filled and isinstance(filled[0], str)):
            break
        if is_missing(row[0]) or (place > 0 and not _is_footnote(filled[0])):
            break
        tail.append(RowLeftOut(rows[place], clean_text(filled[0])[:80], "a footnote"))
    return tail[::-1]


def _is_footnote(text: str) -> bool:
    text = text.strip().lower()
    return text.startswith(("*", "†", "source", "note", "footnote", "#", "[", "(", "quelle")) or (
        len(text.split()) > 3
    )


def _column_is_empty(sheet: Sheet, place: int, column: int) -> bool:
    return all(
        len(row) <= column or is_missing(row[column])
        for row in (sheet.rows[i] for i in range(place + 1, len(sheet.rows)))
    )


def _first_text(row: Sequence[object]) -> str:
    return next((clean_text(cell)[:80] for cell in row if not is_missing(cell)), "")
