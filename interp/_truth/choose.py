"""Choosing the hook point and the strength of a direction by what it does to held-out answers."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch

from ...common.display import shown
from ...common.progress import Progress, silent
from ...common.words import counted
from .._names import Positions, TruthMethod
from .._questions.scoring import Answered
from .._steering.condition import Condition
from .._steering.effects import (
    Baseline,
    Intervention,
    SetAnswers,
    answer,
    measure_answers,
    neutral_cost,
)
from .._steering.hook_point import HookPoint
from .find import unit
from .kept import Kept
from .screen import screen
from .several import SeveralAdditions

STRENGTHS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
#: The strengths at which every direction is tried before the most promising are tried at all.
SCREENED = (0.2, 0.5, 1.0)
#: How many directions the screening leaves.
FINALISTS = 4


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


@dataclasses.dataclass(frozen=True, eq=False)
class Direction:
    """One direction that may be chosen: `vector` of length one, shape (d_model,); `norm` of the
    residual stream at its hook point; `raw_norm`, its own length as the method made it; `condition`
    under which it is added; `also` what is added at further hook points and `heads` what that means
    for single heads, in the unit of `vector`."""

    method: TruthMethod
    hook_point: HookPoint
    vector: np.ndarray
    norm: float
    raw_norm: float
    condition: Condition | None = None
    also: Mapping[HookPoint, np.ndarray] = dataclasses.field(default_factory=dict)
    heads: Mapping[tuple[int, int], np.ndarray] = dataclasses.field(default_factory=dict)

    def additions(self, strength: float) -> dict[HookPoint, torch.Tensor]:
        """What is added where at a strength."""
        further = {point: torch.from_numpy(value) for point, value in self.also.items()}
        share = strength * self.norm
        here = share * unit(self.vector)[0]
        return {self.hook_point: here} | {point: share * value for point, value in further.items()}

    @property
    def place(self) -> str:
        """Where it is added, in words."""
        if self.heads:
            return f"{counted(len(self.heads), 'head')} in {counted(1 + len(self.also), 'layer')}"
        return f"{1 + len(self.also)} layers" if self.also else str(self.hook_point)

    def __str__(self) -> str:
        where = "" if self.condition is None else ", where a plain question is recognised"
        return f"{self.method}, {self.place}{where}"


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class Candidate:
    """A direction at one strength and what it does on the validation split (shares, nats).

    The costs `lost`, `reasoning_change` and `kl` are NaN where they were not measured, because the
    chosen candidate corrects at least as much within the budget; the first two also where `kl`
    alone is over the budget.
    """

    direction: Direction
    strength: float
    corrected: float
    lost: float = float("nan")
    reasoning_change: float = float("nan")
    kl: float = float("nan")
    within_budget: bool = False


def direction_of(
    method: TruthMethod, hook_point: HookPoint, raw: np.ndarray, *, norm: float
) -> Direction:
    """A direction from what its method made."""
    vector, length = unit(raw)
    return Direction(
        method=method,
        hook_point=hook_point,
        vector=vector.numpy(),
        norm=norm,
        raw_norm=length,
    )


def direction_at_several(
    method: TruthMethod, places: SeveralAdditions, norms: Mapping[HookPoint, float]
) -> Direction:
    """One direction for all that is added at several hook points. Its own is the one with the
    longest vector, and a strength is a share of the stream's norm there."""
    lengths = {point: float(np.linalg.norm(v)) for point, v in places.vectors.items()}
    lead = max(sorted(lengths), key=lambda point: lengths[point])
    length = lengths[lead] or 1.0
    scaled = {p: np.asarray(v / length, np.float32) for p, v in sorted(places.vectors.items())}
    return Direction(
        method=method,
        hook_point=lead,
        vector=scaled.pop(lead),
        norm=norms[lead],
        raw_norm=lengths[lead],
        also=scaled,
        heads={head: np.asarray(v / length, np.float32) for head, v in places.heads.items()},
    )


def choose(
    baseline: Baseline,
    directions: Sequence[Direction],
    *,
    strengths: Sequence[float] = STRENGTHS,
    budget: Budget,
    conditions: Callable[[HookPoint], Sequence[Condition | None]],
    positions: Positions = "all",
    kept: Kept | None = None,
    on_progress: Progress | None = None,
) -> tuple[Candidate, ...]:
    """Every finalist at every strength, the chosen one first.

    All directions are tried without a condition at three strengths on up to 60 of the questions,
    each until it can no longer be among the four that correct most; those four are tried under each
    of the `conditions` of their hook point at every strength. Costs are then measured from the one
    that corrects most downwards (of equals first the one that needs no condition, then the weaker)
    until one is within the budget: that one is chosen. Where none is, the one with the smallest KL
    is.
    """
    tell = on_progress or silent
    kept = kept or Kept(None, settings=())

    def steering(direction: Direction, strength: float) -> Intervention:
        additions = direction.additions(strength)
        return Intervention(baseline.model, additions, direction.condition, positions)

    finalists = [direction for direction in directions if direction.raw_norm > 0]
    if len(finalists) > FINALISTS:
        named = {str(direction): direction for direction in finalists}
        best = screen(
            baseline,
            {name: [steering(d, s) for s in SCREENED] for name, d in named.items()},
            keep=FINALISTS,
            kept=kept,
            on_progress=on_progress,
        )
        finalists = [named[name] for name in best]

    def added(candidate: Candidate) -> Intervention:
        return steering(candidate.direction, candidate.strength)

    gated = [
        dataclasses.replace(direction, condition=condition)
        for direction in finalists
        for condition in (
            # A condition is fitted at one hook point and holds for no other.
            (None,) if direction.also else conditions(direction.hook_point)
        )
    ]
    tried = []
    part = f"directions at {len(strengths)} strengths"
    tell(part, 0, len(gated) * len(strengths))
    for direction in gated:
        for strength in strengths:
            corrected = kept.once(
                f"corrected {direction} at {strength}",
                partial(_corrected, baseline, steering(direction, strength)),
            )
            tried.append(Candidate(direction, strength, float(corrected)))
            tell(part, len(tried), len(gated) * len(strengths))
    tried.sort(key=rank)
    for number, candidate in enumerate(tried):
        tell("costs of candidates, the best first", number, len(tried))
        costs = kept.once(
            f"costs {candidate.direction} at {candidate.strength}",
            partial(_costs, baseline, added(candidate), budget),
        )
        tried[number] = _with_costs(candidate, costs, budget)
        if tried[number].within_budget:
            break
    tell("costs of candidates, the best first", len(tried), len(tried))
    tried.sort(key=rank)
    if tried and not tried[0].within_budget:
        rest = _answers_cost(baseline, added(tried[0]))
        tried[0] = _with_costs(tried[0], np.array([tried[0].kl, *rest]), budget)
    return tuple(tried)


def _corrected(baseline: Baseline, steering: Intervention) -> np.ndarray:
    answered = answer(baseline.questions, steering)
    return np.array(corrected_share(baseline.plain.questions, answered))


def _costs(baseline: Baseline, steering: Intervention, budget: Budget) -> np.ndarray:
    """KL, share of right answers lost, change of reasoning; the cheap one first: what moves neutral
    text too far needs no other."""
    kl = float(np.median(neutral_cost(baseline, steering)[0]))
    nothing = (np.nan, np.nan)
    return np.array([kl, *(nothing if kl > budget.kl else _answers_cost(baseline, steering))])


def _answers_cost(baseline: Baseline, steering: Intervention) -> tuple[float, float]:
    measured = measure_answers(baseline, steering)
    lost, of = right_lost(baseline.plain, measured)
    return lost / of if of else 0.0, reasoning_change(baseline.plain, measured)


def _with_costs(candidate: Candidate, costs: np.ndarray, budget: Budget) -> Candidate:
    kl, lost, change = (float(cost) for cost in costs)
    fits = kl <= budget.kl and lost <= budget.lost
    return dataclasses.replace(
        candidate,
        kl=kl,
        lost=lost,
        reasoning_change=change,
        within_budget=fits and (np.isnan(change) or change >= -budget.reasoning),
    )


def rank(candidate: Candidate) -> tuple:
    """Sorts candidates, the one to choose first: within the budget, by what they correct."""
    gated = candidate.direction.condition is not None
    order = (-candidate.corrected, gated, candidate.strength)
    if candidate.within_budget:
        return (0, 0.0, *order)
    # Costs that were not measured belong to candidates that correct no more than the chosen one.
    return (1, 0.0, *order) if np.isnan(candidate.kl) else (2, candidate.kl, *order)


def corrected_share(plain: Answered, steered: Answered) -> float:
    """Of the questions answered falsely without steering, the share answered truly with it; 0
    where none was answered falsely."""
    false = ~plain.mc1
    return float(steered.mc1[false].mean()) if false.any() else 0.0


def right_lost(plain: SetAnswers, steered: SetAnswers) -> tuple[int, int]:
    """Right answers that steering makes false, and the right answers there were: to the questions
    and to those whose right answers are to be retained."""
    lost = of = 0
    for before, after in ((plain.questions, steered.questions), (plain.retain, steered.retain)):
        if before is not None and after is not None:
            lost += int((before.mc1 & ~after.mc1).sum())
            of += int(before.mc1.sum())
    return lost, of


def reasoning_change(plain: SetAnswers, steered: SetAnswers) -> float:
    """Change of the share of right reasoning answers; NaN without reasoning questions."""
    if plain.reasoning is None or steered.reasoning is None:
        return float("nan")
    return float(steered.reasoning.mc1.mean() - plain.reasoning.mc1.mean())
