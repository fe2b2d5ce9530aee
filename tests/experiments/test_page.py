"""The page of one screen that studies fill in, and how numbers stand on it."""

import math

import pytest

from nullcline.experiments.formats import added, p_value, signed
from nullcline.experiments.page import Page, PageColumn, page_to_sentences, page_to_text
from nullcline.experiments.text import text_width

NAMES = ["oak", "a name that is much longer than twelve columns", "家族" * 20]
PAGE = Page(
    heading=("what was looked at, over so many words that a narrow terminal has two lines of it",),
    sentences=("It is so. " * 12, "And so."),
    columns=(
        PageColumn("name", NAMES),
        PageColumn("n", ["1", "22", "333"], spare=1, right=True),
        PageColumn("verdict", ["tax", "bonus", "undetermined"], coloured=True),
        PageColumn("interval [95 %]", ["0.11 [0.05, 0.99]"] * 3, spare=2),
    ),
    more=23,
    legend=(("", "Surest first."), ("n", "n: how many."), ("interval [95 %]", "Interval: so.")),
    notes=("a note " * 30,),
)


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 120, 200])
def test_a_page_fits_and_says_what_it_leaves_out(width):
    page = page_to_text(PAGE, width=width)
    assert max(map(text_width, page.splitlines())) <= width
    flat = " ".join(page.split())
    assert "and 23 more (--full shows all)" in flat
    for title, words in (("n", "n: how many."), ("interval [95 %]", "Interval: so.")):
        left_out = flat.partition("Left out for width: ")[2].partition(" (--full)")[0].split(", ")
        assert (title in left_out) != (words in flat)
    assert page_to_sentences(PAGE, width=width) in page


def test_the_columns_with_most_to_spare_go_first():
    narrow, narrower = (page_to_text(PAGE, width=width) for width in (35, 30))
    assert "Left out for width: interval [95 %]" in " ".join(narrow.split())
    assert "Left out for width: n, interval [95 %]" in " ".join(narrower.split())


def test_colour_changes_no_width_and_stands_in_its_column_alone():
    painted = page_to_text(PAGE, paint=lambda word: f"<{word}>")
    assert painted.count("<") == 3
    assert painted.replace("<", "").replace(">", "") == page_to_text(PAGE)


def test_a_page_without_rows_is_its_sentences():
    page = Page(heading=("what",), sentences=("So.",))
    assert page_to_text(page) == "what\n\nSo."


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (signed(-0.0001), "0.00"),
        (signed(-0.006), "-0.01"),
        (signed(-0.4, 0), "0"),
        (added(0.0001), "0.00"),
        (added(-0.0001), "0.00"),
        (added(0.12), "+0.12"),
        (added(-0.12, 1), "-0.1"),
        (added(math.nan), "–"),
        (p_value(0.0316), "0.032"),
        (p_value(0.0001), "< 0.001"),
        (p_value(0.0), "< 0.001"),
        (p_value(1e-4, 4), "0.0001"),
        (p_value(1e-4, 4, least=1e-4), "≤ 0.0001"),
        (p_value(1 / 8, least=1 / 8), "≤ 0.125"),
        (p_value(1e-4, 3, least=1e-4), "< 0.001"),
        (p_value(math.nan), "–"),
    ],
)
def test_numbers_as_a_page_has_them(said, wanted):
    assert said == wanted
