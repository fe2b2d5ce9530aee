"""Texts in cells of CSV that no spreadsheet runs as formulas, and their way back."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: A spreadsheet takes a cell that begins like this for a formula. An apostrophe before it is the
#: mark of a text; one that stands there already gets another, so that the way back is exact.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def no_formula(text: str) -> str:
    """Text for a cell of CSV: an apostrophe before what a spreadsheet would run as a formula.
    Numbers stay as they are."""
    if not _FORMULA.match(text):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def as_meant(cell: str) -> str:
    """What `no_formula` was given to write this cell."""
    return cell[1:] if _GUARDED.match(cell) else cell


def frame_without_formulas(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A copy for `to_csv` whose texts, headings too, pass `no_formula`; numbers stay."""

    def cell(value: object) -> object:
        return no_formula(value) if isinstance(value, str) else value

    safe = frame.rename(columns=cell)
    for place, kind in enumerate(safe.dtypes):
        if kind.kind == "O" or str(kind).startswith(("str", "category")):
            texts = safe.iloc[:, place].astype(object)
            safe.isetitem(place, texts.map(cell))  # pyright: ignore[reportArgumentType]
    return safe
