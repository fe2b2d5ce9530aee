"""Columns for a terminal."""

import unicodedata
from collections.abc import Sequence

from ..common.words import visible


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()):
    """Rows under a header, columns two blanks apart; those in `right` end at their edge."""
    lines = [tuple(map(_seen, line)) for line in (header, *rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(header))]
    ruled = [lines[0], tuple("─" * width for width in widths), *lines[1:]]
    return "\n".join(
        "  ".join(_pad(cell, widths[i], i in right) for i, cell in enumerate(line)).rstrip()
        for line in ruled
    )


def _seen(cell: str) -> str:
    """A cell as it may stand on a terminal: names may hold what a terminal would obey."""
    return visible(cell).replace("\n", " ")


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
