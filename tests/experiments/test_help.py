"""Every command's help: an example that works as typed, defaults, choices, 80 columns; and what a
misspelt word costs."""

import argparse
import re
import shlex
import shutil
import subprocess

import pytest

from nullcline import dynamics
from nullcline.common.nearest import nearest, there_are
from nullcline.experiments.cli import command_parser, main
from nullcline.experiments.parsers import Command, Commands


def walked(parser, path=()):
    """(words of the command, its parser), of all commands and of those in them."""
    if isinstance(parser, Command):
        parser.load()
    yield " ".join(path), parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from walked(inner, (*path, name))


PARSERS = dict(walked(command_parser()))
COMMANDS = {path: parser for path, parser in PARSERS.items() if path}
OPTIONS = [
    (path, action)
    for path, parser in COMMANDS.items()
    for action in parser._actions
    if action.option_strings and action.nargs != 0
]


def words(text):
    return " ".join(text.split())


def test_all_commands_are_walked():
    assert {"diagnose", "ode fit", "organisms train", "completion"} <= set(COMMANDS)
    assert len(OPTIONS) > 100


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_has_an_example_that_parses(path):
    begin, _, line = (COMMANDS[path].epilog or "").partition("example: nullcline ")
    assert begin == ""
    assert line.startswith(path)
    typed = shlex.split(line.partition(" > ")[0])
    assert command_parser().parse_args(typed).command == typed[0]


@pytest.mark.parametrize(("path", "action"), OPTIONS, ids=lambda x: getattr(x, "dest", x))
def test_an_option_says_its_default(path, action):
    assert action.required or "(default: " in (action.help or ""), f"{path} {action.dest}"


@pytest.mark.parametrize("path", PARSERS)
def test_help_fits_80_columns_and_lists_choices(path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = PARSERS[path].format_help()
    assert max(map(len, text.splitlines())) <= 80
    for action in PARSERS[path]._actions:
        if action.choices is not None:
            missing = [one for one in map(str, action.choices) if one not in words(text)]
            assert not missing, action.dest


def test_the_tables_of_the_help_are_those_that_are_shipped():
    text = words(COMMANDS["diagnose"].format_help())
    listed = text.partition("a shipped table: ")[2].partition(" (default")[0].split(", ")
    assert "organisms" in listed
    assert set(dynamics.table_names()) | {"post_training"} == set(listed)
    for name in listed:
        dynamics.load_table(name)


def test_the_help_groups_all_commands_by_use(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    top = PARSERS[""]
    assert isinstance(top, Commands)
    lines = top.format_help().splitlines()
    first = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != "-"]
    start = first.count("nullcline")
    assert first == ["nullcline"] * start + list(top._commands.choices)  # each on one line
    assert sum(line.endswith(":") for line in lines) == 7


def test_the_help_says_where_to_start_and_all_of_it_runs(capsys, tmp_path, monkeypatch):
    lines = (
        PARSERS[""].format_help().partition("start here:\n")[2].partition("\n\n")[0].splitlines()
    )
    typed = [re.split(r"  +", line.strip())[0] for line in lines]
    assert len(typed) == 4
    monkeypatch.chdir(tmp_path)
    for one in typed:
        command, _, file = one.removeprefix("nullcline ").partition(" > ")
        quick = ["--n-boot", "100"] if command.startswith("diagnose") else []
        assert main([*shlex.split(command), *quick]) == 0
        out = capsys.readouterr().out
        assert "tax" in out or file
        if file:
            (tmp_path / file).write_text(out, encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("diagnos", "nullcline: no command 'diagnos'; nearest: diagnose; nullcline --help lists"),
        ("organisms trian", "nullcline organisms: no action 'trian'; nearest: train; there are"),
        ("diagnose --tabel uniform", "nullcline diagnose: no option --tabel; nearest: --table;"),
        ("steer m --vectr v", "nullcline steer: no option --vectr; nearest: --vector;"),
        ("diagnose --along token", "--along token: no such choice; nearest: tokens; there are"),
        ("ode fit --degree 7", "--degree 7: no such choice; there are 1, 2, 3"),
        ("diagnose --table unifrom", "--table unifrom: no such choice; nearest: uniform; there"),
        ("truth m --method mean", "--method mean: no such choice; nearest: mass-mean; there are"),
        ("heads m --set citys", "--set citys: no such choice; nearest: cities; there are"),
        (
            "diagnose --family Pithia",
            "--family Pithia: no such family in uniform; nearest: Pythia;",
        ),
        ("ode fit --family Pithia", "--family Pithia: no such family in uniform; nearest: Pythia;"),
        ("ode predict --holdout pithia", "no family 'pithia'; nearest: Pythia; there are"),
        ("diagnose --truth truthfulqa_mc3", "'truthfulqa_mc3'; nearest: truthfulqa_mc2; there are"),
        ("ode fit --benchmarks helaswag", "'helaswag'; nearest: hellaswag; there are"),
        ("plan --truth truthfulqa", "'truthfulqa'; nearest: truthfulqa_mc2; there are"),
        ("heads organism:heds-64", "no organism 'heds-64'; nearest: heads-64"),
        ("heads heads-64 --offline", "no model 'heads-64' (nearest: organism:heads-64)"),
        ("explain gat", "no term 'gat'; nearest: gate; nullcline explain lists all"),
        ("organisms train wbe", "no recipe 'wbe'; nearest: web; there are"),
        ("organisms show web-17", "no organism and no folder 'web-17'; nearest: web-1"),
        ("organisms compare --family wb", "no family 'wb' to compare; nearest: web; there are"),
        ("run diagnos", "no study 'diagnos'; nearest: diagnose; there are"),
        ("completion fsh", "no shell 'fsh'; nearest: fish; there are bash, zsh, fish"),
        ("status a b", "too many arguments: b"),
    ],
)
def test_a_misspelt_word_costs_one_line_with_the_nearest(typed, said, capsys):
    try:
        status = main(shlex.split(typed))
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert [line for line in err.splitlines()[:-1] if " s  " not in line] == []  # but progress


def test_the_nearest_comes_first_whatever_its_case_and_what_is_far_is_left_out():
    assert nearest("PITHIA", ["Phi", "Pythia", "OPT"]) == ["Pythia"]
    assert nearest("--tabel", ["--table", "--all", "--help"]) == ["--table"]
    assert nearest("xyz", ["Pythia"]) == []
    assert there_are("x", []) == "there are none"
    many = [f"model-{i}" for i in range(99)]
    assert there_are("q", many).endswith("model-59, ... (99)")
    assert there_are("q", many, listed_by="nullcline list") == "nullcline list lists all 99"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_its_completion(shell, capsys, tmp_path):
    assert main(["completion", shell]) == 0
    script = tmp_path / "nullcline"
    script.write_text(capsys.readouterr().out)
    text = script.read_text()
    assert all(word in text for word in ("compare-kinds", "checkpoints_5shot", "Pythia"))
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(script)], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_commands_flags_and_choices(capsys, tmp_path):
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "nullcline"
    script.write_text(capsys.readouterr().out)
    ask = (
        f"source {script}; COMP_WORDS=($0 $@); COMP_CWORD=$#; "
        "f=$(complete -p nullcline | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
        '$f nullcline "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$COMP_CWORD-1]}"; '
        'echo "${COMPREPLY[@]}"'
    )

    def completed(*typed):
        done = subprocess.run(["bash", "-c", ask, "nullcline", *typed], capture_output=True)
        return done.stdout.decode().split()

    assert completed("diagn") == ["diagnose"]
    assert completed("diagnose", "--ta") == ["--table"]
    assert completed("diagnose", "--table", "uni") == ["uniform"]
    assert completed("organisms", "tr") == ["train"]
