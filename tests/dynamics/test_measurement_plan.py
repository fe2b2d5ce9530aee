"""A plan under a budget: on families made for it, against random plans, the dearest, and all."""

import itertools

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics._phases.next_measurement import open_lengths
from nullcline.dynamics._phases.plan_outcomes import FamilyOutcomes

ITEMS = 817
BUDGET = 3e12


def binomial(score):
    return np.sqrt(score * (1 - score) / ITEMS)


class Planted:
    """A family with a known curve, which can be measured."""

    def __init__(self, random):
        self.random = random
        self.x = np.sort(random.uniform(8, 10, 5))
        self.turn, self.bend = random.uniform(8.3, 10.7), random.uniform(0.03, 0.08)
        self.y = self.measured(self.x)

    def true(self, x):
        return np.clip(0.38 + self.bend * (x - self.turn) ** 2, 0.02, 0.98)

    def measured(self, x, items=ITEMS):
        true = self.true(x)
        noise = np.sqrt(true * (1 - true) / items)
        return np.clip(true + self.random.normal(0, 1, len(x)) * noise, 0, 1)

    @property
    def family(self):
        return dynamics.MeasuredFamily(self.x, self.y, binomial(self.y))

    def left(self, moves):
        """Decades that are open once `moves` ((kind, value) each) were really made."""
        window = (self.x.min() - 1, self.x.max() + 1)
        extra = sum(value for kind, value in moves if kind == "items")
        y, variance = self.y, binomial(self.y) ** 2
        if extra:
            share = extra / (ITEMS + extra)
            y = (1 - share) * y + share * self.measured(self.x, extra)
            variance = variance * (1 - share)
        sizes = np.array([value for kind, value in moves if kind == "size"])
        new = self.measured(sizes) if len(sizes) else np.zeros(0)
        x, scores = np.append(self.x, sizes), np.append(y, new)
        noise = float(np.mean(np.append(variance, binomial(new) ** 2)))
        return float(open_lengths(x, scores[None], noise, window=window, level=0.95)[0][0])


def random_plan(outcomes, budget, random):
    """Measurements drawn until none fits what is left."""
    pool = [(name, move) for name, one in outcomes.items() for move in one.moves]
    chosen = []
    for i in random.permutation(len(pool)):
        if pool[i][1].cost <= budget:
            budget -= pool[i][1].cost
            chosen.append(pool[i])
    return chosen


def left(panel, moves):
    return np.mean([
        family.left([(move.kind, move.value) for name, move in moves if name == key])
        for key, family in panel.items()
    ])  # fmt: skip


def as_moves(plan):
    return [
        (step.family, dynamics.phases.Move(
            step.kind, step.log10_params if step.kind == "size" else step.items, step.cost))
        for step in plan.steps
    ]  # fmt: skip


@pytest.mark.slow(reason="plans and measures many simulated tables")
def test_the_plan_narrows_more_than_a_random_one_of_equal_cost_and_than_the_dearest():
    gains = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        panel = {f"F{i}": Planted(random) for i in range(4)}
        families = {name: one.family for name, one in panel.items()}
        plan = dynamics.plan_families(families, budget=BUDGET, items=ITEMS, draws=100)
        assert plan.spent <= BUDGET
        outcomes = {n: FamilyOutcomes(f, ITEMS, 1.0, 0.95, 2, 0) for n, f in families.items()}
        affordable = [(n, m) for n, one in outcomes.items() for m in one.moves if m.cost <= BUDGET]
        dearest = max(affordable, key=lambda pair: pair[1].cost)
        planned = left(panel, as_moves(plan))
        others = [left(panel, random_plan(outcomes, BUDGET, random)) for _ in range(5)]
        gains.append((np.mean(others) - planned, left(panel, [dearest]) - planned))
    over_random, over_dearest = np.array(gains).T
    for gain in (over_random, over_dearest):
        # The mean over panels lies three of its standard errors above zero.
        assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(len(gain))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_greedy_is_near_the_best_of_all_sets(seed):
    one = Planted(np.random.default_rng(seed)).family
    outcomes = FamilyOutcomes(one, ITEMS, 1.0, 0.95, 60, 0)
    budget = 4 * float(np.median([move.cost for move in outcomes.moves]))
    plan = dynamics.plan_families({"F": one}, budget=budget, items=ITEMS, draws=60)
    moves = [
        next(m for m in outcomes.moves if m.cost == pytest.approx(step.cost)) for step in plan.steps
    ]
    best = min(
        outcomes.width(chosen)
        for count in range(len(outcomes.moves) + 1)
        for chosen in itertools.combinations(outcomes.moves, count)
        if sum(move.cost for move in chosen) <= budget
    )
    # By the draws that chose both; greedy reaches nine tenths of the narrowing there is.
    assert outcomes.now - outcomes.width(tuple(moves)) > 0.9 * (outcomes.now - best)


def test_one_measurement_is_expected_to_do_what_next_measurements_says():
    one = Planted(np.random.default_rng(5)).family
    outcomes = FamilyOutcomes(one, ITEMS, 1.0, 0.95, 2000, 0)
    ranked = dynamics.next_measurements(
        one.log10_params, one.truth, truth_stderr=one.truth_stderr, items=ITEMS, draws=2000, seed=9
    )
    widths = {(c.kind, round(c.cost)): c for c in ranked.candidates}
    assert outcomes.now == pytest.approx(ranked.width)
    for move in outcomes.moves:
        other = widths[move.kind, round(move.cost)]
        # Two simulations of 2000 draws: four of their joint standard errors.
        assert outcomes.width((move,)) == pytest.approx(other.width, abs=6 * other.width_stderr)


def test_costs_are_questions_times_parameters():
    x, y = np.array([8.0, 9.0, 10.0]), np.array([0.5, 0.4, 0.5])
    ranked = dynamics.next_measurements(
        x, y, truth_stderr=binomial(y), items=100, sizes=[9.5], more_items=[300], draws=10
    )
    cost = {c.kind: c.cost for c in ranked.candidates}
    assert cost["size"] == pytest.approx(100 * 10**9.5)
    assert cost["items"] == pytest.approx(300 * (1e8 + 1e9 + 1e10))


def test_a_plan_of_a_table_keeps_its_budget_and_names_who_is_left_out():
    table = dynamics.load_table().select(["Pythia", "OPT", "MPT"])
    small = dynamics.plan_measurements(table, budget=1e13, draws=50)
    large = dynamics.plan_measurements(table, budget=1e15, draws=50)
    assert small.left_out == ("MPT",)  # two sizes
    assert small.spent <= 1e13
    assert large.after < small.after < small.before
    assert {f.family for f in large.families} == {"Pythia", "OPT"}
    assert sum(step.cost for step in large.steps) == pytest.approx(large.spent)
    assert large == dynamics.plan_measurements(table, budget=1e15, draws=50)


def test_what_cannot_be_planned_is_an_answer_or_refused():
    table = dynamics.load_table().select(["Pythia"])
    none = dynamics.plan_measurements(table, budget=1.0, draws=10)
    assert (none.status, none.steps, none.spent) == ("nothing_affordable", (), 0)
    assert none.after == none.before
    two = dynamics.plan_measurements(dynamics.load_table().select(["MPT"]), budget=1e15)
    assert two.status == "underdetermined"
    for budget in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="budget is"):
            dynamics.plan_measurements(table, budget=budget)
    with pytest.raises(ValueError, match="no benchmark 'nope'"):
        dynamics.plan_measurements(table, budget=1e12, truth="nope")
    for margin in (-0.01, 3.01, float("nan")):
        with pytest.raises(ValueError, match=r"give decades from 0 to 3$"):
            dynamics.plan_measurements(table, budget=1.0, margin=margin, draws=10)
    for margin in (0.0, 3.0):
        assert dynamics.plan_measurements(table, budget=1.0, margin=margin, draws=10).steps == ()
    with pytest.raises(ValueError, match="draws is 1 and items 817; give at least 2 and 1"):
        dynamics.plan_measurements(table, budget=1.0, draws=1)
    assert dynamics.plan_measurements(table, budget=1.0, draws=2).steps == ()
