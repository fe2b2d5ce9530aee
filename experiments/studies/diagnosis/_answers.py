"""What a diagnosis allows to say, as three questions with their answers in sentences."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from ....common.words import counted
from ....dynamics import CLOCKS, benchmark
from ...formats import axis_value, interval, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....dynamics import ClockComparison, CommonTurn, Diagnosis

POOLED_HEADER = ("axis", "shared turn", "95 %", "p", "power", "if any, between", "models",
                 "families")  # fmt: skip
POOLED_NOTE = (
    "p: the largest of three, that there is no bend beyond straight lines of the families' own, no "
    "fall before the place and no rise after it in families on both sides; power: for the pooled "
    "curve; if any, between: what four estimators say if there is a turn."
)
_MOST_NAMES = 8
#: A test that would see the pooled curve less often than this says little by staying shut.
_ENOUGH_POWER = 0.8


def conclusions(diagnosis: Diagnosis) -> list[str]:
    """Phases; whether any family turns; whether families share a turn; where; level instead."""
    return [
        _phases(diagnosis),
        _any_family(diagnosis),
        *_shared_turns(diagnosis),
        *_place(diagnosis),
        *_level(diagnosis),
        *_trends(diagnosis),
        *_clocks(diagnosis),
    ]


def pooled_rows(diagnosis: Diagnosis) -> list[tuple[str, ...]]:
    """A row per axis under `POOLED_HEADER`."""
    return [
        (
            axis_title(diagnosis, axis).removeprefix("the "),
            *_turn_cells(turn, axis_value(axis)),
            str(diagnosis.pooled[axis].models),
            str(diagnosis.pooled[axis].families),
        )
        for axis, turn in diagnosis.common_turn.items()
    ]


def _turn_cells(turn: CommonTurn, show: Callable[[float], str]) -> tuple[str, ...]:
    places = [p.place for p in turn.estimators.values() if math.isfinite(p.place)]
    untested = "not testable" if math.isnan(turn.gate_p) else "not established"
    return (
        show(turn.place) if turn.established else untested,
        interval(turn.low, turn.high, show) if turn.established else "–",
        signed(turn.gate_p, 3),
        "–" if math.isnan(turn.power) else f"{100 * turn.power:.0f} %",
        f"{show(min(places))} and {show(max(places))}" if places else "–",
    )


def axis_title(diagnosis: Diagnosis, axis: str) -> str:
    """An axis in a sentence."""
    named = {clock.axis: clock.title for clock in CLOCKS.values()}
    return named.get(axis, f"the {benchmark(diagnosis.reasoning).compared} score")


def place_value(diagnosis: Diagnosis) -> Callable[[float], str]:
    """How a place on the diagnosis' clock is written."""
    return axis_value(CLOCKS[diagnosis.along].axis)


def _names(names: list[str]) -> str:
    return f" ({', '.join(names)})" if 0 < len(names) <= _MOST_NAMES else ""


def _phases(diagnosis: Diagnosis) -> str:
    several = [f for f in diagnosis.families if f.current is not None]
    clock = CLOCKS[diagnosis.along]
    phases = Counter(f.phase for f in several)
    thin = sum(f.support.thin for f in several if f.phase in ("tax", "bonus"))
    two = (
        f"; {thin} of these calls {'rests' if thin == 1 else 'rest'} on two models" if thin else ""
    )
    names = {p: _names([f.family for f in several if f.phase == p]) for p in ("tax", "bonus")}
    return (
        f"Phases at {clock.last}, families of two {clock.points} or more ({len(several)}): tax "
        f"{phases['tax']}{names['tax']}, bonus {phases['bonus']}{names['bonus']}, between "
        f"{phases['transition']}, undetermined {phases['undetermined']}{two}. Without any coupling "
        f"{diagnosis.expected_false_calls:.2f} would be called tax or bonus by chance."
    )


def _any_family(diagnosis: Diagnosis) -> str:
    turning, points = diagnosis.turning, CLOCKS[diagnosis.along].points
    if not turning.tested:
        return f"Does any family turn? No family has the four {points} that a test needs."
    seen = (
        f"; if every family followed the pooled curve, {100 * turning.power:.0f} % would"
        if math.isfinite(turning.power)
        else ""
    )
    return (
        f"Does any family turn? {len(turning.families)} of {turning.tested} with four {points} or "
        f"more show a turn inside their {points}{_names(list(turning.families))}, at a "
        f"false-discovery rate of {100 * turning.false_discovery_rate:.0f} %{seen}."
    )


def _shared_turns(diagnosis: Diagnosis) -> list[str]:
    """An answer per axis; the axes that cannot be tested together in one."""
    turns, points = diagnosis.common_turn, CLOCKS[diagnosis.along].points
    lines = [
        _shared(diagnosis, axis, turn)
        for axis, turn in turns.items()
        if not math.isnan(turn.gate_p)
    ]
    untested = [axis_title(diagnosis, a) for a, t in turns.items() if math.isnan(t.gate_p)]
    if untested:
        lines.append(
            f"Do families share a turn along {' and '.join(untested)}? Cannot be tested: it takes "
            f"three families with three {points}, and two with two models on either side of the "
            "place."
        )
    return lines


def _shared(diagnosis: Diagnosis, axis: str, turn: CommonTurn) -> str:
    question = f"Do families share a turn along {axis_title(diagnosis, axis)}?"
    p = "< .0001" if turn.gate_p < 1e-4 else signed(turn.gate_p, 4)
    answer = "Established" if turn.established else "Not established"
    bend = "a bend" if turn.curvature_low > 0 else "no clear bend"
    sides = (
        f"the {counted(len(turn.straddling), 'family')} on both sides of the place go "
        f"{side_text(turn.before.slope, turn.before.low, turn.before.high)} before it and "
        f"{side_text(turn.after.slope, turn.after.low, turn.after.high)} after it"
    )
    return (
        f"{question} {answer} (p {p}{_power(turn)}). Beyond a straight line of each family's own "
        f"there is {bend}; {sides}."
    )


def _power(turn: CommonTurn) -> str:
    if math.isnan(turn.power):
        return ""
    little = ", which is low" if turn.power < _ENOUGH_POWER else ""
    return f"; power {100 * turn.power:.0f} % for the pooled curve{little}"


def side_text(slope: float, low: float, high: float) -> str:
    """A slope with its sign and interval."""
    return f"{signed(slope, plus=True)} {interval(low, high)}"


def _place(diagnosis: Diagnosis) -> list[str]:
    """Where, for the axes with a turn; for the reasoning score what estimators would say."""
    lines = []
    for axis, turn in diagnosis.common_turn.items():
        show, title = axis_value(axis), axis_title(diagnosis, axis)
        places = [p.place for p in turn.estimators.values() if math.isfinite(p.place)]
        if turn.established:
            lines.append(
                f"Where along {title}? At {show(turn.place)} "
                f"{interval(turn.low, turn.high, show)}; other estimators lie from "
                f"{show(min(places))} to {show(max(places))}."
            )
        elif axis == "reasoning" and places:
            lines.append(
                f"Where? No place is reported. If families shared a turn, estimators would put it "
                f"from {show(min(places))} to {show(max(places))} of {title}."
            )
    return lines


def _level(diagnosis: Diagnosis) -> list[str]:
    """The other reading, where the gate of the reasoning score is shut."""
    turn, level = diagnosis.common_turn["reasoning"], diagnosis.level
    if turn.established or math.isnan(level.slope):
        return []
    shares = (
        f"a straight line of each family's own explains {signed(turn.own_slopes_r2, 3)} of the "
        f"variance within families, with a common bend {signed(turn.common_bend_r2, 3)}, one curve "
        f"for all {signed(turn.within_r2, 3)}"
    )
    if not level.low > 0 and not level.high < 0:
        return [f"Level between families: no clear relation; {shares}."]
    more = "higher" if level.low > 0 else "lower"
    return [
        f"What the scores show instead is level between families: those that score higher have a "
        f"{more} coupling, {side_text(level.slope, level.low, level.high)} per unit of their mean "
        f"score ({counted(level.families, 'family')}); {shares}."
    ]


def _trends(diagnosis: Diagnosis) -> list[str]:
    said = trend_text(diagnosis)
    return [f"{said[0].upper()}{said[1:]}."] if said else []


def trend_text(diagnosis: Diagnosis) -> str:
    """How many families keep a correlation beside the clock, as a clause; empty where none has
    one."""
    several = [f for f in diagnosis.families if f.current is not None]
    trend = [f for f in several if len(f.models) >= 5 and abs(f.correlation.r) > 0.9]
    left = [f for f in trend if f.correlation.partial_p < 0.05]
    if not trend:
        return ""
    return (
        f"in {counted(len(trend), 'family')} of 5 models or more the scores correlate at |r| > .9; "
        f"given {CLOCKS[diagnosis.along].title}, {len(left) or 'none'} "
        f"{'keep' if len(left) > 1 else 'keeps'} a correlation at p < .05"
    )


def _clocks(diagnosis: Diagnosis) -> list[str]:
    """What explains the truth score, where the models know two clocks."""
    found = diagnosis.clocks
    if found is None:
        return []
    r2 = {one.name: one for one in found.explained}
    clocks = ", ".join(
        f"{CLOCKS[name].title} {signed(one.r2)}" for name, one in r2.items() if name in CLOCKS
    )
    first, second = (CLOCKS[name].symbol for name in found.mixed)
    mixture = (
        f"the mixture of {signed(1 - found.share)} log {first} and {signed(found.share)} "
        f"log {second} {signed(r2['mixture'].r2)}"
    )
    score = f"the {benchmark(diagnosis.reasoning).compared} score {signed(r2['reasoning'].r2)}"
    return [
        f"What explains {benchmark(diagnosis.truth).compared}? Share of its variance in "
        f"{found.groups} groups left out of the fit: {clocks}; {mixture}; {score}. {_more(found)}"
    ]


def _more(found: ClockComparison) -> str:
    """What the score tells beyond the clocks, and the clocks beyond the score."""
    adds, (clock, low, high) = found.reasoning_adds, found.clock_adds
    beyond = (
        f"The score adds {signed(adds[0], 3)} {interval(*adds[1:], _thousandth)} to the mixture"
    )
    back = f"the mixture adds {signed(clock, 3)} {interval(low, high, _thousandth)} to the score"
    return f"{beyond}, {back}: {clock_verdict(found)}."


def clock_verdict(found: ClockComparison) -> str:
    """Whether the score adds to what the clocks explain of the truth score, and they to it."""
    score, clocks = found.reasoning_adds[1] > 0, found.clock_adds[1] > 0
    both = " and ".join(CLOCKS[name].word for name in found.mixed)
    if score and not clocks:
        return f"the score adds to what {both} explain, and they add nothing to it"
    if clocks and not score:
        return f"{both} add to what the score explains, and it adds nothing to them"
    if score and clocks:
        return "each adds to what the other explains"
    return "which of them explains it is undetermined"


def _thousandth(value: float) -> str:
    return signed(value, 3)
