"""Figures of the pages that take long carry the command and the commit that made them."""

import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
from long_figures import figures

from nullcline.experiments.cli import main

ROOT = Path(__file__).parents[2]


BLOCKS = [block for page in figures.pages() for block in figures.blocks_of(page)]
PAGE = """Before.

<!-- figures: python a.py --b -->
| 1 |

*`python a.py --b`, commit 0123456789.*
<!-- end of figures -->

After, `x`.
"""


def named(block):
    return f"{block.page.stem} {block.command}"


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_a_long_block_names_its_command_and_its_commit(block):
    assert block.made_by == block.command
    assert block.commit is not None


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_the_command_of_a_long_block_is_still_one(block, monkeypatch, capsys):
    """Scripts name their designs and stop; an option or a design that is gone is an error."""
    program, *words = shlex.split(block.command)
    if program == "python":
        script, *options = words
        assert options.pop() == "--markdown"
        monkeypatch.syspath_prepend(ROOT / "benchmarks")
        monkeypatch.setattr(sys, "argv", [script, *options, "--list"])
        runpy.run_path(str(ROOT / script), run_name="__main__")
        assert capsys.readouterr().out.splitlines()
    else:
        assert program == "nullcline"
        with pytest.raises(SystemExit) as stopped:
            main([*words, "--help"])
        assert stopped.value.code == 0
        known = capsys.readouterr().out
        assert [word for word in words if word.startswith("--") and word not in known] == []


def test_a_design_that_is_gone_is_an_error(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.setattr(sys, "argv", ["coverage.py", "--designs", "nowhere", "--list"])
    with pytest.raises(SystemExit, match="no design holds nowhere"):
        runpy.run_path(str(ROOT / "benchmarks" / "coverage.py"), run_name="__main__")


def coverage_of(words, monkeypatch, capsys):
    """Design -> row of the coverage study, two tables per design."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.setattr(
        sys, "argv", ["coverage.py", *words, "--sims", "2", "--workers", "1", "--json"]
    )
    runpy.run_path(str(ROOT / "benchmarks" / "coverage.py"), run_name="__main__")
    return {row["design"]: row for row in json.loads(capsys.readouterr().out)}


def test_numbers_of_a_design_do_not_depend_on_the_others(monkeypatch, capsys):
    place = ["--section", "place", "--designs", "planted table"]
    both = coverage_of(place, monkeypatch, capsys)
    one = coverage_of([*place, "noise 2.0"], monkeypatch, capsys)
    last = "planted table, noise 2.0 pp"
    alone = coverage_of(["--section", "place", "--designs", last], monkeypatch, capsys)
    other = coverage_of([*place, "--seed", "1"], monkeypatch, capsys)
    assert len(both) == len(one) == 2
    assert list(alone) == [last]
    assert both[last] == one[last] == alone[last]
    assert both[last]["median_width"] != other[last]["median_width"]


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.images], ids=named)
def test_images_of_a_block_are_there(block):
    assert all((block.page.parent / path).is_file() for path in block.images)


def test_every_script_with_designs_fills_a_block():
    commands = {shlex.split(block.command)[1] for block in BLOCKS}
    assert {"benchmarks/coverage.py", "benchmarks/held_out.py"} <= commands


def test_every_marker_of_a_page_belongs_to_a_block():
    for page in figures.pages():
        text = page.read_text("utf-8")
        begun, ended = text.count("<!-- figures:"), text.count("<!-- end of figures")
        assert begun == ended == len(figures.blocks_of(page)), page


def test_a_block_is_put_in_its_place_and_read_again(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE, "utf-8")
    (block,) = figures.blocks_of(page)
    assert (block.made_by, block.commit) == ("python a.py --b", "0123456789")
    page.write_text(figures.with_figures(PAGE, block, "| 2 |\n", "9876543210"), "utf-8")
    (again,) = figures.blocks_of(page)
    assert (again.command, again.commit) == (block.command, "9876543210")
    assert page.read_text("utf-8") == PAGE.replace("| 1 |", "| 2 |").replace(
        "0123456789", "9876543210"
    )


@pytest.mark.parametrize("missing", [r"\*`.*\n", r", commit \w+", r"commit \w+"])
def test_a_block_without_its_stamp_is_seen(missing, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(re.sub(missing, "", PAGE), "utf-8")
    (block,) = figures.blocks_of(page)
    assert block.commit is None
