"""The words of the pages: looked up, found in views, and the same in the docs."""

import json
import re
from pathlib import Path

import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._blocks import lines, view
from nullcline.experiments.dashboard._overview import overview
from nullcline.experiments.glossary import explain, terms, terms_in

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "glossary.md"


def test_every_term_has_a_page_that_is_there_and_no_word_two_meanings():
    words = [word.lower() for term in terms() for word in term.words]
    assert len(words) == len(set(words))
    assert len(terms()) >= 20
    for term in terms():
        assert (ROOT / term.page).is_file(), term
        assert term.text.endswith(".")
        assert len(term.text) < 330


@pytest.mark.parametrize("word", ["gate", "Gate", "shared turn", "held out", "r | N", "γ", "n_c"])
def test_a_word_is_found_in_any_spelling(word):
    assert explain(word).text


def test_a_word_that_is_not_there_costs_one_line(capsys):
    assert main(["explain", "gait"]) == 2
    assert capsys.readouterr().err.startswith("nullcline: no term 'gait'; nearest: gate")


def test_the_command_says_one_term_or_all(capsys):
    assert main(["explain", "within", "R²"]) == 0
    one = capsys.readouterr().out
    assert one.startswith("within R²")
    assert "docs/calibration.md" in one
    assert main(["explain"]) == 0
    everything = capsys.readouterr().out
    assert max(map(len, everything.splitlines())) <= 80
    assert everything.count("more: docs/") == len(terms())
    assert main(["explain", "tax", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["terms"][0]["name"] == "tax"


def test_a_page_is_named_only_where_it_is(capsys, tmp_path, monkeypatch):
    """pip installs no docs/, and there the text alone must do."""
    monkeypatch.setattr("nullcline.experiments.commands.explain.shipped", lambda: tmp_path / "data")
    assert main(["explain"]) == 0
    assert "docs/" not in capsys.readouterr().out


def test_terms_are_found_as_whole_words():
    names = {term.name for term in terms_in("The gate is shut; h is small; q = 0.03.")}
    assert names == {"gate", "h", "false-discovery rate"}
    assert terms_in("taxonomy, gatekeeper, with, queue") == ()


def test_a_view_ends_with_the_words_that_it_uses():
    made = view("Title", "question", [lines("A tax, said at a margin."), None])
    assert [block["kind"] for block in made["blocks"]] == ["lines", "details"]
    assert "tax: A coupling below -0.1" in json.dumps(made)
    assert "margin: How small" in json.dumps(made)
    assert len(view("Title", "question", [lines("Nothing here.")])["blocks"]) == 1
    shown = overview(dynamics.diagnose(dynamics.load_table("published"), n_boot=200))
    assert "Words on this page" in json.dumps(shown["blocks"][-1])


def test_the_page_of_the_docs_has_the_same_words():
    text = PAGE.read_text(encoding="utf-8")
    found = dict(
        re.findall(r"^\*\*(.+?)\*\*(?: \(.*\))?: (.*) \[more\]\(.*\)$", text, re.MULTILINE)
    )
    assert found == {term.name: term.text for term in terms()}
