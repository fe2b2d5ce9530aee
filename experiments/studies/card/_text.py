"""A card as a page for a terminal of 80 columns, the answer first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ....common.words import counted
from ...formats import interval, signed, size
from ...text import text_table
from ._words import card_facts, measure_rows, title

if TYPE_CHECKING:
    from ....dynamics import ModelCard

_WIDTH = 80
_NAME = 34
_MOST_MEASURES = 5


def card_to_text(card: ModelCard) -> str:
    """The whole page."""
    scores = ", ".join(f"{title(n)} {100 * v:.1f} %" for n, v in card.scores.items())
    parts = [
        _folded(f"{card.model} ({_size(card.params)}): {scores}"),
        "What follows\n" + "\n".join(_folded(line, "  ") for line in card_facts(card)),
        _levels(card),
        _nearest(card),
        _families(card),
        _next(card),
        _measures(card),
        _missing(card),
    ]
    return "\n\n".join(part for part in parts if part)


def _levels(card: ModelCard) -> str:
    rows = [
        (title(r.benchmark), f"{100 * r.score:.1f}", f"{100 * r.percentile:.0f} %", str(r.models))
        for r in card.levels
    ]
    where = (
        f"Level among {counted(card.models, 'model')} of "
        f"{counted(card.families, 'family')} ({card.among})"
    )
    return f"{where}\n" + text_table(("score", "%", "above", "of"), rows, right=(1, 2, 3))


def _nearest(card: ModelCard) -> str:
    rows = [
        (_cut(near.model), _cut(near.family, 18), _size(near.params), signed(near.distance))
        for near in card.nearest
    ]
    if not rows:
        return ""
    header = ("nearest model", "family", "size", "distance")
    return text_table(header, rows, right=(2, 3)) + "\n" + _folded(
        "distance: of the scores that both have, in standard deviations of all models."
    )  # fmt: skip


def _families(card: ModelCard) -> str:
    rows = [
        (
            _cut(family.family, 24),
            str(len(family.models)),
            signed(family.slope),
            signed(family.stderr),
            signed(family.distance),
        )
        for family in card.neighbourhood.families
    ]
    if not rows:
        return ""
    header = ("family near it", "n", "γ there", "error", "distance")
    note = (
        "γ there: points of truth per point of reasoning over its n models nearest to this one; "
        f"error: standard error. Families are chosen by {card.neighbourhood.by}, never by truth."
    )
    return text_table(header, rows, right=(1, 2, 3, 4)) + "\n" + _folded(note)


def _next(card: ModelCard) -> str:
    further = card.next
    if further.status != "ok":
        return ""
    rows = [
        (
            title(s.benchmark),
            f"{100 * s.now:.1f}",
            f"{100 * s.expected:.1f}",
            interval(100 * s.low, 100 * s.high, lambda v: signed(v, 1)),
        )
        for s in further.scores
    ]
    header = (f"at {size(further.params)} (%)", "now", "expected", f"{100 * further.level:.0f} %")
    note = (
        f"By the dynamics of {counted(further.families, 'family')}; this model lies at distance "
        f"{signed(further.distance, 1)} from them (about 1 is usual)."
    )
    return text_table(header, rows, right=(1, 2)) + "\n" + _folded(note)


def _measures(card: ModelCard) -> str:
    rows = measure_rows(card)[:_MOST_MEASURES]
    if not rows:
        return ""
    header = ("measure next", "narrows", "now", "then", "cost")
    note = (
        "now, then: length of the 95 % interval before and after, as expected; cost: questions "
        "times parameters."
    )
    return text_table(header, rows, right=(2, 3, 4)) + "\n" + _folded(note)


def _missing(card: ModelCard) -> str:
    if not card.missing:
        return ""
    return "Not said\n" + "\n".join(_folded(f"{line}.", "  ") for line in card.missing)


def _size(params: float) -> str:
    return size(params) if params > 0 else "size unknown"


def _cut(name: str, most: int = _NAME) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _folded(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)
