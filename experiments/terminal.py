"""What the terminal at a stream's other end can show; pages are told, and do not ask."""

import os
import shutil
from typing import TextIO

from .text import Paint

#: Columns of a page that goes to a file or a pipe.
PIPED = 80
_NARROWEST = 20
_RED, _GREEN, _YELLOW, _FAINT = "31", "32", "33", "2"
_COLOURS = {
    **dict.fromkeys(("tax", "against", "not supported", "fail"), _RED),
    **dict.fromkeys(("bonus", "for", "supported", "pass"), _GREEN),
    **dict.fromkeys(("transition", "competing"), _YELLOW),
    **dict.fromkeys(("undetermined", "not seen"), _FAINT),
}


def page_width(stream: TextIO) -> int:
    """Columns of the terminal, at least 20; 80 where there is none."""
    if not stream.isatty():
        return PIPED
    return max(shutil.get_terminal_size((PIPED, 24)).columns, _NARROWEST)


def has_colour(stream: TextIO) -> bool:
    """Whether codes of colours may be written: to a terminal, unless NO_COLOR is set
    (https://no-color.org) or TERM is `dumb`."""
    return (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )


def word_paint(stream: TextIO) -> Paint | None:
    """What colours a word that is a verdict, such as a phase; None where no colour goes."""
    return _coloured if has_colour(stream) else None


def _coloured(word: str) -> str:
    code = _COLOURS.get(word)
    return word if code is None else f"\x1b[{code}m{word}\x1b[0m"
