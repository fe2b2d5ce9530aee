"""The two scores that a table is shown with before anybody chooses."""

from typing import NamedTuple

import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import benchmark
from ...dynamics._tables.question import default_reasoning, default_truth

#: A pair that fewer models have than this share of the most common pair's is not shown first.
_ENOUGH = 0.5


class FirstPair(NamedTuple):
    """Two benchmarks of a table, the same twice where it has one only, and why these."""

    reasoning: str
    truth: str
    why: str


def first_pair(table: dynamics.ScoreTable) -> FirstPair:
    """The pair of the question where the table has it, else the nearest to it.

    Of the pairs that many models have, the one whose second score is about truth, then the one
    that most models have, then the first in the table's own order.
    """
    names = list(table.benchmarks)
    if len(names) < 2:
        title = benchmark(names[0]).title
        return FirstPair(
            names[0], names[0], f"This table has one score, {title}; a pair needs two."
        )
    known = table.frame[names].notna().to_numpy(float)
    both = known.T @ known
    np.fill_diagonal(both, 0)
    of_truth = [_truth_rank(table, name) for name in names]
    of_reasoning = [_reasoning_rank(table, name) for name in names]
    enough = np.argwhere((both >= _ENOUGH * both.max()) & ~np.eye(len(names), dtype=bool))
    rank = min((of_truth[j], of_reasoning[i], -both[i, j], i, j) for i, j in enough)
    reasoning, truth = names[rank[3]], names[rank[4]]
    titles = benchmark(reasoning).title, benchmark(truth).title
    shared = f"{int(-rank[2])} of {counted(len(table.frame), 'model')} have both"
    why = f"Shown first: {titles[0]} × {titles[1]}, {_reason(rank[:2], titles[1])} ({shared})."
    return FirstPair(reasoning, truth, f"{why} Any other two can be chosen above.")


def _truth_rank(table: dynamics.ScoreTable, name: str) -> int:
    """0 for the question's own truth score, then other variants, then what is no capability."""
    if name == default_truth(table):
        return 0
    if name.startswith("truthfulqa"):
        return 1
    known = benchmark(name)
    return 2 if known.lower_is_better or not known.capability else 3


def _reasoning_rank(table: dynamics.ScoreTable, name: str) -> int:
    if name == default_reasoning(table):
        return 0
    known = benchmark(name)
    return 1 if known.capability and not known.lower_is_better else 2


def _reason(ranks: tuple[int, int], truth: str) -> str:
    if ranks == (0, 0):
        return "the pair that the question is about"
    if ranks[0] < 2:
        return f"as {truth} is the table's score of truthfulness"
    if ranks[0] == 2:
        return f"as {truth} is the table's score that measures no capability"
    return "as the table has no score of truthfulness"
