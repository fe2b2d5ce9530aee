"""Every number in a page of docs/ that names its command is what that command prints."""

import json
import re
import shlex
from pathlib import Path

import pytest
from replication_page import COMMANDS, replication_rows

from nullcline.experiments.cli import main

ROOT = Path(__file__).parents[2]
REPLICATION = ROOT / "docs" / "replication.md"
POST_TRAINING = ROOT / "docs" / "post_training.md"
README = ROOT / "README.md"


def rows_of(page, column):
    """Label -> cell of one column of the page's tables that have it."""
    found, place = {}, None
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            place = None
        elif column in cells and cells[0] == "":
            place = cells.index(column)
        elif place is not None and not set(line) <= set("|- "):
            found[cells[0]] = cells[place]
    return found


@pytest.mark.parametrize("column", COMMANDS)
def test_the_table_of_the_replication_is_what_the_commands_say(column, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert f"| {column} | `nullcline {COMMANDS[column]}` |" in REPLICATION.read_text("utf-8")
    assert main([*shlex.split(COMMANDS[column]), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert rows_of(REPLICATION, column) == replication_rows(record)


def blocks_of(page):
    """(command, lines that it printed) of each block that begins with `$ nullcline`."""
    blocks = re.findall(r"```console\n\$ nullcline (.*)\n((?:.*\n)*?)```", page.read_text("utf-8"))
    return [(command, text.splitlines()) for command, text in blocks]


@pytest.mark.parametrize(("command", "lines"), [*blocks_of(POST_TRAINING), *blocks_of(README)])
def test_blocks_of_a_page_are_what_their_commands_print(command, lines, capsys, monkeypatch):
    """A line `…` stands for any lines that are left out."""
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)) == 0
    printed = capsys.readouterr().out.splitlines()
    at = 0
    for part in re.split(r"^…$", "\n".join(lines), flags=re.MULTILINE):
        wanted = part.removeprefix("\n").splitlines()
        starts = [i for i in range(at, len(printed)) if printed[i : i + len(wanted)] == wanted]
        assert starts, f"not printed by {command} any more: {part}"
        at = starts[0] + len(wanted)


def test_the_pages_have_blocks_to_check():
    assert len([*blocks_of(POST_TRAINING), *blocks_of(README)]) > 1
    assert len(rows_of(REPLICATION, "both")) > 15
