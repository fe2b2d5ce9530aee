"""The benchmark of a table that is meant, and its scores turned so that more is better."""

import pandas as pd

from .benchmarks import benchmark, canonical_benchmark
from .columns import apart
from .scores import ScoreTable


def named_benchmark(table: ScoreTable, name: str) -> str:
    """The benchmark of the table that is meant: by its name, another spelling of it, or the only
    form of it that the table has (`BBH` where there is `bbh_normalised` alone).

    The name as it is where the table has none such.
    """
    canonical = canonical_benchmark(name)
    for known in (name, apart(name), canonical, f"{canonical}_normalised"):
        if known in table.benchmarks:
            return known
    return name


def more_is_better(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column of scores; 1 - score where less is better."""
    return 1 - frame[name] if benchmark(name).lower_is_better else frame[name]
