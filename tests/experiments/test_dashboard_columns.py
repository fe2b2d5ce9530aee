"""Tables of the dashboard: what a column is sorted by, and which columns are left out."""

import pytest

from nullcline.experiments.dashboard._blocks import badge, link, table
from nullcline.experiments.dashboard._columns import number_of, sort_keys


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0.45 [0.32, 0.57] (5)", 0.45),
        ("-0.30° [-0.40, -0.21] (8)", -0.30),
        ("+1.60", 1.6),
        ("[-2.28, 0.62]", -2.28),
        ("500M–72B", 5e8),
        ("6.45K [3.25K, 12.8K]", 6450),
        ("1e21.8 and 1e22.5", None),  # a power of ten with a fraction is no number of Python's
        ("2.4e+14", 2.4e14),
        ("9,804", 9804),
        ("<.001", 0.001),
        ("< .001", 0.001),
        ("97 %", 97),
        ("3 of 38", 3),
        ("±0.02", 0.02),
        ("–", None),
        ("", None),
        ("too few models", None),
        ("pythia-1.4b", None),
        ("7B-chat", None),
        ("2024-07", None),
        ("2024\u201107\u201101", None),
        ("C01", None),
    ],
)
def test_a_cell_is_sorted_by_the_number_it_begins_with(cell, number):
    assert number_of(cell) == (None if number is None else pytest.approx(number))


def test_a_column_of_words_has_no_numbers_and_one_of_numbers_keeps_its_gaps():
    assert sort_keys("family", ["Pythia", "OPT", "3 sizes"]) is None
    assert sort_keys("r", ["0.98*", "–", "-1.00"]) == [0.98, None, -1.0]
    assert sort_keys("truth turns", ["too few", "7B [6B, 8B]", "8B [7B, 9B]"]) == [None, 7e9, 8e9]
    # Layer 3, head 11 comes after layer 3, head 2.
    assert sort_keys("layer.head", ["3.2", "3.11"]) is None


def test_a_column_in_which_nothing_stands_is_left_out_and_said():
    rows = [
        (link("a", view="family", family="a"), "–", badge("tax", "tax"), "2", ""),
        (link("b", view="family", family="b"), "", badge("tax", "tax"), "10", "–"),
    ]
    shown = table("T", ("family", "r", "phase", "n", "95 %"), rows, right=(1, 3), note="All.")
    assert shown["columns"] == ["family", "phase", "n"]
    assert shown["right"] == [2]
    assert shown["keys"] == [None, None, [2.0, 10.0]]
    assert shown["note"] == "All. Left out, as no row has a value: r, 95 %."
    kept = table("T", ("family", "r"), [("a", "–"), ("b", "0.5")], note="All.")
    assert kept["columns"] == ["family", "r"]
    assert kept["note"] == "All."
