"""The pair of scores that the question is about, by whichever name a table has it."""

from .scores import ScoreTable


def default_truth(table: ScoreTable) -> str:
    """The truth benchmark to take where none is named: MC2, then MC1, then the unknown one."""
    names = ("truthfulqa_mc2", "truthfulqa_mc1", "world_truth", "truthfulqa_unknown")
    return next((name for name in names if name in table.benchmarks), names[0])


def default_reasoning(table: ScoreTable) -> str:
    """The reasoning benchmark to take where none is named."""
    names = ("hellaswag", "world_reasoning")
    return next((name for name in names if name in table.benchmarks), names[0])
