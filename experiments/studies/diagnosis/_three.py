"""A diagnosis in three sentences: phases, turns, and what the scores show instead."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ....common.words import counted
from ....dynamics import CLOCKS, benchmark
from ...formats import axis_value, interval, signed
from ._answers import axis_title, clock_verdict, side_text, trend_text
from ._evidence import by_evidence
from ._text import gamma_text

if TYPE_CHECKING:
    from ....dynamics import CommonTurn, Diagnosis, FamilyDiagnosis

_MOST_NAMES = 12
_PHASES = {
    "tax": "in tax",
    "bonus": "in bonus",
    "transition": "between the two",
    "undetermined": "undetermined",
}


def three_sentences(diagnosis: Diagnosis) -> tuple[str, str, str]:
    """Which phases and how sure; whether families turn, alone or together; what else explains."""
    return _phases(diagnosis), _turns(diagnosis), _instead(diagnosis)


def _phases(diagnosis: Diagnosis) -> str:
    clock, several = CLOCKS[diagnosis.along], by_evidence(diagnosis.families)
    if not several:
        return f"No family has two {clock.points}, so no phase can be given."
    chance = (
        f"chance alone would call {diagnosis.expected_false_calls:.2f} of them tax or bonus"
        if len(several) > 1
        else f"chance alone would call it tax or bonus at a rate of "
        f"{diagnosis.expected_false_calls:.2f}"
    )
    if len(several) == 1:
        (one,) = several
        return (
            f"{one.family} is {_PHASES[one.phase]} at {clock.last}, with γ {_gamma(one)}; {chance}."
        )
    groups = {phase: [f for f in several if f.phase == phase] for phase in _PHASES}
    where = f" at {clock.last}"
    said = []
    for phase, words in _PHASES.items():
        found = groups[phase]
        if phase == "transition" and not found:
            continue
        verb = "" if said else (" is" if len(found) < 2 else " are")
        names = "" if phase == "undetermined" else _names([f.family for f in found])
        said.append(f"{len(found) or 'none'}{verb} {words}{where}{names}")
        where = ""
    return (
        f"Of {len(several)} families with two {clock.points} or more, {', '.join(said[:-1])} and "
        f"{said[-1]}; {chance}{_thin([*groups['tax'], *groups['bonus']])}."
    )


def _gamma(family: FamilyDiagnosis) -> str:
    models = counted(family.support.models, "model")
    return f"{gamma_text(family).rpartition(' ')[0]} over {models}"


def _thin(called: list[FamilyDiagnosis]) -> str:
    thin = sum(family.support.thin for family in called)
    if not thin:
        return ""
    rest = "rests" if thin == 1 else "rest"
    return f", and {thin} of the {counted(len(called), 'call')} {rest} on two models"


def _names(names: list[str], *after: str) -> str:
    more = len(names) - _MOST_NAMES
    rest = f" and {more} more" if more > 0 else ""
    said = [", ".join(names[:_MOST_NAMES]) + rest] if names else []
    return f" ({'; '.join([*said, *after])})" if said or after else ""


def _turns(diagnosis: Diagnosis) -> str:
    return f"{_own_turns(diagnosis)}; {_shared_turns(diagnosis)}."


def _own_turns(diagnosis: Diagnosis) -> str:
    turning, points = diagnosis.turning, CLOCKS[diagnosis.along].points
    seen = "seen to turn (truth falls, then rises)"
    if not turning.tested:
        return f"No family has the four {points} that a test of a turn needs"
    power = [f"power {100 * turning.power:.0f} %"] if math.isfinite(turning.power) else []
    if turning.tested == 1:
        said = "is" if turning.families else "is not"
        return (
            f"The one family with four {points} or more {said} {seen} inside its {points}"
            f"{_names([], *power)}"
        )
    count = len(turning.families)
    some = f"{count or 'None'} of {turning.tested} families with four {points} or more"
    inside = f"inside {'their' if count > 1 else 'its'} {points}"
    names = _names(list(turning.families), *power)
    return f"{some} {'are' if count > 1 else 'is'} {seen} {inside}{names}"


def _shared_turns(diagnosis: Diagnosis) -> str:
    turns = diagnosis.common_turn.items()
    yes, no, untested = [], [], []
    for axis, turn in turns:
        title = axis_title(diagnosis, axis)
        if math.isnan(turn.gate_p):
            untested.append(title)
        elif turn.established:
            show = axis_value(axis)
            place = f"{show(turn.place)} {interval(turn.low, turn.high, show)}"
            yes.append(f"{title} at {place} ({_gate(turn)})")
        else:
            no.append(f"{title} ({_gate(turn)})")
    said = []
    if yes:
        said.append(f"families share a turn along {_listed(yes, 'and')}")
    if no:
        what = "one is" if yes else "a turn that families share is"
        said.append(f"{what} not established along {_listed(no, 'or')}")
    if untested:
        what = "none can" if yes or no else "a turn that families share cannot"
        few = "too few families have models on both sides of where it would be"
        said.append(f"{what} be tested along {_listed(untested, 'or')} ({few})")
    return ", and ".join(said)


def _gate(turn: CommonTurn) -> str:
    p = "< .001" if turn.gate_p < 1e-3 else signed(turn.gate_p, 3)
    power = "" if math.isnan(turn.power) else f", power {100 * turn.power:.0f} %"
    return f"p {p}{power}"


def _listed(names: list[str], word: str) -> str:
    return f" {word} ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _instead(diagnosis: Diagnosis) -> str:
    clock = _clock(diagnosis) or trend_text(diagnosis)
    return f"{_level(diagnosis)}{f'; {clock}' if clock else ''}."


def _level(diagnosis: Diagnosis) -> str:
    level, turned = diagnosis.level, diagnosis.common_turn["reasoning"].established
    if math.isnan(level.slope):
        return "There are too few families to say whether coupling goes with their level"
    size = (
        f"{side_text(level.slope, level.low, level.high)} per unit of mean score, "
        f"{counted(level.families, 'family')}"
    )
    if not level.low > 0 and not level.high < 0:
        begins = "Beside that turn," if turned else "What the scores show instead is undetermined:"
        return f"{begins} coupling has no clear relation to the families' level ({size})"
    more = "higher" if level.low > 0 else "lower"
    begins = "Beside that turn," if turned else "What the scores show instead is level:"
    return f"{begins} families that score higher have a {more} coupling ({size})"


def _clock(diagnosis: Diagnosis) -> str:
    """The score beside the clock that explains most, where two clocks are known."""
    found = diagnosis.clocks
    if found is None:
        return ""
    r2 = {one.name: one.r2 for one in found.explained}
    best = max((name for name in r2 if name in CLOCKS), key=lambda name: r2[name])
    truth, reasoning = (benchmark(b).compared for b in (diagnosis.truth, diagnosis.reasoning))
    return (
        f"in {found.groups} groups left out of the fit the {reasoning} score explains "
        f"{signed(r2['reasoning'])} of the variance of {truth}, {CLOCKS[best].title} "
        f"{signed(r2[best])}: {clock_verdict(found)}"
    )
