"""What a card says in words: no more than its verdict allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ....interp import Verdict

#: Of each verdict, what it means for whoever thinks of using the vector.
VERDICTS: dict[Verdict, str] = {
    "nothing_to_correct": (
        "The model answers all of these questions rightly by itself, so that they cannot show what "
        "the vector does. Nothing is claimed of it."
    ),
    "no_more_than_controls": (
        "On these questions it was not shown to correct more false answers than random directions "
        "of its length and shuffled labels do. Nothing beyond them is claimed of it."
    ),
    "corrects_at_a_cost": (
        "On these questions it corrects more false answers than any random direction of its length "
        "and than shuffled labels, but it costs more than the budget allows."
    ),
    "corrects": (
        "On these questions it corrects more false answers than any random direction of its length "
        "and than shuffled labels, within the budget of its costs."
    ),
}

USE = """```bash
pip install 'nullcline[interp]'
nullcline steer MODEL --vector FILE --prompt TEXT
nullcline evaluate MODEL --vector FILE        # makes this table anew
```"""


def limits(found: dict[str, Any]) -> list[str]:
    """What a reader might take from the table and should not."""
    from ....interp import FILE_UNIT

    lines = [
        "The verdict is of this model, these weights, these questions and this frame. For others "
        "it has to be found again.",
        "Answers are given ones that are scored, not texts that were written freely.",
        "Costs are measured on the texts named above. On texts of another kind they may be higher.",
    ]
    if found["vector"]["strength_unit"] == FILE_UNIT:
        lines.append(
            "The vector's file does not say which texts it was found with: questions that it has "
            "seen could not be left out."
        )
    return lines
