"""A user's benchmarks may be called anything: no column of ours is mistaken for one of theirs."""

import numpy as np
import pandas as pd

from nullcline import dynamics
from nullcline.dynamics._tables.columns import FRAME_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS

#: Of our names those that a heading gives a benchmark, and no column that we know or leave out.
NAMES = [name for name in FRAME_COLUMNS if not name.endswith("_stderr")]


def frame(names):
    rng = np.random.default_rng(0)
    rows = [(f, n) for f in "abcdef" for n in (1, 2, 4, 8)]
    level = np.array([30 + 8 * np.log2(n) for _, n in rows])
    scores = {
        "hellaswag": level + rng.normal(0, 1, len(rows)),
        "truthfulqa_mc2": 50 - level / 5 + rng.normal(0, 1, len(rows)),
    }
    scores |= {name: 30 + level / 3 + rng.normal(0, 4, len(rows)) for name in names}
    return pd.DataFrame(
        {
            "family": [f for f, _ in rows],
            "model": [f"{f}-{n}b" for f, n in rows],
            "params": [f"{n}B" for _, n in rows],
            **{name: np.round(values, 2) for name, values in scores.items()},
        }
    )


def read_as(names):
    """What each heading is read as; empty for one that is left out."""
    columns = dynamics.read_scores(frame(names)).account.columns
    return {column.name: column.used_as or "" for column in columns if column.name in names}


def test_benchmarks_with_names_of_ours_are_like_any_others():
    meant = read_as(NAMES)
    ours = [n for n in NAMES if meant[n] and meant[n] not in (*TEXT_COLUMNS, *NUMBER_COLUMNS)]
    assert {"x", "y", "log10_params", "origin", "plain", "set_aside"} <= set(ours)
    neutral = dynamics.diagnose(frame([f"b{i}" for i in range(len(ours))]), n_boot=100)
    named = dynamics.diagnose(frame(ours), n_boot=100)
    assert named.dimension.covariance == neutral.dimension.covariance
    assert named.dimension.models == neutral.dimension.models
    assert [f.phase for f in named.families] == [f.phase for f in neutral.families]


def test_a_benchmark_is_asked_for_by_the_name_that_its_column_has():
    named = dynamics.diagnose(frame(["x", "y"]), reasoning="x", truth="y", n_boot=100)
    neutral = dynamics.diagnose(frame(["a1", "a2"]), reasoning="a1", truth="a2", n_boot=100)
    assert (named.reasoning, named.truth) == ("x (score)", "y (score)")
    assert repr(named.pooled) == repr(neutral.pooled)
    assert repr(named.level) == repr(neutral.level)


def test_every_column_of_a_table_is_a_benchmark_or_one_that_is_listed():
    for name in dynamics.table_names():
        table = dynamics.load_table(name)
        scores = set(table.benchmarks) | {f"{b}_stderr" for b in table.benchmarks}
        ours = set(table.frame.columns) - scores
        assert ours <= {*TEXT_COLUMNS, *NUMBER_COLUMNS, *FRAME_COLUMNS}, name
