"""The columns of a table: which hold numbers, and which hold nothing."""

import re
from collections.abc import Mapping, Sequence

_EMPTY = {"", "–"}
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
#: A number at the beginning of a cell: a size, an estimate before its interval, or the lower end of
#: an interval that stands alone; no name, no date and no version begins so.
_NUMBER = re.compile(
    r"(?:< ?|> ?|±|\[)?([+-]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)"
    r"([KMBT]?)(?![\w.\-\u2011])"
)
#: A column is one of numbers if so many of its cells that hold anything are.
_MOSTLY = 0.5


def text_of(cell: str | Mapping) -> str:
    """What a reader sees of a cell."""
    return cell if isinstance(cell, str) else str(cell["text"])


def number_of(text: str) -> float | None:
    """The number that a cell begins with: the estimate before an interval, a size as a count."""
    found = _NUMBER.match(text)
    return float(found[1].replace(",", "")) * _UNITS[found[2]] if found else None


def sort_keys(title: str, cells: Sequence[str]) -> list[float | None] | None:
    """What a column is sorted by: its numbers, None where it is one of words.

    `layer.head` are two numbers and no fraction: their text has the right order.
    """
    if title == "layer.head":
        return None
    numbers = [number_of(cell) for cell in cells]
    said = sum(cell not in _EMPTY for cell in cells)
    known = sum(number is not None for number in numbers)
    return numbers if known and known >= _MOSTLY * said else None


def empty_columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns after the first in which no row has anything."""
    return [
        column
        for column in range(1, len(rows[0]) if rows else 0)
        if all(row[column] in _EMPTY for row in rows)
    ]


def left_out_text(names: Sequence[str]) -> str:
    """That columns are left out, in a sentence; empty where none is."""
    if not names:
        return ""
    return f"Left out, as no row has a value: {', '.join(names)}."
