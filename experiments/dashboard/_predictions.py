"""Where the dated predictions of the frontier paper stand."""

from ...common.words import counted
from ..predictions import Standing, Tracker, due, headline, rule_words, track, value_text
from ._blocks import Block, badge, csv_data, details, lines, table

#: Status -> the look of a verdict.
_TONES = {
    "pass": "supported",
    "fail": "not_supported",
    "between": "undetermined",
    "open": "undetermined",
}

_NO_BREAK = "\u2011"  # a hyphen at which no line ends


def predictions_blocks(tracker: Tracker | None = None) -> list[Block]:
    """A table of all, each rule behind it, and what the words mean."""
    tracker = tracker or track()
    beside = list(tracker.beside.standings) if tracker.beside else [None] * len(tracker.standings)
    pairs = list(zip(tracker.standings, beside, strict=True))
    rows = [
        (
            str(s.rule.id),
            s.rule.name,
            badge(s.status, _TONES[s.status]),
            s.leaning or "–",
            value_text(s.rule.statistic, s.measured),
            "–" if other is None else value_text(other.rule.statistic, other.measured),
            due(s.rule).replace("-", _NO_BREAK),
        )
        for s, other in pairs
    ]
    columns = ("id", "name", "deadline", "status", "leaning", "value", "low", "high", "n", "as_of")
    plain_rows = [
        (s.rule.id, s.rule.name, due(s.rule), s.status, s.leaning, s.measured.value,
         s.measured.low, s.measured.high, s.measured.n, tracker.as_of.isoformat())
        for s in tracker.standings
    ]  # fmt: skip
    return [
        table(
            "Seven dated predictions",
            ("number", "prediction", "status", "now", "value, 95 %", "one harness", "due"),
            rows,
            note=f"{headline(tracker)} {counted(tracker.models, 'model')}, as makers "
            "report, the newest of "
            f"{tracker.data_end}.",
            data=csv_data("predictions", columns, plain_rows),
        ),
        details("Their rules", [_rule(standing) for standing in tracker.standings]),
        lines(
            f"{tracker.rules.source}. Open: the data end before the day that decides, or are too "
            "few; now: what the status would be if it were decided on these data. Spread: largest "
            "minus smallest score; its interval is what the benchmarks' items can tell. With a "
            "table of your own: nullcline predictions TABLE."
        ),
    ]


def _rule(standing: Standing) -> Block:
    text = f"{standing.rule.id}. {standing.rule.name}: {rule_words(standing.rule)}."
    why = f"{standing.status}: {standing.reason}." if standing.reason else ""
    return lines(text, *([why] if why else []))
