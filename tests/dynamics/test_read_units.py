"""Percent or fraction: found out, and a file that holds both refused without false alarms."""

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics import TableError


def read(folder, columns):
    """A table of models `a`, `b`, ... of one family with the given columns of cells."""
    n = len(next(iter(columns.values())))
    lines = [",".join(["family", "model", "params", *columns])]
    for i in range(n):
        cells = [str(cells[i]) for cells in columns.values()]
        lines.append(",".join(["Elm", f"m{i}", f"{i + 1}B", *cells]))
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    return dynamics.read_scores(path)


@pytest.mark.parametrize(
    ("columns", "unit"),
    [
        ({"hellaswag": [30, 45]}, "percent"),
        ({"hellaswag": [0.3, 0.45]}, "fraction"),
        ({"hellaswag": [0.3, 1]}, "fraction"),
        ({"hellaswag": [30, 100], "gsm8k": [0, 0]}, "percent"),
        # Pythia-like GSM8K in percent: one, two and three of 1,319, and none above 1 %.
        ({"hellaswag": [30, 45, 50], "gsm8k": [0.08, 0.15, 0.23]}, "percent"),
        ({"hellaswag": [30, 45, 50], "gsm8k": [0.0758, 0.1516, 0.2274]}, "percent"),
        ({"hellaswag": [30, 45, 50], "gsm8k": [0.1, 0.2, 0.3]}, "percent"),
        # Only hard benchmarks, of which a small model solves less than 1 %.
        ({"gsm8k": [0.08, 12], "humaneval": [0.61, 20]}, "percent"),
        ({"gsm8k": [0.001, 0.12], "humaneval": [0.0061, 0.2]}, "fraction"),
        ({"my_bench": [0.4, 22], "hellaswag": [30, 45]}, "percent"),
        ({"my_bench": [40, 55]}, "percent"),
    ],
)
def test_the_unit_of_a_whole_file(tmp_path, columns, unit):
    table = read(tmp_path, columns)
    assert table.unit == unit
    factor = 100 if unit == "percent" else 1
    for name, values in columns.items():
        np.testing.assert_allclose(table.frame[name], np.array(values) / factor, rtol=1e-15)


@pytest.mark.parametrize(
    ("columns", "row", "name"),
    [
        # The odd one is named, whichever side it is on.
        ({"hellaswag": [30, 45, 0.5]}, 4, "hellaswag is 0.5 where most scores are in percent"),
        ({"hellaswag": [0.3, 0.45, 50]}, 4, "hellaswag is 50 where most scores are fractions"),
        ({"hellaswag": [30, 45], "mmlu": [0.25, 50]}, 2, "mmlu is 0.25"),
        ({"hellaswag": [30, 45, 50], "mmlu": [0.25, 0.3, 0.4]}, 2, "mmlu is 0.25"),
        # Fractions of GSM8K and HumanEval in a percent file are no multiples of one item.
        ({"hellaswag": [30, 45, 50], "gsm8k": [0.1448, 0.2282, 0.5406]}, 2, "gsm8k is 0.1448"),
        ({"hellaswag": [30, 45, 50], "humaneval": [0.13, 0.18, 0.3]}, 2, "humaneval is 0.13"),
        ({"hellaswag": [30, 45], "my_bench": [0.4, 0.5]}, 2, "my_bench is 0.4"),
        ({"one": [40, 50, 0.6], "two": [70, 80, 0.7]}, 4, "no score exceeds 1"),
        ({"gsm8k": [0.1, 12], "hellaswag": [0.3, 0.45]}, 3, "gsm8k is 12 where most"),
        ({"hellaswag": [30, 45], "hellaswag_stderr": [0.0046, 0.005]}, 2, "hellaswag_stderr"),
        ({"hellaswag": [0.3, 0.45], "hellaswag_stderr": [0.46, 0.49]}, 2, "hellaswag_stderr"),
        ({"hellaswag": [0.3, 0.45], "hellaswag_stderr": [0.004, 0.6]}, 3, "outside 0 to 0.5"),
        ({"hellaswag": [0.3, 0.45], "hellaswag_stderr": [-0.004, 0.01]}, 2, "outside 0 to 0.5"),
    ],
)
def test_a_file_in_two_units_is_refused(tmp_path, columns, row, name):
    with pytest.raises(TableError) as caught:
        read(tmp_path, columns)
    assert caught.value.row == row
    assert name in str(caught.value)


def test_stderrs_follow_the_unit_of_the_file(tmp_path):
    table = read(tmp_path, {"hellaswag": [30, 45], "hellaswag_stderr": [0.46, 0]})
    # An error of 0 is none: binomial over the items instead.
    expected = [0.0046, (0.45 * 0.55 / 10042) ** 0.5]
    np.testing.assert_allclose(table.stderr("hellaswag"), expected, rtol=1e-12)


@pytest.mark.parametrize("items", [100, 300])
def test_a_run_on_few_items_is_not_taken_for_another_unit(tmp_path, items):
    errors = [round((p * (1 - p) / items) ** 0.5, 6) for p in (0.3, 0.45)]
    table = read(tmp_path, {"hellaswag": [0.3, 0.45], "hellaswag_stderr": errors})
    np.testing.assert_allclose(table.stderr("hellaswag"), errors, rtol=1e-12)
