"""Every fenced block of README.md and docs/ is of a kind that something holds to the program."""

import ast
import contextlib
import io
import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from nullcline import dynamics, interp, organisms

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
#: What a reader types or what is shown as it is written, and the shapes of files.
SOURCE, FILES = {"bash", "python", "math", "bibtex", "sql"}, {"csv", "json", "yaml"}
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_STAMPED = re.compile(r"<!-- figures: .*? -->.*?<!-- end of figures -->", re.DOTALL)
_MEASURED = re.compile(r"`(python\s+benchmarks/[^`]*)`")


def blocks(text):
    """(kind of the fence, what it holds, the paragraph before it) of all blocks outside stamps."""
    text = _STAMPED.sub("", text)
    for fence in _FENCE.finditer(text):
        yield fence[2], fence[3], text[: fence.start()].rstrip().rpartition("\n\n")[2]


def held_by(kind, block, before):
    """What holds a block: None where nothing does, so that it may show what is no longer so."""
    if kind in SOURCE | FILES:
        return kind
    if kind == "console" and block.startswith("$ nullcline "):
        return "command"  # run and compared by test_pages.py
    if kind == "text" and _MEASURED.search(before):
        return "measured"  # times of one machine, by a script that the text names
    return None


BLOCKS = [(page, *one) for page in PAGES for one in blocks(page.read_text("utf-8"))]


def of_kind(wanted):
    found = [(page, block, before) for page, kind, block, before in BLOCKS if kind == wanted]
    return pytest.mark.parametrize(
        ("page", "block", "before"), found, ids=[one[0].stem for one in found]
    )


def test_every_block_is_held():
    loose = [(page.name, block) for page, *one in BLOCKS for block in one[1:2] if not held_by(*one)]
    assert loose == []
    assert len(BLOCKS) > 80


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("```console\n$ nullcline diagnose\nuniform\n```", "command"),
        ("By `python benchmarks/x.py --n 3`:\n\n```text\n1 s\n```", "measured"),
        ("What it prints:\n\n```text\nuniform: 147 models\n```", None),
        ("```console\nuniform: 147 models\n```", None),
        ("```\nuniform: 147 models\n```", None),
        ("```csv\na,b\n```", "csv"),
    ],
)
def test_output_that_nothing_holds_is_seen(text, held):
    (one,) = blocks(text)
    assert held_by(*one) == held


@of_kind("text")
def test_what_is_measured_names_a_script_with_these_options(page, block, before, monkeypatch):
    script, *options = shlex.split(_MEASURED.findall(before)[-1])[1:]
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / script), run_name="__main__")
    assert stopped.value.code == 0
    flags = [word for word in options if word.startswith("--")]
    assert [flag for flag in flags if flag not in out.getvalue()] == []


@of_kind("python")
def test_python_of_a_page_names_what_there_is(page, block, before):
    packages = {"dynamics": dynamics, "interp": interp, "organisms": organisms}
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            package = packages.get(node.value.id)
            assert package is None or hasattr(package, node.attr), f"{page.name}: {node.attr}"


@of_kind("json")
def test_json_of_a_page_is_json(page, block, before):
    assert json.loads(block)
