"""Records are whole or not there."""

import json
import math

import numpy as np
import pytest

from nullcline.experiments.formats import axis_value, interval, month, plain, signed, size, to_json
from nullcline.experiments.records import write_record


def test_equal_settings_give_an_equal_result(tmp_path):
    found = []
    for name in ("a", "b"):
        path = write_record(
            tmp_path / name,
            command="test",
            settings={"seed": 1},
            inputs={"t.csv": "0" * 64},
            result={"value": math.nan},
            started=0.0,
        )
        found.append(json.loads(path.read_text()))
    assert found[0]["result"] == found[1]["result"] == {"value": None}
    assert found[0]["packages"]["numpy"] == np.__version__


def test_json_holds_no_infinity():
    value = {"a": np.float64(math.inf), "b": np.arange(2), "c": (True, np.bool_(False), None, "x")}
    assert json.loads(to_json(value)) == {"a": None, "b": [0, 1], "c": [True, False, None, "x"]}
    assert plain(np.int64(3)) == 3


@pytest.mark.parametrize(
    ("params", "text"),
    [(7e7, "70M"), (4.1e8, "410M"), (6.9e9, "6.9B"), (1e12, "1T"), (999.9e6, "1B"), (5e3, "5K")],
)
def test_sizes_read_as_people_write_them(params, text):
    assert size(params) == text


def test_an_interval_without_ends_says_so():
    assert interval(-math.inf, math.inf) == "[unbounded]"
    assert interval(-0.5, math.inf) == "[-0.50, no upper end]"
    assert interval(-math.inf, 0.37, axis_value("reasoning")) == "[no lower end, 37.0 %]"
    assert signed(math.nan) == "–"


def test_the_first_and_the_last_day_of_a_month_are_in_it():
    for year in (2023, 2024):
        days = 366 if year % 4 == 0 else 365
        for month_, first, last in (
            (1, 0, 30),
            (4, days - 275, days - 246),
            (12, days - 31, days - 1),
        ):
            for day in (first, last):
                assert month(year + day / days) == f"{year}-{month_:02d}"
    assert month(-math.inf) == "-∞"
    assert month(12345.5) == "12345.50"
