"""The same scores in other clothes: whatever a table looks like, its diagnosis is the same.

One planted family is written in ways that people use (`tests/helpers/clothes.py`); the law is that
what is read does not depend on the way.
"""

import math

import numpy as np
import pytest
from clothes import CLOTHES, FILES, SCORES, Clothes, dressed, headings_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from narrow import not_none

from nullcline import dynamics

# The folder of a test is shared by its examples: each writes its files anew.
SETTINGS = settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def values(table: dynamics.ScoreTable) -> list[tuple[float, ...]]:
    """(size, HellaSwag, TruthfulQA, MMLU) of each model, in order of size."""
    frame = table.frame.sort_values("params")
    truth = next(name for name in table.benchmarks if name.startswith("truthfulqa"))
    columns = ["params", "hellaswag", truth, "mmlu"]
    return [tuple(row) for row in frame[columns].to_numpy(float).tolist()]


@pytest.mark.slow(reason="many generated tables, each read in many forms")
@SETTINGS
@given(clothes=CLOTHES)
def test_clothes_do_not_change_what_is_read(tmp_path, clothes):
    paths = dressed(tmp_path, clothes)
    table = dynamics.read_scores(paths)
    # Two decimals of a percent are written; sizes with three digits.
    np.testing.assert_allclose(values(table), SCORES, rtol=1e-3, atol=6e-5)
    assert [family.casefold() for family in table.families] == ["elm"]
    assert len(table.benchmarks) == 3
    account = table.account
    assert len(account.files) >= len(paths)
    assert account.rows_used >= len(SCORES)


@settings(SETTINGS, max_examples=8)
@given(clothes=CLOTHES)
def test_clothes_do_not_change_the_diagnosis(tmp_path, clothes):
    plain = dynamics.diagnose(dressed(tmp_path / "plain", Clothes())[0], n_boot=100)
    found = dynamics.diagnose(
        dynamics.read_scores(dressed(tmp_path / "other", clothes)), n_boot=100
    )
    (expected,), (family,) = plain.families, found.families
    assert family.phase == expected.phase == "tax"
    gamma = not_none(expected.current).gamma
    assert not_none(family.current).gamma == pytest.approx(gamma, abs=5e-3)
    names = {name.partition("_")[0] for name in found.dimension_benchmarks}
    assert names == {"hellaswag", "truthfulqa", "mmlu"}


@pytest.mark.parametrize("file", FILES)
def test_each_format_by_itself(tmp_path, file):
    table = dynamics.read_scores(dressed(tmp_path, Clothes(file=file)))
    np.testing.assert_allclose(values(table), SCORES, rtol=1e-3)


@pytest.mark.parametrize("mark", ["", "-", "—", "n/a", "#N/A", "TBD", "*", "nan", "…", "None"])
def test_a_missing_score_is_missing_whatever_the_mark(tmp_path, mark):
    table = dynamics.read_scores(dressed(tmp_path, Clothes(missing=mark)))
    truth = table.frame.sort_values("params")["truthfulqa_mc2"].to_numpy()
    assert [math.isnan(score) for score in truth] == [False, False, True, False, False]
    assert table.frame["hellaswag"].notna().all()


def test_every_heading_is_accounted_for(tmp_path):
    clothes = Clothes(extras=True)
    table = dynamics.read_scores(dressed(tmp_path, clothes))
    seen = {column.name: column for column in table.account.columns}
    for heading in headings_of(clothes):
        assert heading in seen
        assert bool(seen[heading].used_as) != bool(seen[heading].reason)


@settings(SETTINGS, max_examples=30)
@given(cut=st.sets(st.integers(0, 4)), order=st.permutations(range(5)))
def test_a_table_split_over_files_is_the_whole_one(tmp_path, cut, order):
    """Rows of one file, and cells of another, join before anything is judged."""
    lines = ["family,model,params,hellaswag,truthfulqa_mc2,mmlu"]
    parts = {"a.csv": list(lines), "b.csv": ["model,TruthfulQA (MC2)"]}
    for i in order:
        size, reasoning, truth, knowledge = SCORES[i]
        name = f"elm-{size / 1e6:.0f}m"
        split = i in cut
        cell = "" if split else f"{truth:.4f}"
        parts["a.csv"].append(f"Elm,{name},{size:.0f},{reasoning:.4f},{cell},{knowledge:.4f}")
        if split:
            parts["b.csv"].append(f"acme/{name},{100 * truth:.2f}")
    if not cut:
        parts.pop("b.csv")
    for file, content in parts.items():
        (tmp_path / file).write_text("\n".join(content) + "\n")
    table = dynamics.read_scores([tmp_path / file for file in parts])
    np.testing.assert_allclose(values(table), SCORES, rtol=1e-3)
    assert not [w for w in table.warnings if "duplicate" in w.code]
