"""The tracker as plain data and on a terminal."""

import textwrap
from typing import Any

from ...common.words import counted
from ..formats import plain
from ..text import text_table
from ._measure import PanelValue
from ._track import Standing, Tracker
from ._words import due, ends, headline, number, rule_words, statistic_words, unit, value_text

_WIDTH = 80


def tracker_to_dict(tracker: Tracker) -> dict[str, Any]:
    """The tracker as plain values for JSON; scores, spreads and h as fractions."""
    beside = tracker.beside
    others: list[Standing | None] = (
        [None] * len(tracker.standings) if beside is None else list(beside.standings)
    )
    return plain(
        {
            "table": tracker.table,
            "as_of": tracker.as_of.isoformat(),
            "data_end": tracker.data_end and tracker.data_end.isoformat(),
            "models": tracker.models,
            "later": tracker.later,
            "undated": tracker.undated,
            "source": tracker.rules.source,
            "note": tracker.rules.note,
            "predictions": [
                _prediction(standing, tracker, other)
                for standing, other in zip(tracker.standings, others, strict=True)
            ],
            "beside": beside
            and {
                "table": beside.table,
                "as_of": beside.as_of.isoformat(),
                "data_end": beside.data_end and beside.data_end.isoformat(),
                "models": beside.models,
            },
        }
    )


def _prediction(standing: Standing, tracker: Tracker, other: Standing | None) -> dict[str, Any]:
    rule = standing.rule
    return {
        "id": rule.id,
        "name": rule.name,
        "deadline": rule.deadline.isoformat() if rule.deadline else "next releases",
        "status": standing.status,
        **_measured(standing.measured),
        "as_of": tracker.as_of.isoformat(),
        "least": rule.least,
        "leaning": standing.leaning,
        "settled": standing.settled,
        "reason": standing.reason,
        "statistic": statistic_words(rule.statistic),
        "unit": "r" if rule.statistic.kind == "correlation" else "fraction",
        "pass": rule.passes,
        "fail": rule.fails,
        "also": standing.also
        and rule.also
        and {
            "statistic": statistic_words(rule.also.statistic),
            "bound": rule.also.bound,
            **_measured(standing.also),
        },
        "beside": other and {"status": other.status, **_measured(other.measured)},
    }


def _measured(found: PanelValue) -> dict[str, float | int]:
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}


def tracker_to_text(tracker: Tracker) -> str:
    """The answer, a line per prediction, then each rule with why it is open."""
    header = ("", "status", "now", "value, 95 %", "n", "due", "prediction")
    rows = [
        (str(s.rule.id), s.status, s.leaning or "–", _value(s), str(s.measured.n), due(s.rule))
        for s in tracker.standings
    ]
    columns = zip(header[:-1], *rows, strict=True)
    room = _WIDTH - sum(max(map(len, column)) + 2 for column in columns)
    wrapped = [
        (*(row if i == 0 else ("",) * len(row)), line)
        for row, standing in zip(rows, tracker.standings, strict=True)
        for i, line in enumerate(textwrap.wrap(standing.rule.name, room))
    ]
    beside: list[Standing] = list(tracker.beside.standings) if tracker.beside else []
    entries = [
        _entry(standing, beside[i] if beside else None)
        for i, standing in enumerate(tracker.standings)
    ]
    return "\n\n".join(
        [_filled(headline(tracker)), text_table(header, wrapped, right=(0, 4)), *entries,
         _foot(tracker)]
    )  # fmt: skip


def _value(standing: Standing) -> str:
    statistic, found = standing.rule.statistic, standing.measured
    if found.why:
        return "–"
    return f"{number(statistic, found.value)} {ends(statistic, found)}{unit(statistic)}".strip()


def _entry(standing: Standing, other: Standing | None) -> str:
    rule = standing.rule
    lines = [_filled(f"{rule.id}  {rule.name}", hanging=3)]
    lines.append(_filled(rule_words(rule) + ".", indent=3))
    if standing.also is not None and rule.also is not None and not standing.also.why:
        found = value_text(rule.also.statistic, standing.also)
        lines.append(_filled(f"second condition: {found}", indent=3))
    if standing.reason:
        lines.append(_filled(f"{standing.status}: {standing.reason}", indent=3))
    if not standing.settled and not standing.measured.why:
        lines.append(_filled("the interval reaches beyond the bound: not settled", indent=3))
    if other is not None and not other.measured.why:
        found = value_text(rule.statistic, other.measured)
        lines.append(_filled(f"under one harness: {found}", indent=3))
    return "\n".join(lines)


def _foot(tracker: Tracker) -> str:
    text = (
        f"{counted(tracker.models, 'model')} of {tracker.table}, the newest of {tracker.data_end}"
    )
    text += f"; {tracker.later} later ones do not count" if tracker.later else ""
    text += f"; {tracker.undated} without a date that can be read" if tracker.undated else ""
    lines = [_filled(text + ".")]
    if tracker.beside is not None:
        other = tracker.beside
        lines.append(
            _filled(
                f"One harness: {counted(other.models, 'model')}, the newest of {other.data_end}."
            )
        )
    lines.append(_filled(f"Predictions: {tracker.rules.source}."))
    return "\n".join(lines)


def _filled(text: str, *, indent: int = 0, hanging: int | None = None) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_on_hyphens=False,
    )
