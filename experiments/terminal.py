"""What the terminal at a stream's other end can show; pages are told, and do not ask."""

import os
import shutil
from typing import TextIO

from .text import Paint

#: Columns of a page that goes to a file or a pipe.
PIPED = 80
_NARROWEST = 20
_PHASES = {"tax": "31", "bonus": "32", "transition": "33", "undetermined": "2"}


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


def phase_paint(stream: TextIO) -> Paint | None:
    """What colours the name of a phase: red, green, yellow, faint; None where no colour goes."""
    return _coloured if has_colour(stream) else None


def _coloured(phase: str) -> str:
    code = _PHASES.get(phase)
    return phase if code is None else f"\x1b[{code}m{phase}\x1b[0m"
