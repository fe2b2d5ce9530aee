"""The frontier panel of one harness: how it is made from runs, and what it says of a pair."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scripts import load_script

from nullcline import dynamics

ROOT = Path(__file__).parents[2]
RUNS = """task,model,Best score (across scorers),Scores,started_at,Status,task version
SWE-Bench verified,o3-2025-04-16_medium,0.437,swe_bench_scorer:0.44±0.02,,Success,1.0.0
GPQA diamond,o3-2025-04-16_medium,0.800,choice:0.8±0.02,,Success,1.0.0
GPQA diamond,o3-2025-04-16_high,0.818,choice:0.82±0.03,,Success,1.0.0
MATH level 5,o3-2025-04-16_high,0.978,"exact:0.86±0.01,graded:0.98±0",,Success,1.0.0
FrontierMath-2025-02-28-Private,claude-x_16K,0.041,code:0.04±0.01,,Success,1.1.0
FrontierMath-2025-02-28-Public,claude-x_16K,0.9,code:0.9±0.01,,Success,1.0.0
GPQA diamond,claude-x,0.999,manual_inspection:0.99±0.01,,Success,1.0.0
"""
VERSIONS = """id,Model,Version release date
o3-2025-04-16_high,o3,2025-04-16
claude-x,X,2025-01-02
"""


@pytest.fixture(scope="module")
def panel():
    return dynamics.load_figures("frontier_one_harness")


def make(folder, runs, versions=VERSIONS):
    (folder / "runs.csv").write_text(runs, encoding="utf-8")
    (folder / "versions.csv").write_text(versions, encoding="utf-8")
    command = [sys.executable, str(ROOT / "benchmarks" / "one_harness.py")]
    command += [str(folder / "runs.csv"), str(folder / "versions.csv"), "--out", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_best_setting_of_each_model_with_what_was_left_out(tmp_path):
    done = make(tmp_path, RUNS)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "frontier_one_harness.csv").open(newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"o3-2025-04-16", "claude-x"}
    o3, claude = rows["o3-2025-04-16"], rows["claude-x"]
    assert (o3["lab"], o3["date"]) == ("OpenAI", "2025-04-16")
    assert (o3["gpqa_diamond"], o3["gpqa_diamond_stderr"]) == ("0.818", "0.03")
    assert (o3["gpqa_diamond_setting"], o3["swe_bench_verified_setting"]) == ("high", "medium")
    assert o3["gpqa_diamond_at_swe_setting"] == "0.800"
    # The standard error of the scorer that gave the score is printed as 0, so none is known.
    assert (o3["math_lvl_5"], o3["math_lvl_5_stderr"]) == ("0.978", "")
    assert claude["gpqa_diamond"] == ""  # typed into a page
    assert claude["flags"] == "frontiermath_newer_task"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("claude-x_16K", "newlab-1", "no lab is known for 'newlab-1'"),
        ("MATH level 5", "MATH level 6", "task 'MATH level 6' is new"),
    ],
)
def test_what_is_not_known_stops_the_maker(tmp_path, old, new, said):
    done = make(tmp_path, RUNS.replace(old, new), VERSIONS + "newlab-1,n,2025-01-01\n")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_quotes_lose_no_run(tmp_path):
    """A cut of the source by commas leaves quotes open; a plain reader swallows the next rows."""
    lines = RUNS.splitlines()
    cut = [
        line.split("±0.01,graded")[0] + "±0.01,,,1.0.0" if '"' in line else line for line in lines
    ]
    make(tmp_path, RUNS)
    whole = pd.read_csv(tmp_path / "frontier_one_harness.csv")
    done = make(tmp_path, "\n".join(cut) + "\n")
    assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "frontier_one_harness.csv"), whole)


def test_the_lab_with_the_longest_beginning_is_taken():
    maker = load_script("benchmarks/one_harness.py")
    assert maker.lab_of("Llama-3.1-Tulu-3-70B-DPO") == "Allen AI"
    assert maker.lab_of("Llama-3.1-70B-Instruct") == "Meta"


def test_models_of_both_panels_are_named_as_there(panel):
    named = panel["frontier_model"].dropna()
    assert named.is_unique
    frozen = dynamics.load_figures("frontier").set_index("model").loc[named]
    assert frozen["lab"].tolist() == panel.loc[named.index, "lab"].tolist()


def test_a_pair_beside_all_pairs_by_plain_numpy(panel):
    names = [name for name in panel if name in dynamics.BENCHMARKS]
    scores = {name: panel[name].to_numpy(float) for name in names}
    pair = ("swe_bench_verified", "gpqa_diamond")
    found = dynamics.controls.general_factor(scores, pair)
    both = panel.dropna(subset=list(pair))
    assert found.pair.models == len(both)
    assert found.pair.r == pytest.approx(stats.pearsonr(both[pair[0]], both[pair[1]])[0], rel=1e-9)
    interval = stats.pearsonr(both[pair[0]], both[pair[1]]).confidence_interval(0.95)
    assert (found.pair.low, found.pair.high) == pytest.approx(tuple(interval), rel=1e-6)
    assert set(found.others) == {"math_lvl_5", "otis_mock_aime", "frontiermath"}
    used = panel.dropna(subset=[*pair, *found.others])
    shared = np.asarray(stats.zscore(used[list(found.others)].to_numpy())).mean(axis=1)
    left = [used[n] - np.polyval(np.polyfit(shared, used[n], 1), shared) for n in pair]
    assert found.given_others.r == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-9)
    assert found.given_others.models == len(used)


def test_a_pair_that_shares_only_the_general_factor_has_nothing_left():
    generator = np.random.default_rng(3)
    factor = generator.normal(size=400)
    scores = {name: factor + generator.normal(0, 0.4, 400) for name in "abcdefgh"}
    found = dynamics.controls.general_factor(scores, ("a", "b"))
    assert found.positive == len(found.pairs) == 28
    assert found.pair.low > 0.5
    assert abs(found.given_others.r) < 0.25
    own = generator.normal(0, 0.5, 400)
    scores |= {name: scores[name] + own for name in "ab"}
    assert dynamics.controls.general_factor(scores, ("a", "b")).given_others.low > 0.3


def test_a_benchmark_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no scores of 'c'; there are a, b"):
        dynamics.controls.general_factor({"a": np.ones(3), "b": np.ones(3)}, ("a", "c"))
    assert np.isnan(dynamics.controls.correlation_interval(0.5, 3)).all()
