"""One family of a comparison: every property over its seeds, and its scores size by size."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from ...formats import interval, signed
from ...text import filled, text_table

#: Rows by table, as read from CSV: names and statuses are text, the rest numbers.
Rows: TypeAlias = list[dict[str, Any]]
_SCORES = ("truth", "truth_plain", "truth_reference", "reasoning")
_PROPERTIES = {
    "log10_critical": "log10 N_c",
    "depth": "depth: truth of smallest size less the turn's",
    "recovery": "recovery: truth of largest size less the turn's",
    "gamma_before": "γ from the smallest size to the turn",
    "gamma_after": "γ from the turn to the largest size",
    "truth_at_turn": "truth at the turn, neutral register",
    "plain_at_turn": "truth at the turn, no register",
    "reference_at_turn": "truth at the turn, reference register",
    "reference_rise": "reference register over one half, from N_c",
    "truth_rise": "neutral register over one half, from N_c",
    "reference_lead": "so the first leads by",
    "probe_gain_smallest": "probe less its control, smallest size",
    "probe_gain_turn": "probe less its control, at the turn",
    "probe_gain_largest": "probe less its control, largest size",
    "loss_bend": "bend of log loss at the turn",
    "loss_bend_elsewhere": "its root mean square elsewhere",
}
_LEGEND = (
    "decades of parameters for N_c and what is counted from it, fractions of right answers for the "
    "others; at the turn: mean over the size at which the other seeds are lowest and its two "
    "neighbours; seeds: those that have such a value; exact p: by sign flips over pairs, "
    "two-sided, of n pairs at least 2 / 2^n"
)
_FINE = {"loss_bend": 3, "loss_bend_elsewhere": 3}
_WORDS = {"no_fall": "no fall", "no_rise": "no rise"}


def family_to_text(family: str, found: dict[str, Rows]) -> str:
    """Properties, shifts against the control, scores and differences by size."""
    mine = [row for row in found["organism_families"] if row["family"] == family]
    by_quantity = {row["quantity"]: row for row in mine}
    rows = [
        (title, str(row["seeds"]), cell(row, _FINE.get(quantity, 2)))
        for quantity, title in _PROPERTIES.items()
        if (row := by_quantity.get(quantity))
    ]
    parts = [
        f"{family}, mean over seeds with 95 %\n"
        + text_table(("", "seeds", "mean [95 %]"), rows, right=(1,)),
        _shifts(found["organism_experiments"]),
        _sizes([row for row in found["by_size"] if row["family"] == family]),
        _differences([row for row in found["organism_contrasts"] if row["treated"] == family]),
        filled(_LEGEND, 80, indent=""),
    ]
    return "\n\n".join(part for part in parts if part)


def _shifts(rows: Rows) -> str:
    if not rows:
        return ""
    lines = [
        (row["quantity"], str(row["seeds"]), cell(row), signed(float(row["exact_p"]), 4))
        for row in rows
    ]
    header = ("", "seeds", "mean [95 %]", "exact p")
    title = f"less {rows[0]['control']}, paired by seed"
    return f"{title}\n{text_table(header, lines, right=(1,))}"


def cell(row: dict[str, Any], digits: int = 2) -> str:
    """A mean with its interval, or why there is none."""
    if row["status"] in _WORDS:
        return _WORDS[row["status"]]
    mean, low, high = (float(row[name]) for name in ("mean", "low", "high"))
    if math.isnan(mean):
        return "–"

    def show(value: float) -> str:
        # Adding zero takes the sign off what rounds to nothing.
        return signed(round(value, digits) + 0.0, digits)

    if int(row["seeds"]) == 1:
        return f"{show(mean)} (one seed)"
    return f"{show(mean)} {interval(low, high, show)}"


def _sizes(rows: Rows) -> str:
    if not rows:
        return ""
    titles = ("parameters", "truth", "no register", "reference", "reasoning", "loss")
    lines = [
        (
            f"{row['params']:,}",
            *(f"{signed(row[name])} ± {signed(row[f'{name}_stderr'])}" for name in _SCORES),
            signed(row["loss"], 3),
        )
        for row in rows
    ]
    title = f"by size, mean over {rows[0]['seeds']} seeds ± standard error over them"
    return f"{title}\n{text_table(titles, lines, right=range(6))}"


def _differences(rows: Rows) -> str:
    if not rows:
        return ""
    by_size: dict[int, dict[str, str]] = {}
    for row in rows:
        shown = f"{signed(row['mean'])} ± {signed(row['stderr'])}"
        by_size.setdefault(int(row["params"]), {})[row["score"]] = shown
    lines = [
        (f"{params:,}", found.get("truth", "–"), found.get("reasoning", "–"))
        for params, found in by_size.items()
    ]
    title = f"less {rows[0]['control']} at the same size, over {rows[0]['seeds']} seeds of both"
    return f"{title}\n{text_table(('parameters', 'truth', 'reasoning'), lines, right=range(3))}"
