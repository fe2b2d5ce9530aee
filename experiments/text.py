"""Lines for a terminal: columns and paragraphs, of text that is safe to print."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..common.words import safe_line

#: A word with the codes of its colour.
Paint = Callable[[str], str]


def text_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    paint: Mapping[int, Paint] | None = None,
) -> str:
    """Rows under a header, columns two blanks apart; those in `right` end at their edge.

    `paint`: column -> colour of its cells, the header's left as it is; widths count no codes.
    Cells pass `safe_line`.
    """
    lines = [tuple(safe_line(cell) for cell in line) for line in (header, *rows)]
    widths = [max(text_width(line[i]) for line in lines) for i in range(len(header))]
    ruled = [lines[0], tuple("─" * width for width in widths), *lines[1:]]
    return "\n".join(
        "  ".join(
            _pad(cell, widths[i], i in right, (paint or {}).get(i) if place > 1 else None)
            for i, cell in enumerate(line)
        ).rstrip()
        for place, line in enumerate(ruled)
    )


def text_width(text: str) -> int:
    """Columns of a terminal that a line takes; wide characters take two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def cut_to_width(text: str, width: int) -> str:
    """The text, or its beginning with `…`, in at most `width` columns."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""


def filled(text: str, width: int, *, indent: str = "  ") -> str:
    """A paragraph in lines of at most `width` columns, those after the first behind `indent`.

    It passes `safe_line`. Breaks at blanks alone, and inside a word only where that is wider than a
    line.
    """
    lines, line = [], ""
    for word in _words(safe_line(text), max(width - len(indent), 1)):
        longer = f"{line} {word}" if line.strip() else line + word
        if text_width(longer) > width and line.strip():
            lines.append(line)
            longer = indent + word
        line = longer
    return "\n".join([*lines, line])


def _words(text: str, width: int) -> Iterator[str]:
    """The words of a text, those wider than `width` in pieces."""
    for word in text.split():
        piece = ""
        for c in word:
            if text_width(piece + c) > width and piece:
                yield piece
                piece = ""
            piece += c
        yield piece


def _pad(cell: str, width: int, right: bool, paint: Paint | None) -> str:
    blanks = " " * (width - text_width(cell))
    shown = cell if paint is None else paint(cell)
    return blanks + shown if right else shown + blanks
