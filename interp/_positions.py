"""Positions of a text that are chosen by number, or by what stands before them; light to import."""

import dataclasses
import re

from ._errors import InterpError

#: How a marker is written in one word with what it is.
_AFTER = "after:"
_LONGEST = 200


@dataclasses.dataclass(frozen=True)
class Span:
    """Positions from `start` to before `stop` (None: to the end), counted from 0 in what the model
    reads, a token of the tokenizer's own and the frame included.

    **Raises** `InterpError` for a span that holds nothing.
    """

    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise InterpError(f"the span {self} holds no position; give START:STOP from 0, as 3:7")

    def __str__(self) -> str:
        return f"{self.start}:{'' if self.stop is None else self.stop}"


@dataclasses.dataclass(frozen=True)
class After:
    """Positions from the last token of a marker on, where what follows it is predicted.

    The marker is text and is found where it comes first, over the ends of tokens and in what is
    generated too. So whether a position is steered depends on what stands before it alone.

    **Raises** `InterpError` for an empty marker, and one of more than 200 characters.
    """

    marker: str

    def __post_init__(self) -> None:
        if not 0 < len(self.marker) <= _LONGEST:
            raise InterpError(
                f"a marker of {len(self.marker)} characters is none; give 1 to {_LONGEST}"
            )

    def __str__(self) -> str:
        return f"{_AFTER}{self.marker}"


def parse_span(text: str) -> Span:
    """The span that a text such as `3:7`, `3:` or `:7` stands for.

    **Raises** `InterpError` for another text.
    """
    found = re.fullmatch(r"([0-9]{0,9}):([0-9]{0,9})", text)
    if found is None or text == ":":
        raise InterpError(f"no positions {text!r}; there are all, last, and spans such as 3:7")
    return Span(int(found[1] or 0), int(found[2]) if found[2] else None)


def parse_marker(text: str) -> After | None:
    """What `str` makes of an `After`, read back; None for any other text."""
    return After(text.removeprefix(_AFTER)) if text.startswith(_AFTER) else None
