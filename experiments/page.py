"""A page of one screen: sentences that answer, the surest rows, a legend and notes.

Each study fills one in; the three lengths of its command come from it (`commands/_length.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..common.words import safe_line
from .text import Paint, cut_to_width, filled, text_table, text_width

#: Rows of a short table.
MOST_ROWS = 10
#: Wider lines of prose are hard to read.
PROSE = 100
_GAP = 2


@dataclass(frozen=True)
class PageColumn:
    """A column of a table that fits its terminal.

    `spare`: columns that a narrow terminal lacks go in falling order; 0 stays. `right`: its cells
    end at their edge; `coloured`: its words have colours; `least`: to how many columns the first,
    which holds names, may be cut before others are left out.
    """

    title: str
    cells: Sequence[str]
    spare: int = 0
    right: bool = False
    coloured: bool = False
    least: int = 12

    @property
    def width(self) -> int:
        return max(text_width(safe_line(cell)) for cell in (self.title, *self.cells))


@dataclass(frozen=True)
class Page:
    """What a study says on one screen.

    `heading`: what was looked at; `sentences`: the answer; `columns`: the first holds names; `more`
    rows are left out of them, which the flag `all_by` shows; `legend` of the columns (title ->
    what it says, of those that are shown; "" is said always); `notes`: a line each, below.
    """

    heading: Sequence[str]
    sentences: Sequence[str]
    columns: Sequence[PageColumn] = ()
    more: int = 0
    all_by: str = "--full"
    legend: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()


def page_to_sentences(page: Page, *, width: int = 80) -> str:
    """The sentences alone, in lines of at most `width` columns."""
    return "\n".join(filled(sentence, min(width, PROSE)) for sentence in page.sentences)


def page_to_text(page: Page, *, width: int = 80, paint: Paint | None = None) -> str:
    """The page in lines of at most `width` columns, codes of `paint` not counted."""
    parts = [
        "\n".join(filled(line, width) for line in page.heading),
        page_to_sentences(page, width=width),
        _rows(page, width, paint),
        "\n".join(filled(note, min(width, PROSE)) for note in page.notes),
    ]
    return "\n\n".join(part for part in parts if part)


def _rows(page: Page, width: int, paint: Paint | None) -> str:
    """The table, what it leaves out, and its legend."""
    if not page.columns or not page.columns[0].cells:
        return ""
    columns = shown_columns(page.columns, width)
    lines = [fitted_table(columns, width, paint)]
    if page.more:
        lines.append(filled(f"and {page.more} more ({page.all_by} shows all)", width))
    titles = {column.title for column in columns}
    said = " ".join(words for title, words in page.legend if title in titles or not title)
    if said:
        lines.append(filled(said, min(width, PROSE), indent=""))
    left_out = [column.title for column in page.columns if column not in columns]
    if left_out:
        lines.append(filled(f"Left out for width: {', '.join(left_out)} (--full).", width))
    return "\n".join(lines)


def shown_columns(columns: Sequence[PageColumn], width: int) -> list[PageColumn]:
    """Those that fit into `width` beside the first."""
    shown = list(columns)
    while sum(c.width + _GAP for c in shown[1:]) + min(shown[0].width, shown[0].least) > width:
        spare = max(shown, key=lambda column: column.spare)
        if not spare.spare:
            break
        shown.remove(spare)
    return shown


def fitted_table(columns: Sequence[PageColumn], width: int, paint: Paint | None = None) -> str:
    """The columns as a table, cells of the first cut to what the others leave of `width`."""
    first, *others = columns
    left = max(width - sum(c.width + _GAP for c in others), 1)
    names = [cut_to_width(safe_line(name), left) for name in first.cells]
    header = [cut_to_width(first.title, left), *(c.title for c in others)]
    return text_table(
        header,
        list(zip(names, *(c.cells for c in others), strict=True)),
        tuple(place for place, column in enumerate(columns) if column.right),
        {place: paint for place, column in enumerate(columns) if column.coloured and paint},
    )
