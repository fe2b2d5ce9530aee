"""Positions as a vector's file and the command line write them."""

from typing import get_args

from ...common.nearest import there_are
from .._errors import InterpError
from .._names import Positions, PositionWord
from .._positions import After, Span, parse_marker, parse_span

POSITIONS = get_args(PositionWord)


def check_positions(positions: Positions) -> None:
    """Refuse what is no word for positions: a search knows no others."""
    if positions not in POSITIONS:
        raise InterpError(f"no positions {str(positions)!r}; {there_are(positions, POSITIONS)}")


def check_steered(positions: Positions) -> None:
    """Refuse what is no choice of positions at all."""
    if not isinstance(positions, Span | After):
        check_positions(positions)


def parse_positions(text: str) -> Positions:
    """The positions that a text stands for: `all`, `last`, a span such as `3:7`, or `after:` with a
    marker; `str` of positions is read back.

    **Raises** `InterpError` for another text, and a span that holds nothing.
    """
    words: dict[str, Positions] = {"all": "all", "last": "last"}
    return words.get(text) or parse_marker(text) or parse_span(text)


def said_positions(positions: Positions) -> str:
    """Positions in a few words, as `all positions`."""
    if isinstance(positions, Span):
        return f"positions {positions}"
    if isinstance(positions, After):
        return f"positions from {positions.marker!r} on"
    return f"{positions} positions"
