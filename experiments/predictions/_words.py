"""A prediction in words: when it falls due, what it asks, what was found."""

from collections import Counter

from ... import dynamics
from ...common.words import counted
from ..formats import interval, signed
from ._measure import PanelValue
from ._rules import Bound, Rule, Statistic
from ._track import Tracker


def due(rule: Rule) -> str:
    """When a prediction is decided."""
    if rule.deadline is None:
        return f"next {rule.statistic.releases}"
    return rule.deadline.isoformat()


def number(statistic: Statistic, value: float) -> str:
    """A value of the statistic: r with two decimals, all else in percentage points."""
    if statistic.kind == "correlation":
        return signed(value)
    return signed(100 * value, 1)


def unit(statistic: Statistic) -> str:
    """What the number counts."""
    return "" if statistic.kind == "correlation" else " pp"


def ends(statistic: Statistic, found: PanelValue) -> str:
    """The interval, empty where there is none."""
    return interval(found.low, found.high, lambda value: number(statistic, value))


def value_text(statistic: Statistic, found: PanelValue) -> str:
    """Value, interval, unit and n; why there is none where there is none."""
    if found.why:
        return found.why
    parts = (number(statistic, found.value), ends(statistic, found) + unit(statistic))
    return f"{' '.join(part for part in parts if part).strip()}, n = {found.n}"


def statistic_words(statistic: Statistic) -> str:
    """What is computed."""
    title = dynamics.benchmark
    if statistic.kind == "correlation":
        return f"r of {title(statistic.x).title} and {title(statistic.y).title}"
    if statistic.kind == "spread":
        by = "" if statistic.by == statistic.benchmark else f" by {title(statistic.by).title}"
        return f"spread of {title(statistic.benchmark).title} among the best {statistic.top}{by}"
    return (
        f"{statistic.take} h of the first {counted(statistic.releases, 'model')} of "
        f"{statistic.lab} "
        f"after {statistic.after}"
    )


def _bound_words(statistic: Statistic, bound: Bound) -> str:
    side = "above" if bound.edge == bound.above else "below"
    return f"{side} {number(statistic, bound.edge)}{unit(statistic)}"


def rule_words(rule: Rule) -> str:
    """The rule of a prediction as one sentence."""
    text = f"{statistic_words(rule.statistic)}: passes {_bound_words(rule.statistic, rule.passes)}"
    if rule.also is not None:
        second = rule.also.statistic
        text += f" while {statistic_words(second)} is {_bound_words(second, rule.also.bound)}"
    return text + f", fails {_bound_words(rule.statistic, rule.fails)}, n at least {rule.least}"


def headline(tracker: Tracker) -> str:
    """How many are decided, and how they would be if they were decided now."""
    status = Counter(s.status for s in tracker.standings)
    now = Counter(s.leaning or "no value" for s in tracker.standings if s.status == "open")
    decided = len(tracker.standings) - status["open"]
    text = f"{decided} of {len(tracker.standings)} predictions are decided as of {tracker.as_of}"
    counts = [f"{status[word]} {word}" for word in ("pass", "fail", "between") if status[word]]
    text += f" ({', '.join(counts)})" if counts else ""
    if status["open"]:
        leans = [
            f"{now[word]} {said}"
            for word, said in (
                ("pass", "would pass now"), ("fail", "would fail now"),
                ("between", "would lie between"), ("no value", "without a value"),
            )
            if now[word]
        ]  # fmt: skip
        text += f"; {status['open']} open: {', '.join(leans)}"
    return text + "."
