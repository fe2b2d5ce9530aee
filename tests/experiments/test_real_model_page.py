"""docs/real_model.md says what the shipped records say, and they hold nobody else's text."""

import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
from long_figures import figures

from nullcline.data import shipped
from nullcline.experiments.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "real_model.md"
BLOCKS = figures.blocks_of(PAGE)
RECORDS = sorted(shipped("records").glob("smollm2-*.json"))
#: The published definition's own bound and the search's budget, in the prose beside figures.
GIVEN = {"0.5", "0.1"}

CUE = "The following statements are true and well established."


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.command)
def test_a_table_is_what_the_records_say(block, monkeypatch, capsys):
    program, script, *words = shlex.split(block.command)
    assert (program, script) == ("python", "benchmarks/real_model_page.py")
    monkeypatch.setattr(sys, "argv", [script, *words])
    runpy.run_path(str(ROOT / script), run_name="__main__")
    table = block.body.partition("\n\n*`")[0]
    assert table.strip() == capsys.readouterr().out.strip()


def test_every_table_that_can_be_made_is_there(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["real_model_page.py", "--list"])
    runpy.run_path(str(ROOT / "benchmarks" / "real_model_page.py"), run_name="__main__")
    sections = [shlex.split(block.command)[3] for block in BLOCKS]
    assert sorted(sections) == sorted(capsys.readouterr().out.split())


def numbers_in(text):
    """Numbers with decimals, counts of counts, and shares in per cent."""
    text = text.replace("Apache-2.0", "")
    return set(re.findall(r"\d+\.\d+(?:e-\d+)?|\d+ of \d+|\d+(?= %)", text))


def test_numbers_in_the_prose_stand_in_a_table():
    text, costs, _ = PAGE.read_text("utf-8").partition("## What it costs\n")
    assert costs
    tables = "\n".join(block.body for block in BLOCKS)
    shown = numbers_in(tables) | set(re.findall(r"\d+", tables))
    prose = re.sub(r"<!-- figures(?s:.*?)<!-- end of figures -->", "", text)
    said = numbers_in(prose)
    missing = said - shown - GIVEN
    assert len(said) > 15
    assert not missing


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_says_its_command_and_holds_no_text_and_no_path(path, capsys):
    text = path.read_text("utf-8")
    record = json.loads(text)
    command = shlex.split(record["made_by"])
    if command[0] == "nullcline":
        with pytest.raises(SystemExit) as stopped:
            main([*command[1:], "--help"])
        assert stopped.value.code == 0
        known = capsys.readouterr().out
        assert [word for word in command if word.startswith("--") and word not in known] == []
    else:
        assert (ROOT / command[1]).is_file()
    text = text.replace(CUE, "")  # the project's own sentence
    # Questions end in a mark and answers in a full stop; a path begins with a stroke.
    assert "?" not in text
    assert not re.search(r'"(/|[A-Z]:\\|~)|\. ?"', text)
    assert len(text) < 70_000


def test_the_records_are_of_one_model():
    models = [json.loads(path.read_text("utf-8"))["model"] for path in RECORDS]
    named = [model for model in models if isinstance(model, dict)]
    assert len({model["fingerprint"] for model in named}) == 1
    assert all(model["quantisation"] == "Q4_1" for model in named)
