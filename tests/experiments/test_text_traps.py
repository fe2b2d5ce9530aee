"""What no page for people may hold: `nan`, `inf`, a zero with a sign, `1 families`, an endless
interval as a number, a p of zero."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.formats import interval, p_value, signed
from nullcline.experiments.page import page_to_text
from nullcline.experiments.studies.heads import census_page
from nullcline.experiments.studies.heads._census import CensusRow
from nullcline.experiments.studies.organisms import (
    compare_organisms,
    comparison_page,
    comparison_to_text,
)
from nullcline.experiments.studies.steering import steering_census_page
from nullcline.experiments.studies.steering._census import SteeringRow

_THINGS = "families|models|heads|pairs|sizes|seeds|layers|questions|claims|benchmarks|labs|steps"
TRAPS = {
    "no number": re.compile(r"\b(nan|inf|NaN|None(?! of ))\b"),
    "a zero with a sign": re.compile(r"(?<![\w.])[-+]0(\.0+)?(?![\w.])"),
    "an end that is none": re.compile(r"∞"),
    "a zero with a share": re.compile(r"(?<![\d.])0\.0+ \(\d"),
    "one of many": re.compile(rf"(?<![\d.,])1 ({_THINGS})\b"),
    "a p of zero": re.compile(r"\bp (= |≤ )?0\.0+(?!\d)"),
}
ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
COMMANDS = {
    "diagnose": "diagnose --n-boot 100",
    "diagnose in full": "diagnose --n-boot 100 --full",
    "diagnose organisms": "diagnose --table organisms --n-boot 100 --full",
    "tunes": "diagnose --compare-kinds --n-boot 100",
    "scan": "scan --n-boot 100 --full",
    "predictions": "predictions",
    "plan": "plan --family OPT --budget 1e13",
    "card": "card --model mine hellaswag=78.2 truthfulqa_mc2=43.1 params=7B",
    "organism": "organisms show web-16",
    "organisms": "organisms list",
    "one family": "organisms compare --family slow",
    "reproduce": "reproduce --n-boot 100",
    "fit": "ode fit --family Pythia OPT Llama --benchmarks hellaswag truthfulqa_mc2 --members 100",
    "heads": "heads organism:deep-10 --count 20 --top 2 --method attribution-patching --full",
}


def traps_in(page):
    return {kind: found for kind, trap in TRAPS.items() if (found := trap.search(page))}


@pytest.mark.slow(reason="runs every command")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_one(command, capsys):
    assert main(COMMANDS[command].split()) == 0
    page = capsys.readouterr().out
    assert len(page) > 100
    assert not traps_in(page)


def test_no_shipped_table_makes_one():
    found = compare_organisms(None)
    pages = [page_to_text(comparison_page(found)), comparison_to_text(found)]
    studied: Any = (
        ("organism_heads", CensusRow, census_page),
        ("organism_steering", SteeringRow, steering_census_page),
    )
    for table, kind, page in studied:
        names = [field.name for field in dataclasses.fields(kind)]
        rows: Any = dynamics.load_figures(table)[names].itertuples(index=False)
        pages.append(page_to_text(page(tuple(kind(*row) for row in rows))))
    for page in pages:
        assert not traps_in(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_figure_of_the_docs_is_one(page):
    """In tables, whoever made them, and in what commands printed."""
    text = page.read_text("utf-8")
    shown = [*re.findall(r"^\|.*$", text, re.MULTILINE)]
    shown += re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    signed_zero = TRAPS["a zero with a sign"]
    assert [line for line in "\n".join(shown).splitlines() if signed_zero.search(line)] == []


def test_what_a_page_shows_is_written_by_the_one_formatter():
    """`:+.2f` in a string of the code writes `+0.00` and `-0.00`."""
    files = [
        file
        for folder in ("common", "dynamics", "experiments", "interp", "organisms", "benchmarks")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file != ROOT / "common" / "numbers.py"
    ]
    loose = [
        file.name for file in files if re.search(r":\+[\d.]*[.\d]f\b", file.read_text("utf-8"))
    ]
    assert loose == []
    assert len(files) > 300


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("r nan", "no number"),
        ("up to inf", "no number"),
        ("[-0.00, 0.12]", "a zero with a sign"),
        ("+0.0 points", "a zero with a sign"),
        ("[-∞, 37 %]", "an end that is none"),
        ("0.000 (1 %)", "a zero with a share"),
        ("seen in 1 families", "one of many"),
        ("(p 0.000, power", "a p of zero"),
    ],
)
def test_each_trap_is_seen(text, kind):
    assert kind in traps_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "forum-00",
        "-0.05",
        "+0.01 pp",
        "11 families",
        "p 0.001",
        "10.000 (2",
        "1 family",
        "information",
    ],
)
def test_what_is_none_is_not_seen(text):
    assert not traps_in(text)


@pytest.mark.parametrize("value", [-1e-9, 0.0, -0.0, 1e-9])
@pytest.mark.parametrize("digits", [0, 1, 3])
def test_numbers_come_without_traps(value, digits):
    for page in (
        signed(value, digits),
        signed(value, digits, plus=True),
        interval(value, math.inf),
        interval(-math.inf, value),
        f"p {p_value(abs(value))}",
    ):
        assert not traps_in(page)
