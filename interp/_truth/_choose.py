"""Choosing the place and the strength of a direction by what it does to held-out answers."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from .._questions._scoring import Answered
from .._steering._condition import Condition
from .._steering._effects import Measured, Steering, Yardstick, adds, ask, measure
from .._steering._place import Place
from ._find import unit

STRENGTHS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
#: The strengths at which every direction is tried before the most promising are tried at all.
SCREENED = (0.2, 0.5, 1.0)
FINALISTS = 8


@dataclasses.dataclass(frozen=True)
class Budget:
    """What steering may cost on the validation split.

    - `kl`: median KL(steered || unsteered) on neutral text, in nats.
    - `lost`: share of right answers that become false, 0..1.
    - `reasoning`: fall of the share of right reasoning answers, 0..1.
    """

    kl: float = 0.1
    lost: float = 0.05
    reasoning: float = 0.02


@dataclasses.dataclass(frozen=True)
class Direction:
    """One direction that may be chosen: `vector` of length one, shape (d_model,); `norm` of the
    residual stream at its place; `raw_norm`, its own length as the method made it; `condition`
    under which it is added."""

    method: str
    place: Place
    vector: np.ndarray
    norm: float
    raw_norm: float
    condition: Condition | None = None


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A direction at one strength and what it does on the validation split (shares, nats)."""

    direction: Direction
    strength: float
    corrected: float
    lost: float
    reasoning_change: float
    kl: float
    within_budget: bool


def direction_of(
    method: str, place: Place, raw: np.ndarray, *, norm: float, condition: Condition | None
) -> Direction:
    """A direction from what its method made."""
    vector, length = unit(raw)
    return Direction(
        method=method,
        place=place,
        vector=vector.numpy(),
        norm=norm,
        raw_norm=length,
        condition=condition,
    )


def choose(
    by: Yardstick,
    directions: Sequence[Direction],
    *,
    strengths: Sequence[float] = STRENGTHS,
    budget: Budget,
    positions: str = "all",
    on_progress: Callable[[str], None] | None = None,
) -> tuple[Candidate, ...]:
    """Every finalist at every strength, the chosen one first.

    All directions are tried at three strengths on the questions alone; the eight that correct most
    are then measured at every strength with their costs. Within the budget the one that corrects
    most is chosen; of equals the one that needs no condition, then the weaker. Where none is within
    the budget, the one with the smallest KL is.
    """
    say = on_progress or (lambda part: None)

    def steering(direction: Direction, strength: float) -> Steering:
        return adds(
            by.model,
            direction.place,
            unit(direction.vector)[0] * (strength * direction.norm),
            condition=direction.condition,
            positions=positions,
        )

    usable = [direction for direction in directions if direction.raw_norm > 0]
    finalists = usable
    if len(usable) > FINALISTS:
        say(f"screening {len(usable)} directions at {len(SCREENED)} strengths")
        reached = [
            max(_screen(by, steering(direction, strength)) for strength in SCREENED)
            for direction in usable
        ]
        order = sorted(range(len(usable)), key=lambda number: reached[number], reverse=True)
        finalists = [usable[number] for number in order[:FINALISTS]]
    found = []
    for direction in finalists:
        say(f"measuring {direction.method}, {direction.place}")
        for strength in strengths:
            measured = measure(by, steering(direction, strength))
            found.append(_candidate(by, direction, strength, measured, budget))
    return tuple(sorted(found, key=rank))


def _screen(by: Yardstick, steering: Steering) -> tuple[float, float]:
    """Share corrected; among equals, how far the log-odds of the best answers move."""
    answered = ask(by, by.asked, steering)
    moved = _log_odds(by, answered) - _log_odds(by, by.plain.asked)
    return corrected_share(by.plain.asked, answered), float(np.median(moved))


def _log_odds(by: Yardstick, answered: Answered) -> np.ndarray:
    found = []
    for question, values in zip(by.asked.questions, answered.log_probabilities, strict=True):
        false = ~np.array(question.right)
        found.append(values[question.best] - values[false].max())
    return np.array(found)


def _candidate(
    by: Yardstick, direction: Direction, strength: float, measured: Measured, budget: Budget
) -> Candidate:
    lost, of = right_lost(by.plain, measured)
    share = lost / of if of else 0.0
    change = reasoning_change(by.plain, measured)
    kl = float(np.median(measured.kl))
    return Candidate(
        direction=direction,
        strength=strength,
        corrected=corrected_share(by.plain.asked, measured.asked),
        lost=share,
        reasoning_change=change,
        kl=kl,
        within_budget=kl <= budget.kl
        and share <= budget.lost
        and (np.isnan(change) or change >= -budget.reasoning),
    )


def rank(candidate: Candidate) -> tuple:
    """Sorts candidates, the one to choose first."""
    if candidate.within_budget:
        gated = candidate.direction.condition is not None
        return (0, -candidate.corrected, gated, candidate.strength, candidate.kl)
    return (1, candidate.kl, -candidate.corrected, candidate.strength)


def corrected_share(plain: Answered, steered: Answered) -> float:
    """Of the questions answered falsely without steering, the share answered truly with it; 0
    where none was answered falsely."""
    false = ~plain.mc1
    return float(steered.mc1[false].mean()) if false.any() else 0.0


def right_lost(plain: Measured, steered: Measured) -> tuple[int, int]:
    """Right answers that steering makes false, and the right answers there were: to the questions
    and to those that are to be kept."""
    lost = of = 0
    for before, after in ((plain.asked, steered.asked), (plain.kept, steered.kept)):
        if before is not None and after is not None:
            lost += int((before.mc1 & ~after.mc1).sum())
            of += int(before.mc1.sum())
    return lost, of


def reasoning_change(plain: Measured, steered: Measured) -> float:
    """Change of the share of right reasoning answers; NaN without reasoning questions."""
    if plain.reasoning is None or steered.reasoning is None:
        return float("nan")
    return float(steered.reasoning.mc1.mean() - plain.reasoning.mc1.mean())
