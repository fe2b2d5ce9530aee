"""Where each prediction stands on a panel at a date."""

import datetime
import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ... import dynamics
from ...common.progress import Progress, silent, stepped
from ...common.words import counted
from ._dates import earliest_dates
from ._measure import PanelValue, measure
from ._rules import Rule, Rules, load_rules

Status = Literal["pass", "fail", "between", "open"]
SHIPPED = "frontier"
BESIDE = "frontier_one_harness"


@dataclass(frozen=True)
class Standing:
    """One prediction on one panel.

    - `status`: `open` where the data end before the deadline, or are too few; `between` where the
      value keeps neither the bound of a pass nor that of a fail.
    - `leaning`: what the status would be if it were decided now; None where there is no value.
    - `reason`: why it is open, or why not a pass; `also`: the second statistic, where there is one.
    - `settled`: whether the whole interval lies on one side of both bounds.
    """

    rule: Rule
    status: Status
    leaning: Status | None
    reason: str
    measured: PanelValue
    also: PanelValue | None
    settled: bool


@dataclass(frozen=True)
class Tracker:
    """All predictions on one panel, as of a day.

    - `data_end`: the newest date in the table, no later than `as_of`; None: no row has a date.
    - `models`, `later`, `undated`: rows that count, rows dated after `as_of` that do not, and rows
      that count without a date that can be read.
    - `beside`: the same on the shipped panel of one harness, where the panel is shipped.
    """

    table: str
    sha256: str
    as_of: datetime.date
    data_end: datetime.date | None
    models: int
    later: int
    undated: int
    rules: Rules
    standings: tuple[Standing, ...]
    beside: "Tracker | None" = None


def track(
    panel: dynamics.Panel | None = None,
    *,
    as_of: datetime.date | None = None,
    rules: Rules | None = None,
    on_progress: Progress | None = None,
) -> Tracker:
    """Where the predictions stand.

    **Arguments:** `panel`, the shipped one of makers' scores where none is given, beside that of
    one harness; `as_of`, the day as of which is asked, rows dated later do not count, by default
    the newest date in the panel, never the clock of the machine; `on_progress` counts predictions.

    Raises ValueError where no row has a date and no `as_of` is given, or none is as old.
    """
    rules, say = rules or load_rules(), on_progress or silent
    if panel is not None:
        return _track(panel, as_of, rules, None, say)
    other = dynamics.load_panel(BESIDE)
    oldest = min(day for day in earliest_dates(other.frame["date"]) if day is not None)
    old_enough = as_of is None or as_of >= oldest
    beside = _track(other, as_of, rules, None, say) if old_enough else None
    return _track(dynamics.load_panel(SHIPPED), as_of, rules, beside, say)


def _track(
    panel: dynamics.Panel,
    as_of: datetime.date | None,
    rules: Rules,
    beside: Tracker | None,
    say: Progress,
) -> Tracker:
    days = earliest_dates(panel.frame["date"])
    known = [day for day in days if day is not None]
    if as_of is None and not known:
        raise ValueError(f"{panel.name}: no model has a date that can be read; give as_of=DAY")
    as_of = max(known) if as_of is None else as_of
    counts = pd.Series([day is None or day <= as_of for day in days], index=panel.frame.index)
    rows = panel.frame[counts]
    if not len(rows):
        raise ValueError(f"{panel.name}: no model is as old as {as_of}; give a later as_of=DAY")
    end = max((day for day in known if day <= as_of), default=None)
    each = stepped(say, f"predictions on {panel.name}", rules.predictions)
    return Tracker(
        table=panel.name,
        sha256=panel.sha256,
        as_of=as_of,
        data_end=end,
        models=len(rows),
        later=len(days) - len(rows),
        undated=sum(day is None for day in days),
        rules=rules,
        standings=tuple(_standing(rule, rows, as_of, end, rules) for rule in each),
        beside=beside,
    )


def _standing(
    rule: Rule, rows: pd.DataFrame, as_of: datetime.date, end: datetime.date | None, rules: Rules
) -> Standing:
    found = measure(rule.statistic, rows, rules)
    also = measure(rule.also.statistic, rows, rules) if rule.also else None
    leaning, reason = _leaning(rule, found, also)
    waits = _waits(rule, found, leaning, as_of, end)
    status: Status = "open" if waits or leaning is None else leaning
    return Standing(
        rule=rule,
        status=status,
        leaning=leaning,
        reason=waits or reason,
        measured=found,
        also=also,
        settled=_settled(rule, found),
    )


def _leaning(rule: Rule, found: PanelValue, also: PanelValue | None) -> tuple[Status | None, str]:
    """What the values say whatever their date and number, and why it is no pass."""
    if math.isnan(found.value):
        return None, found.why
    if rule.fails.holds(found.value):
        return "fail", ""
    if not rule.passes.holds(found.value):
        return "between", "the value keeps neither bound"
    if rule.also is None or also is None:
        return "pass", ""
    if math.isnan(also.value) or also.n < rule.also.least:
        why = also.why or f"only {counted(also.n, 'model')}, at least {rule.also.least}"
        return None, f"the second condition is not known: {why}"
    if not rule.also.bound.holds(also.value):
        return "between", "the second condition does not hold"
    return "pass", ""


def _waits(
    rule: Rule,
    found: PanelValue,
    leaning: Status | None,
    as_of: datetime.date,
    end: datetime.date | None,
) -> str:
    """Why nothing is decided yet, empty where it is."""
    if math.isnan(found.value):
        return found.why
    if rule.deadline is not None:
        if as_of < rule.deadline:
            return f"as of {as_of}, before the deadline"
        if end is None or (end.year, end.month) < (rule.deadline.year, rule.deadline.month):
            return f"the data end {end or 'nowhere'}, before the deadline"
    # One release beyond the bound of a fail is enough.
    if found.n < rule.least and not (rule.statistic.kind == "residual" and leaning == "fail"):
        return f"n = {found.n}, at least {rule.least}"
    return ""


def _settled(rule: Rule, found: PanelValue) -> bool:
    """Whether both ends of the interval say what the value says."""
    ends = (found.low, found.value, found.high)
    return not any(map(math.isnan, ends)) and any(
        all(bound.holds(end) for end in ends) for bound in (rule.passes, rule.fails)
    )
