"""Positions as they are typed: a word or a span, or a marker after which they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..interp import Positions

#: Help of `--positions` and `--after`, beside `--vector`.
POSITIONS = "all, last, or a span as 3:7"
AFTER = "the vector's positions from this text on"


def chosen_positions(positions: str | None, after: str | None) -> Positions | None:
    """The positions that are meant; None where nothing is given.

    **Raises** `ValueError` for both at once, and `InterpError` for what is none.
    """
    from .. import interp

    if positions is not None and after is not None:
        raise ValueError(
            f"positions={positions!r} and after={after!r} are two choices of positions; give one"
        )
    if after is not None:
        return interp.After(after)
    return None if positions is None else interp.parse_positions(positions)
