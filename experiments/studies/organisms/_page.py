"""A comparison of organisms on one screen: which levers shift the turn, and which take it away."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from ....common.words import counted
from ...formats import added, interval
from ...page import MOST_ROWS, Page, PageColumn
from ._one_family import Rows, cell

#: Experiment, family and control of a comparison.
_Key: TypeAlias = tuple[str, str, str]
_CRITICAL = "log10_critical"
_NAMED = 6
_COLUMNS = (  # quantity, title, how readily a narrow terminal lacks it
    (_CRITICAL, "log10 N_c", 0),
    ("depth", "depth", 1),
    ("recovery", "recovery", 2),
    ("log10_critical_width", "log10 width at N_c", 6),
)


def comparison_page(found: dict[str, Rows]) -> Page:
    """Shifts of the turn by each lever, surest first; the families' own values are in full."""
    shifts = _by_treatment(found["organism_experiments"])
    ranked = sorted(shifts.items(), key=lambda item: -_sureness(item[1].get(_CRITICAL)))
    shown = ranked[:MOST_ROWS]
    families = {row["family"]: row for row in found["organism_families"] if _is_turn(row)}
    return Page(
        heading=(
            f"{counted(len(families), 'family')} of organisms, "
            f"{counted(len(shifts), 'comparison')} paired by seed",
        ),
        sentences=(_turning(families), *([_shifted(shifts)] if shifts else [])),
        columns=_columns(shown),
        more=len(ranked) - len(shown),
        legend=(
            (
                "",
                "Differences paired by seed, 95 % over seeds, not corrected for their number; "
                "surest shift of the turn first. No fall, no rise: truth is not seen to do so, and "
                "there is no N_c.",
            ),
            ("log10 N_c", "log10 N_c: in decades of parameters."),
            ("depth", "Depth, recovery: how far truth falls and rises, as fractions of answers."),
        ),
        notes=(f"each family's own values: {counted(len(families), 'row')} (--full)",),
    )


def _is_turn(row: dict[str, Any]) -> bool:
    return row["quantity"] == _CRITICAL


def _by_treatment(rows: Rows) -> dict[_Key, dict[str, dict[str, Any]]]:
    """(experiment, family, control) -> quantity -> row."""
    found: dict[_Key, dict[str, dict[str, Any]]] = {}
    for row in rows:
        key = (str(row["experiment"]), str(row["treated"]), str(row["control"]))
        found.setdefault(key, {})[row["quantity"]] = row
    return found


def _ends(row: dict[str, Any] | None) -> tuple[float, float, float] | None:
    """Mean and interval of a row, None where there are none."""
    if row is None or row["status"] in ("no_fall", "no_rise"):
        return None
    mean, low, high = (float(row[name]) for name in ("mean", "low", "high"))
    return (mean, low, high) if all(map(math.isfinite, (mean, low, high))) else None


def _sureness(row: dict[str, Any] | None) -> float:
    """A shift in halves of its interval; below all of them where there is none."""
    ends = _ends(row)
    if ends is None:
        return -1.0
    mean, low, high = ends
    return abs(mean) / ((high - low) / 2) if high > low else math.inf


def _turning(families: dict[str, dict[str, Any]]) -> str:
    turn = [name for name, row in families.items() if row["status"] not in ("no_fall", "no_rise")]
    what = {"no_fall": "lose truth", "no_rise": "gain it back"}
    others = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} not seen to {words} "
        f"({', '.join(names)})"
        for status, words in what.items()
        if (names := [name for name, row in families.items() if row["status"] == status])
    ]
    verb = "turns" if len(turn) == 1 else "turn"
    names = f": {', '.join(turn)}" if turn else ""
    return (
        f"Of {counted(len(families), 'family')} {len(turn) or 'none'} {verb} (truth falls, then "
        f"rises){names}"
        f"{'; ' if others else ''}{' and '.join(others)}."
    )


def _shifted(shifts: dict[_Key, dict[str, dict[str, Any]]]) -> str:
    known = {key: ends for key, row in shifts.items() if (ends := _ends(row.get(_CRITICAL)))}
    moved = {key: ends for key, ends in known.items() if ends[1] > 0 or ends[2] < 0}
    named = ", ".join(
        f"{family} by {added(mean)} {interval(low, high)} decades"
        for (_, family, _), (mean, low, high) in list(moved.items())[:_NAMED]
    )
    rest = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
    return (
        f"Where both families turn ({counted(len(known), 'comparison')}), "
        f"{len(moved) or 'none'} {'shifts' if len(moved) == 1 else 'shift'} the turn beyond its "
        f"interval{f': {named}{rest}' if named else ''}; what is not seen is not absent."
    )


def _columns(
    shown: list[tuple[tuple[str, str, str], dict[str, dict[str, Any]]]],
) -> list[PageColumn]:
    keys = [key for key, _ in shown]
    seeds = [
        str(max((int(row["seeds"]) + int(row["left_out"]) for row in rows.values()), default=0))
        for _, rows in shown
    ]
    return [
        PageColumn("family", [family for _, family, _ in keys]),
        PageColumn("against", [control for _, _, control in keys], spare=3),
        PageColumn("seeds", seeds, spare=4, right=True),
        *(
            PageColumn(
                title,
                [cell(rows[quantity]) if quantity in rows else "–" for _, rows in shown],
                spare=spare,
            )
            for quantity, title, spare in _COLUMNS
        ),
        PageColumn("experiment", [experiment for experiment, _, _ in keys], spare=5),
    ]
