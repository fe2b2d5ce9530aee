"""Files of trajectories: what is read, and what is refused with its row."""

import numpy as np
import pytest
from planted_systems import write_rows

from nullcline import dynamics

ROWS = [(0.5 * i, i**2, None if i == 3 else -i, f"r{i % 2}", 1 + i % 2) for i in range(12)]
HEADER = ("t", "a", "b", "run", "w")


def test_rows_are_sorted_into_trajectories_with_gaps_and_weights(tmp_path):
    rows = [ROWS[i] for i in np.random.default_rng(0).permutation(12)]
    path = write_rows(tmp_path / "x.csv", HEADER, rows)
    found = dynamics.read_trajectories(
        path, time="t", states=["b", "a"], trajectory="run", weight="w"
    )
    assert found.names == ("b", "a")
    assert sorted(found.trajectories) == ["r0", "r1"]
    first = found.trajectories.index("r1")
    np.testing.assert_array_equal(found.times[first], [0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    np.testing.assert_array_equal(found.states[first][:, 1], [1, 9, 25, 49, 81, 121])
    assert np.isnan(found.states[first][1, 0])
    assert found.missing == {"b": 1, "a": 0}
    assert set(found.weights[first]) == {2}
    assert len(found.sha256) == 64


def test_the_states_are_all_columns_of_numbers_where_none_is_named(tmp_path):
    path = write_rows(tmp_path / "x.csv", HEADER, ROWS)
    found = dynamics.read_trajectories(path, time="t", trajectory="run")
    assert found.names == ("a", "b", "w")
    text = write_rows(tmp_path / "y.csv", ("t", "a", "say"), [(i, i * i, "x") for i in range(5)])
    assert dynamics.read_trajectories(text, time="t").left_out == (("say", "not among the states"),)


def test_semicolons_decimal_commas_and_dates(tmp_path):
    path = tmp_path / "x.csv"
    days = ["2026-03-01", "2026-03-02", "2026-03-04", "2026-03-08", "2026-03-09"]
    path.write_text("day;y\n" + "".join(f"{d};{i},5\n" for i, d in enumerate(days)))
    found = dynamics.read_trajectories(path, time="day")
    np.testing.assert_array_equal(found.times[0], [0, 1, 3, 7, 8])
    np.testing.assert_array_equal(found.states[0][:, 0], [0.5, 1.5, 2.5, 3.5, 4.5])
    assert found.time == "days of day"


def test_a_clock_far_from_zero_keeps_its_small_steps(tmp_path):
    rows = [(f"{1.7e9 + 0.1 * i:.1f}", i) for i in range(10)]
    found = dynamics.read_trajectories(write_rows(tmp_path / "x.csv", "ty", rows), time="t")
    # 64-bit numbers near 1.7e9 are 2.4e-7 apart; 32-bit ones are 128 apart.
    np.testing.assert_allclose(np.diff(found.times[0]), 0.1, atol=5e-7)


def test_sizes_as_a_clock_need_a_word(tmp_path):
    sizes = [70e6, 160e6, 410e6, 1e9, 1.4e9, 2.8e9, 6.9e9, 12e9]
    path = write_rows(tmp_path / "x.csv", ("n", "y"), [(n, i) for i, n in enumerate(sizes)])
    with pytest.raises(ValueError, match="log_time=True"):
        dynamics.read_trajectories(path, time="n")
    found = dynamics.read_trajectories(path, time="n", log_time=True)
    np.testing.assert_allclose(found.times[0], np.log10(sizes))
    assert found.time == "log10 n"


@pytest.mark.parametrize(
    ("header", "rows", "asked", "words"),
    [
        ("ty", [(i, i) for i in range(5)], {"time": "z"}, "row 1: column 'z' is not there"),
        ("ty", [(i, i) for i in range(5)], {"states": ["z"]}, "column 'z' is not there"),
        ("tt", [(i, i) for i in range(5)], {}, "there twice"),
        ("ty", [(0, 1), (1, "fox"), (2, 3), (3, 4)], {"states": ["y"]}, "row 3: 'fox' is no numb"),
        ("ty", [(0, 1), (None, 2), (2, 3), (3, 4)], {}, "row 3: no time"),
        ("ty", [(0, 1), (1, 2), (1, 3), (3, 4)], {}, "row 4: time 1 of x as in row 3"),
        ("ty", [(0, 1), (1, 2), (2,), (3, 4)], {}, "row 4: 1 cells"),
        ("ty", [(0, 1), (1, 2)], {}, "no trajectory has four rows"),
        ("ty", [], {}, "no rows"),
        ("ty", [(i, None) for i in range(5)], {}, "no column of numbers"),
        ("tyw", [(i, i, -1) for i in range(5)], {"weight": "w"}, "weight of -1"),
        ("ty", [(i, i) for i in range(5)], {"log_time": True}, "times of 0 or less"),
    ],
)
def test_what_cannot_be_read_names_file_row_and_mend(tmp_path, header, rows, asked, words):
    path = write_rows(tmp_path / "x.csv", header, rows)
    with pytest.raises(dynamics.TableError) as error:
        dynamics.read_trajectories(path, **{"time": "t", **asked})
    assert words in str(error.value)
    assert "x.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(dynamics.TableError, match=r"nowhere\.csv: cannot be read"):
        dynamics.read_trajectories(tmp_path / "nowhere.csv", time="t")
