"""What the terminal at a stream's other end can show; pages are told, and do not ask."""

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from .text import Paint

if TYPE_CHECKING:
    from .page import Page

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


def as_asked(
    page: "Callable[[], Page]", full: Callable[[], str], *, everything: bool, quiet: bool
) -> str:
    """A page as wide and as coloured as stdout takes it: a screen, everything, or the answer in
    sentences alone."""
    from .page import page_to_sentences, page_to_text

    if everything:
        return full()
    width = page_width(sys.stdout)
    if quiet:
        return page_to_sentences(page(), width=width)
    return page_to_text(page(), width=width, paint=word_paint(sys.stdout))


def _coloured(word: str) -> str:
    code = _COLOURS.get(word)
    return word if code is None else f"\x1b[{code}m{word}\x1b[0m"
