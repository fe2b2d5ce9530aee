"""The command line as a user meets it: what goes where, and what a mistake costs."""

import json

import pytest

from nullcline.experiments.cli import main
from nullcline.experiments.commands._flags import with_flags

GOOD = (
    "family,model,params,hellaswag,truthfulqa_mc2\na,a-1,1B,40,49\na,a-2,3B,55,43\na,a-3,9B,70,37\n"
)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(GOOD)
    return path


def complaint(capsys, *arguments):
    """The one line on stderr of a run that must end with status 2 and nothing on stdout."""
    try:
        status = main([str(a) for a in arguments])
    except SystemExit as exit_:  # argparse's own way
        status = exit_.code
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.startswith("diagnose ")]
    assert status == 2
    assert out == ""
    assert len(lines) == 1, err
    return lines[0]


def test_json_is_alone_on_stdout(table, capsys):
    assert main(["diagnose", str(table), "--json", "--n-boot", "200"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["models"] == 3
    assert result["by_family"][0]["phase"] == "tax"
    assert "families" in err  # progress


def test_a_page_for_people(table, capsys):
    assert main(["diagnose", str(table), "--n-boot", "200"]) == 0
    out = capsys.readouterr().out
    assert "mine.csv: HellaSwag × TruthfulQA MC2, 3 models, 1 family" in out
    assert "tax" in out


def test_a_record_holds_what_made_it(table, tmp_path, capsys):
    folder = tmp_path / "out"
    arguments = ["diagnose", str(table), "--json", "--n-boot", "200", "--out", str(folder)]
    assert main(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    record = json.loads((folder / "record.json").read_text())
    assert record["result"] == printed
    assert record["settings"]["estimator"] == {"n_boot": 200, "seed": 0}
    assert set(record["inputs"]) == {"mine.csv"}
    assert len(record["inputs"]["mine.csv"]) == 64
    assert {"code", "packages", "key"} <= set(record)
    job = json.loads((folder / "job.json").read_text())
    assert {"seconds", "peak_memory_bytes", "host"} <= set(job)  # what two runs differ in
    assert (folder / "phase_diagram.png").read_bytes().startswith(b"\x89PNG")
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]
    assert main(arguments) == 0
    again = json.loads((folder / "record.json").read_text())
    assert again["result"] == record["result"]


@pytest.mark.parametrize(
    ("content", "row", "word"),
    [
        (b"", None, "empty"),
        (b"\x93\x00\xff\xfe garbage \x00", None, "text"),
        (b"model,params,hellaswag\na,1B,0.3\n", 2, "family"),
        (GOOD.replace("55", "much").encode(), 3, "number"),
        (GOOD.replace("55", "155").encode(), 3, "outside"),
        (GOOD.replace("55", "inf").encode(), 3, "infinite"),
        (GOOD.replace("55", "0.55").encode(), 3, "percent"),
        (GOOD.replace("3B", "0").encode(), 3, "params"),
        (GOOD.replace("55,", "55,1,").encode(), 3, "cells"),
    ],
)
def test_a_bad_table_costs_one_line(content, row, word, tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    out = tmp_path / "out"
    line = complaint(capsys, "diagnose", path, "--out", out)
    assert "bad.csv" in line
    assert word in line
    assert row is None or f"row {row}:" in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["diagnose", "nowhere.csv"], "nowhere.csv: "),
        (["diagnose", "--table", "nothing"], "uniform"),
        (["diagnose", "--family", "Nobody"], "Pythia"),
        (["diagnose", "--truth", "nothing"], "truthfulqa_mc2"),
        (["diagnose", "--n-boot", "3"], "100"),
        (["diagnose", "--n-boot", "many"], "invalid int"),
        (["diagnose", "--seed", "-1"], "seed"),
        (["nothing"], "no command 'nothing'"),
        ([], "COMMAND"),
    ],
)
def test_a_wrong_word_costs_one_line(arguments, word, capsys):
    assert word in complaint(capsys, *arguments)


def test_an_empty_folder_is_named(tmp_path, capsys):
    assert str(tmp_path) in complaint(capsys, "diagnose", tmp_path)


def test_a_folder_that_cannot_be_written_is_named(table, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    line = complaint(capsys, "diagnose", table, "--n-boot", "200", "--out", blocked / "out")
    assert str(blocked) in line


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("not on this disk (offline=True)", "not on this disk (--offline)"),
        ("find one with where='everywhere'", "find one with --where everywhere"),
        ("find one with sites=['block']", "find one with --site block"),
        ("n_boot is 5; give 100 or more", "--n-boot is 5; give 100 or more"),
        ("runs/n_boot/a.csv: name=x is no family", "runs/n_boot/a.csv: name=x is no family"),
    ],
)
def test_parameters_of_the_libraries_are_called_by_their_flags(message, said):
    assert with_flags(message) == said
