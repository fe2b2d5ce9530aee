"""The edges of verdicts: what is exactly at the budget fits, what is a step over it does not."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from nullcline.interp import Budget
from nullcline.interp._evaluation.verdict import judge
from nullcline.interp._statistics import FLIPS, sign_flip_p
from nullcline.interp._truth.choose import Candidate, _with_costs, rank

BUDGET = Budget(kl=0.1, lost=0.05, reasoning=0.02)


def table(*, false=20, low=0.4, random=(0.1, 0.39), shuffled=0.2, **costs):
    """What `judge` reads of an evaluation."""
    row = {"corrected_share": 0.5, "corrected_low": low, "corrected_high": 0.6}
    row |= {"kl": 0.0, "right_lost": 0.0, "reasoning_change": 0.0} | costs
    rows = {
        "steered": SimpleNamespace(**row),
        "shuffled_labels": SimpleNamespace(corrected_share=shuffled),
    }
    return SimpleNamespace(
        row=rows.__getitem__, answered_falsely=false, random_corrected=random, budget=BUDGET
    )


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "corrects"),
        ({"false": 0}, "nothing_to_correct"),
        ({"false": 1}, "corrects"),
        ({"random": (0.1, 0.4)}, "no_more_than_controls"),  # the interval begins there
        ({"random": (0.4, 0.1)}, "no_more_than_controls"),  # the largest, not the last
        ({"shuffled": 0.4}, "no_more_than_controls"),
        ({"shuffled": 0.39}, "corrects"),
        ({"kl": 0.1, "right_lost": 0.05, "reasoning_change": -0.02}, "corrects"),
        ({"kl": 0.1001}, "corrects_at_a_cost"),
        ({"right_lost": 0.0501}, "corrects_at_a_cost"),
        ({"reasoning_change": -0.0201}, "corrects_at_a_cost"),
        ({"reasoning_change": 0.5}, "corrects"),
        ({"reasoning_change": math.nan}, "corrects"),  # no reasoning questions
    ],
)
def test_a_verdict_moves_at_its_edge(changed, verdict):
    assert judge(table(**changed))[0] == verdict  # pyright: ignore[reportArgumentType]


def test_every_cost_over_the_budget_is_named():
    said = judge(table(kl=0.2, right_lost=0.2, reasoning_change=-0.2))[1]  # pyright: ignore[reportArgumentType]
    for name in ("median KL 0.200", "0.200 of right answers lost", "reasoning -0.200"):
        assert name in said


def candidate(corrected=0.5, strength=0.5, condition=None):
    direction = SimpleNamespace(condition=condition)
    return Candidate(direction, strength, corrected)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("costs", "fits"),
    [
        ((0.1, 0.05, -0.02), True),
        ((0.11, 0.0, 0.0), False),
        ((0.0, 0.06, 0.0), False),
        ((0.0, 0.0, -0.03), False),
        ((0.0, 0.0, math.nan), True),  # no reasoning questions
        ((0.11, math.nan, math.nan), False),  # not measured, since KL alone is too much
    ],
)
def test_a_candidate_fits_only_if_every_cost_does(costs, fits):
    assert bool(_with_costs(candidate(), np.array(costs), BUDGET).within_budget) == fits


def test_what_fits_goes_first_then_what_corrects_most_then_the_least_strength():
    inside = dataclasses.replace(candidate(0.3), within_budget=True, kl=0.05)
    better = dataclasses.replace(candidate(0.4), within_budget=True, kl=0.09)
    weaker = dataclasses.replace(candidate(0.4, strength=0.2), within_budget=True, kl=0.09)
    plain = dataclasses.replace(candidate(0.4, 0.9), within_budget=True, kl=0.09)
    gated = dataclasses.replace(candidate(0.4, 0.1, condition="gate"), within_budget=True, kl=0.09)
    unmeasured = candidate(0.9)
    little, much = (dataclasses.replace(candidate(0.9), kl=kl) for kl in (0.2, 0.9))
    ordered = [weaker, better, plain, gated, inside, unmeasured, little, much]
    mixed = ordered[::-1]
    assert sorted(mixed, key=rank) == ordered


def test_drawn_flips_count_the_observed_one_too():
    always = np.ones((13, 1))  # the smallest p that 9,999 drawn patterns can give, or a few more
    p = sign_flip_p(always, seed=0)[0]
    assert FLIPS == 9_999
    # Two of 8,192 patterns reach it: 9,999 draws meet 2.4 on average, and the observed one counts.
    count = p * 10_000
    assert count == pytest.approx(round(count), abs=1e-9)
    long = np.ones((60, 1))
    assert sign_flip_p(long, seed=0)[0] == pytest.approx(1 / 10_000, rel=1e-12)


def test_all_patterns_are_counted_up_to_twelve_pairs():
    assert sign_flip_p(np.ones((12, 1)), seed=0)[0] == 2 / 2**12
