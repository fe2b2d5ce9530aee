"""What a spreadsheet would run is written as text, and read again as what it was."""

import csv

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nullcline import dynamics
from nullcline.common.cells import as_meant, frame_without_formulas, no_formula
from nullcline.experiments.cli import main

NAMES = ["=cmd|'/C calc'!A0", "+b", "-a", "@at", "'=x", "plain", "d'une"]


@given(st.text(alphabet="'=+-@\t\r1.e a"))
def test_the_way_back_is_exact_and_nothing_begins_a_formula(text):
    cell = no_formula(text)
    assert as_meant(cell) == text
    try:
        float(cell)  # a number, which runs nothing
    except ValueError:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_of_a_frame_stay():
    frame = pd.DataFrame({"=a": ["=1", "", "-5"], "n": [-1.5, 2.0, float("nan")], "k": [-1, 2, 3]})
    safe = frame_without_formulas(frame)
    assert list(safe.columns) == ["'=a", "n", "k"]
    assert list(safe["'=a"]) == ["'=1", "", "-5"]
    pd.testing.assert_frame_equal(safe[["n", "k"]], frame[["n", "k"]])
    assert list(frame.columns) == ["=a", "n", "k"]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_is_written_is_read_to_the_same_names(name, tmp_path, capsys):
    frame = pd.DataFrame(
        {
            "family": [name, name],
            "model": [f"{name}-1", f"{name}-2"],
            "params": [1e8, 2e8],
            "hellaswag": [0.41, 0.52],
            "truthfulqa_mc2": [0.31, 0.42],
            f"{name} score": [0.2, 0.3],
        }
    )
    given_table, written = tmp_path / "given.csv", tmp_path / "written.csv"
    # As an exact writer guards them; all but the fifth name are the same without it.
    frame_without_formulas(frame).to_csv(given_table, index=False)
    assert main(["read", str(given_table), "-o", str(written)]) == 0
    with written.open(encoding="utf-8", newline="") as file:
        for cell in (cell for row in csv.reader(file) for cell in row):
            assert not cell.startswith(("=", "+", "-", "@"))
    first, second = dynamics.read_scores(given_table), dynamics.read_scores(written)
    assert first.families == second.families == (name,)
    assert list(first.frame["model"]) == list(second.frame["model"]) == [f"{name}-1", f"{name}-2"]
    assert first.benchmarks == second.benchmarks
    assert list(second.frame["hellaswag"]) == [0.41, 0.52]
    plain = tmp_path / "plain.csv"
    frame.to_csv(plain, index=False)
    assert dynamics.read_scores(plain).families == (as_meant(name),)
