"""Markdown in which no name that somebody else gave can be more than a name."""

import re
from collections.abc import Sequence

#: Longer names are cut: a card is read by people.
_LONGEST = 200


def code(text: object) -> str:
    """A name as code, in which neither Markdown nor HTML means anything, fit for a table's cell.

    What cannot be seen (line ends, controls, marks that turn the direction of writing) becomes a
    question mark, a vertical bar its look-alike: in a table only a bar ends a cell of code.
    """
    seen = "".join(c if c.isprintable() else "?" for c in str(text)).replace("|", "¦").strip()
    if len(seen) > _LONGEST:
        seen = seen[:_LONGEST] + "…"
    if not seen:
        return "–"
    longest = max((len(run) for run in re.findall("`+", seen)), default=0)
    fence = "`" * (longest + 1)
    # A blank keeps a grave accent of the name's own away from the fence; readers drop it.
    blank = " " if longest else ""
    return f"{fence}{blank}{seen}{blank}{fence}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of cells that are Markdown themselves; columns in `right` end at their edge."""
    rule = ["--:" if index in right else "---" for index in range(len(header))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *rows))
