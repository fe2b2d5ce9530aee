"""Truth vectors over models on one screen: how many correct more than their controls."""

from __future__ import annotations

from ....common.words import counted
from ...formats import added
from ...page import MOST_ROWS, Page, PageColumn
from ._census import SteeringRow
from ._text import percent

_NAMED = 6
_MORE = ("corrects", "corrects_at_a_cost")


def steering_census_page(rows: tuple[SteeringRow, ...]) -> Page:
    """How many vectors correct more than random directions and shuffled labels, and at a cost."""
    ranked = sorted(rows, key=lambda row: (row.verdict not in _MORE, -_margin(row)))
    shown = ranked[:MOST_ROWS]
    return Page(
        heading=(f"{counted(len(rows), 'truth vector')}, one per model and contrast",),
        sentences=(_more_than_controls(ranked), _counting(rows)),
        columns=_columns(shown),
        more=len(ranked) - len(shown),
        legend=(
            ("", "Those that correct more than their controls first, by how far above them."),
            ("random max", "Random max: the best of the random directions; shuffled: labels."),
            ("held %", "Held: what the model answers rightly behind a cue."),
        ),
    )


def _margin(row: SteeringRow) -> float:
    """How far the interval of what is corrected lies above the controls."""
    return row.corrected_low - max(row.random_max, row.shuffled_labels)


def _more_than_controls(rows: list[SteeringRow]) -> str:
    more = [row for row in rows if row.verdict in _MORE]
    cost = sum(row.verdict == "corrects_at_a_cost" for row in more)
    names = ", ".join(
        f"{row.model} by {row.search} {percent(row.corrected_share)} % against "
        f"{percent(max(row.random_max, row.shuffled_labels))} %"
        for row in more[:_NAMED]
    )
    rest = f" and {len(more) - _NAMED} more" if len(more) > _NAMED else ""
    verb = "corrects" if len(more) == 1 else "correct"
    costly = f", {cost} of them at a cost over the budget" if cost else ""
    return (
        f"Of {counted(len(rows), 'vector')} {len(more) or 'none'} {verb} more false answers than "
        f"their controls{costly}{f' ({names}{rest})' if names else ''}."
    )


def _counting(rows: tuple[SteeringRow, ...]) -> str:
    above = sum(row.counted_steered > row.counted_strength_0 for row in rows)
    return (
        "Counted as published, by whether sampled texts differ, the published rule changes more "
        f"than strength 0 does in {above} of {len(rows)}."
    )


def _columns(shown: list[SteeringRow]) -> list[PageColumn]:
    def right(title: str, cells: list[str], spare: int = 0) -> PageColumn:
        return PageColumn(title, cells, spare=spare, right=True)

    corrected = [
        f"{percent(r.corrected_share)} [{percent(r.corrected_low)}, {percent(r.corrected_high)}]"
        for r in shown
    ]
    differs = [f"{percent(r.counted_steered)} ({percent(r.counted_strength_0)})" for r in shown]
    asked = ["" if row.where == "everywhere" else ", asked" for row in shown]
    vectors = [
        f"{row.method}, layer {row.layer} {row.site}{where}"
        for row, where in zip(shown, asked, strict=True)
    ]
    return [
        PageColumn("model", [row.model for row in shown], least=26),
        PageColumn("corrected % [95 %]", corrected),
        right("random max", [percent(row.random_max) for row in shown], 2),
        right("shuffled", [percent(row.shuffled_labels) for row in shown], 3),
        PageColumn("verdict", [row.verdict.replace("_", " ") for row in shown], spare=7),
        right("lost", [f"{row.right_lost}/{row.right_answers}" for row in shown], 4),
        right("reasoning", [added(100 * row.reasoning_change, 1) for row in shown], 5),
        right("held %", [percent(row.held) for row in shown], 6),
        PageColumn("contrast", [row.search for row in shown], spare=1),
        PageColumn("vector", vectors, spare=8),
        right("text differs % (at 0)", differs, 9),
    ]
