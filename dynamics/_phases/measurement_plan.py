"""What to measure next under a budget: information against cost, over one family or a panel."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...common.display import shown
from ...common.progress import Progress, silent, stepped
from .next_measurement import MeasurementKind
from .plan_outcomes import FamilyOutcomes, MeasuredFamily, Move

#: A gain below this many decades is none.
_LEAST_GAIN = 1e-3
_PERCENT = 100
#: Decades beyond a family's sizes that no quadratic is asked about.
_MOST_MARGIN = 3.0


@dataclass(frozen=True)
class PlannedMeasurement:
    """One measurement of a plan.

    - `kind`: `size`, a new model of 10**`log10_params` parameters on all questions; `items`, all
      models of the `family` on `items` further questions.
    - `cost`: questions times parameters; `width`: decades in which the family may turn, as
      expected after this and all earlier measurements of the plan.
    """

    family: str
    kind: MeasurementKind
    log10_params: float
    items: int
    cost: float
    width: float


@dataclass(frozen=True)
class PlannedFamily:
    """What a plan is expected to do for one family: decades before and after it."""

    family: str
    before: float
    after: float


@shown
@dataclass(frozen=True)
class MeasurementPlan:
    """Measurements under a budget, in the order in which they were chosen.

    - `steps`; `spent` of `budget`, questions times parameters.
    - `families`: decades in which each may turn, before and after, judged by draws that did not
      choose the plan; `before`, `after`: their means.
    - `dearest_after`: the same mean after the dearest single measurement that the budget allows.
    - `method`: `greedy`, or `best single` where one measurement alone was expected to do more.
    - `left_out`: families of fewer than three sizes, or with unknown errors.
    - `status`: `ok`; `nothing_affordable`; `underdetermined` where no family can be simulated.
    """

    steps: tuple[PlannedMeasurement, ...]
    budget: float
    spent: float
    before: float
    after: float
    dearest_after: float
    families: tuple[PlannedFamily, ...]
    left_out: tuple[str, ...]
    method: Literal["greedy", "best single"]
    status: Literal["ok", "nothing_affordable", "underdetermined"]
    items: int
    draws: int
    seed: int


@dataclass(frozen=True)
class _Offer:
    """What adding `moves` to a family's plan would gain (decades) and cost."""

    family: str
    moves: tuple[Move, ...]
    gain: float
    cost: float


def plan_families(
    families: Mapping[str, MeasuredFamily],
    *,
    budget: float,
    items: int,
    margin: float = 1.0,
    level: float = 0.95,
    draws: int = 200,
    seed: int = 0,
    on_progress: Progress = silent,
) -> MeasurementPlan:
    """The measurements that narrow the families' critical points most for a budget.

    Greedy: again and again the measurement, or pair of new sizes of one family, with the largest
    expected narrowing per cost that the rest of the budget allows is added; if the best single
    measurement alone is expected to do more than all of these, it is taken instead. Pairs are
    there because one size beyond a family's own may say little and two much. What is expected is
    simulated as in `next_measurements`, for all measurements of a family together.

    **Arguments:** `families`, by name; `budget`, questions times parameters; `items`, questions of
    the benchmark; `margin`, decades about a family's sizes; `draws`, simulated outcomes.

    **Limits:** those of `next_measurements`. Greedy is not exact: no plan is better by much in the
    cases that were enumerated (tests), and that is all that is known. Cost is that of answering
    questions; that a size must first be trained is not in it.

    **Raises** ValueError for a budget that is not positive, `margin` outside 0 to 3, `draws` below
    2 or `items` below 1.
    """
    if not (budget > 0 and math.isfinite(budget)):
        raise ValueError(f"budget is {budget:g}; give questions times parameters, such as 1e14")
    if not 0 <= margin <= _MOST_MARGIN:
        raise ValueError(f"margin is {margin:g}; give decades from 0 to {_MOST_MARGIN:g}")
    if draws < 2 or items < 1:
        raise ValueError(f"draws is {draws} and items {items}; give at least 2 and 1")
    every = {
        name: FamilyOutcomes(family, items, margin, level, draws, seed)
        for name, family in families.items()
    }
    outcomes = {name: one for name, one in every.items() if one.curve is not None}
    chosen, order = _greedy(outcomes, budget, on_progress)
    single = _best_single(outcomes, budget)
    greedy_gain = sum(one.now - one.width(chosen[name]) for name, one in outcomes.items())
    method: Literal["greedy", "best single"] = "greedy"
    if single is not None and single.gain > greedy_gain:
        chosen = {name: single.moves if name == single.family else () for name in outcomes}
        order, method = [(single.family, move) for move in single.moves], "best single"
    fresh = {
        name: FamilyOutcomes(one.family, items, margin, level, draws, seed + 1)
        for name, one in outcomes.items()
    }
    parts = tuple(
        PlannedFamily(name, one.now, one.width(chosen[name])) for name, one in fresh.items()
    )
    status = "underdetermined" if not outcomes else "ok" if order else "nothing_affordable"
    return MeasurementPlan(
        steps=_steps(fresh, order, items),
        budget=budget,
        spent=math.fsum(move.cost for _, move in order),
        before=_mean([part.before for part in parts]),
        after=_mean([part.after for part in parts]),
        dearest_after=_dearest_after(fresh, budget),
        families=parts,
        left_out=tuple(name for name in every if name not in outcomes),
        method=method,
        status=status,
        items=items,
        draws=draws,
        seed=seed,
    )


def _greedy(
    outcomes: Mapping[str, FamilyOutcomes], budget: float, progress: Progress
) -> tuple[dict[str, tuple[Move, ...]], list[tuple[str, Move]]]:
    """Measurements per family, and all of them in order."""
    chosen: dict[str, tuple[Move, ...]] = dict.fromkeys(outcomes, ())
    order: list[tuple[str, Move]] = []
    offers = {
        name: list(_offers(name, one, ()))
        for name, one in stepped(progress, "simulated families", outcomes.items())
    }
    left = budget
    while True:
        progress("percent of the budget", int(_PERCENT * (1 - left / budget)), _PERCENT)
        there = [o for of in offers.values() for o in of if o.cost <= left]
        if not there:
            progress("percent of the budget", _PERCENT, _PERCENT)
            return chosen, order
        best = max(there, key=lambda offer: offer.gain / offer.cost)
        chosen[best.family] += best.moves
        order += [(best.family, move) for move in best.moves]
        left -= best.cost
        offers[best.family] = list(
            _offers(best.family, outcomes[best.family], chosen[best.family], most=left)
        )


def _offers(
    name: str, one: FamilyOutcomes, chosen: tuple[Move, ...], *, most: float = math.inf
) -> Iterator[_Offer]:
    """What can be added to `chosen` and helps: single measurements and pairs of new sizes."""
    rest = [move for move in one.moves if move not in chosen]
    sizes = [move for move in rest if move.kind == "size"]
    before = one.width(chosen)
    for moves in (*((move,) for move in rest), *itertools.combinations(sizes, 2)):
        cost = sum(move.cost for move in moves)
        if cost <= most:
            gain = before - one.width(chosen + moves)
            if gain > _LEAST_GAIN:
                yield _Offer(name, moves, gain, cost)


def _best_single(outcomes: Mapping[str, FamilyOutcomes], budget: float) -> _Offer | None:
    offers = [
        _Offer(name, (move,), one.now - one.width((move,)), move.cost)
        for name, one in outcomes.items()
        for move in one.moves
        if move.cost <= budget
    ]
    return max(offers, key=lambda offer: offer.gain, default=None)


def _dearest_after(outcomes: Mapping[str, FamilyOutcomes], budget: float) -> float:
    """Mean width after the dearest measurement that the budget allows."""
    offers = [
        (move.cost, name, move)
        for name, one in outcomes.items()
        for move in one.moves
        if move.cost <= budget
    ]
    if not offers:
        return _mean([one.now for one in outcomes.values()])
    _, dearest, move = max(offers, key=lambda offer: offer[0])
    return _mean([
        one.width((move,)) if name == dearest else one.now for name, one in outcomes.items()
    ])  # fmt: skip


def _steps(
    outcomes: Mapping[str, FamilyOutcomes], order: Sequence[tuple[str, Move]], items: int
) -> tuple[PlannedMeasurement, ...]:
    so_far: dict[str, tuple[Move, ...]] = dict.fromkeys(outcomes, ())
    steps = []
    for name, move in order:
        so_far[name] += (move,)
        is_size = move.kind == "size"
        steps.append(
            PlannedMeasurement(
                family=name,
                kind=move.kind,
                log10_params=move.value if is_size else math.nan,
                items=items if is_size else int(move.value),
                cost=move.cost,
                width=outcomes[name].width(so_far[name]),
            )
        )
    return tuple(steps)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
