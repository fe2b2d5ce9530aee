"""What `nullcline diagnose` prints: the answer first, on one screen, in colours."""

import dataclasses
import io
import json
import re
import sys

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.studies.diagnosis import (
    by_evidence,
    diagnosis_to_sentences,
    diagnosis_to_short,
    diagnosis_to_text,
    three_sentences,
)
from nullcline.experiments.text import text_width

CODES = re.compile(r"\x1b\[\d+m")
ENDLESS = re.compile(r"\[-?∞|∞\]|\[0,|nan")
ARC = {"reasoning": "arc_easy", "truth": "crows_pairs_english"}
#: Shipped tables with a pair to look at, and the clock.
SHIPPED = {
    "uniform": {},
    "uniform along flops": {"along": "flops"},
    "leaderboard": {},
    "published": {},
    "organisms": {},
    "safety": {},
    "shapes": {"reasoning": "arc_challenge", "truth": "hellaswag"},
    "checkpoints": ARC | {"along": "tokens"},
    "checkpoints_5shot": {"reasoning": "arc_easy", "truth": "piqa", "along": "step"},
}
SIZES = np.linspace(8.0, 11.0, 8)


def family(name, truth, *, shift=0.0, sizes=SIZES, noise=0.002):
    """CSV rows of a family; reasoning rises with size, truth is a function of it."""
    generator = np.random.default_rng(sum(name.encode()))
    xs = 0.6 + shift + 0.12 * (sizes - 9.5)
    ys = truth(xs) + generator.normal(0, noise, len(sizes))
    return [
        f"{name},{name}-{i},{10**s:.0f},{x:.4f},{y:.4f}"
        for i, (s, x, y) in enumerate(zip(sizes, xs, ys, strict=True))
    ]


def table_of(folder, *families, header="family,model,params,hellaswag,truthfulqa_mc2"):
    path = folder / "t.csv"
    path.write_text("\n".join([header, *(row for rows in families for row in rows)]) + "\n")
    return path


def turning(x):
    return 0.4 + 0.8 * abs(x - 0.6)


def falling(x):
    return 0.7 - 0.6 * x


def diagnosed(path, **how):
    return dynamics.diagnose(dynamics.read_scores(path), n_boot=200, **how)


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    names = [("elm", 0.0), ("oak", 0.02), ("ash", -0.02), ("yew", 0.01)]
    folder = tmp_path_factory.mktemp("turned")
    return table_of(folder, *(family(name, turning, shift=by) for name, by in names))


@pytest.fixture(scope="module")
def fallen(tmp_path_factory):
    names = [("elm", 0.0), ("oak", 0.02), ("ash", -0.02), ("yew", 0.01)]
    folder = tmp_path_factory.mktemp("fallen")
    return table_of(folder, *(family(name, falling, shift=by) for name, by in names))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal(monkeypatch, *words, columns="80", **environment):
    """What `nullcline WORDS` writes to a terminal."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": columns, **environment}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        assert main([str(word) for word in words]) == 0
    return terminal.getvalue()


@pytest.mark.slow(reason="diagnoses every shipped table")
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_table_fits_eighty_columns(name):
    how = dict(SHIPPED[name])
    table = dynamics.load_table(name.split()[0])
    if along := how.pop("along", None):
        table = dynamics.along_clock(table, along)
    found = dynamics.diagnose(table, n_boot=200, **how)
    page = diagnosis_to_short(found)
    assert max(map(text_width, page.splitlines())) <= 80
    assert not ENDLESS.search(page.replace("[0, 0]", ""))
    said = three_sentences(found)[1]
    for turn in found.common_turn.values():
        if turn.gate_p >= 0.001:
            assert f"(p {turn.gate_p:.3f}, power {100 * turn.power:.0f} %)" in said
    several = by_evidence(found.families)
    rows = page.split("─\n")[1].splitlines() if several else []
    legend = page.partition("The surest come first")[2].partition("\n\n")[0]
    assert legend.count("\n") <= 4
    assert ("(--full shows all)" in page) == (len(several) > 10)
    if len(several) > 10:
        assert f"and {len(several) - 10} more (--full shows all)" in rows[10]
    assert sum(line.startswith(("Warnings", f"{len(found.warnings)} warning"))
               for line in page.splitlines()) == bool(found.warnings)  # fmt: skip
    for width in (20, 40, 60, 120, 200):
        narrow = diagnosis_to_short(found, width=width, all_warnings=True)
        assert max(map(text_width, narrow.splitlines())) <= width, width


def test_the_sentences_follow_the_data(turned, fallen):
    phases, turns, instead = three_sentences(diagnosed(turned))
    assert phases.startswith("Of 4 families with two sizes or more, none is in tax")
    assert "3 in bonus (yew, elm, oak) and 1 undetermined" in phases
    assert turns.startswith("4 of 4 families with four sizes or more are seen to turn")
    assert "families share a turn along the HellaSwag score at" in turns
    assert instead.startswith("Beside that turn,")

    phases, turns, instead = three_sentences(diagnosed(fallen))
    assert "4 are in tax at the largest models (" in phases
    assert {"elm", "oak", "ash", "yew"} <= set(re.findall(r"[a-z]+", phases))
    assert turns.startswith("None of 4 families with four sizes or more is seen to turn")
    assert "a turn that families share cannot be tested along the HellaSwag score or log N" in turns
    assert instead.startswith("What the scores show instead")


def test_level_is_what_is_shown_where_slopes_go_with_it(tmp_path):
    slopes = {f"f{i}": (0.03 * i, -0.6 + 0.4 * i) for i in range(5)}
    path = table_of(
        tmp_path,
        *(
            family(name, lambda x, by=by, of=of: 0.4 + of * (x - 0.6 - by), shift=by)
            for name, (by, of) in slopes.items()
        ),
    )
    _, _, instead = three_sentences(diagnosed(path))
    assert "is level: families that score higher have a higher coupling (+" in instead
    assert "in 5 families of 5 models or more the scores correlate at |r| > .9" in instead


def test_the_surest_phase_stands_first_and_two_models_behind(tmp_path):
    path = table_of(
        tmp_path,
        family("steep", lambda x: 0.9 - 1.0 * x),
        family("pair", lambda x: 0.8 - 0.8 * x, sizes=np.array([8.0, 11.0])),
        family("soft", lambda x: 0.6 - 0.5 * x),
        family("flat", lambda x: 0.4 - 0.1 * x),
    )
    found = diagnosed(path)
    assert [f.family for f in by_evidence(found.families)] == ["steep", "soft", "pair", "flat"]
    assert [f.phase for f in by_evidence(found.families)] == ["tax"] * 3 + ["undetermined"]
    assert "1 of the 3 calls rests on two models" in three_sentences(found)[0]
    assert "phases that rest on two models last" in diagnosis_to_short(found)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["elm,elm-1,1e9,.5,.4", "elm,elm-2,3e9,.6,.39"], "elm is undetermined at the largest"),
        (["elm,elm-1,1e9,.5,.4", "oak,oak-2,3e9,.6,.3"], "No family has two sizes"),
        (["elm,elm-1,1e9,.5,.4", "elm,elm-2,3e9,.5,.3"], "[unbounded]"),
    ],
)
def test_two_models_are_a_page_too(rows, said, tmp_path):
    page = diagnosis_to_short(diagnosed(table_of(tmp_path, rows)))
    assert max(map(text_width, page.splitlines())) <= 80
    assert said in " ".join(page.split())
    assert "There are too few families to say whether coupling goes with their level" in " ".join(
        page.split()
    )
    assert page.count("nullcline explain") == (said != "No family has two sizes")


def test_one_end_alone_is_said_in_words(turned):
    found = diagnosed(turned)
    turn = dataclasses.replace(
        found.common_turn["reasoning"],
        place=0.5,
        low=-np.inf,
        high=0.37,
    )
    open_ended = dataclasses.replace(found, common_turn={"reasoning": turn})
    sentence = three_sentences(open_ended)[1]
    assert "at 50.0 % [no lower end, 37.0 %]" in sentence
    assert "[no lower end, 37.0 %]" in diagnosis_to_text(open_ended)


def test_dates_are_a_clock_too(tmp_path):
    rows = [
        f"{name},{name}-{i},{i + 1}e9,0.{4 + i},0.{45 - 3 * i},202{i}-0{i + 1}-01"
        for name in ("elm", "oak")
        for i in range(4)
    ]
    path = table_of(tmp_path, rows, header="family,model,params,hellaswag,truthfulqa_mc2,date")
    page = diagnosis_to_short(diagnosed(path, along="date"))
    assert "2 are in tax at the latest models" in " ".join(page.split())
    assert "2020-01–2023-04" in page
    assert "sizes" not in page


def test_quiet_is_the_sentences_and_full_the_whole_page(fallen, capsys):
    words = ["diagnose", str(fallen), "--n-boot", "200"]
    found = diagnosed(fallen)
    pages = {}
    for flag in ("--quiet", "--full", None):
        assert main(words + ([flag] if flag else [])) == 0
        pages[flag] = capsys.readouterr().out.rstrip("\n")
    assert pages["--quiet"] == diagnosis_to_sentences(found)
    assert pages["--full"] == diagnosis_to_text(found)
    assert pages[None] == diagnosis_to_short(found)
    assert pages["--quiet"] in pages[None]


def test_warnings_are_a_line_of_counts_or_all_of_them(tmp_path, capsys):
    path = table_of(tmp_path, family("elm", falling), family("elm", falling)[:3])
    many = len(diagnosed(path).warnings)
    assert many > 3
    for flags in ([], ["--full"]):
        assert main(["diagnose", str(path), "--n-boot", "200", "--all-warnings", *flags]) == 0
        page = capsys.readouterr().out
        assert len(re.findall(r": row \d+:", page)) == many
        assert f"Warnings ({many})" in page
    assert main(["diagnose", str(path), "--n-boot", "200"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(rf"{many} warnings: .* \(--all-warnings shows them\)", last)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--quiet", "--all-warnings"], "--quiet prints no warnings"),
        (["--quiet", "--compare-kinds"], "leave out --compare-kinds"),
        (["--full", "--compare-kinds"], "leave out --compare-kinds"),
    ],
)
def test_flags_that_do_not_go_together(flags, said, capsys):
    assert main(["diagnose", *flags]) == 2
    assert said in capsys.readouterr().err


def test_colour_goes_to_a_terminal_alone(fallen, monkeypatch, capsys):
    words = ["diagnose", fallen, "--n-boot", "200"]
    painted = on_terminal(monkeypatch, *words)
    assert painted.count("\x1b[31mtax\x1b[0m") == 4
    plain = CODES.sub("", painted)
    assert main([str(word) for word in words]) == 0
    assert capsys.readouterr().out == plain
    assert on_terminal(monkeypatch, *words, NO_COLOR="1") == plain
    assert on_terminal(monkeypatch, *words, TERM="dumb") == plain
    assert on_terminal(monkeypatch, *words, "--full").count("\x1b[31mtax\x1b[0m") == 4
    assert json.loads(on_terminal(monkeypatch, *words, "--json"))["models"] == 32


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_the_page_is_as_wide_as_the_terminal(columns, fallen, monkeypatch):
    page = CODES.sub("", on_terminal(monkeypatch, "diagnose", fallen, "--n-boot", "200",
                                     columns=columns))  # fmt: skip
    widest = max(map(text_width, page.splitlines()))
    assert widest <= int(columns)
    assert widest > min(int(columns), 100) - 20


@pytest.mark.parametrize("flags", [[], ["--full"], ["--quiet"], ["--all-warnings"]])
def test_names_from_a_file_do_not_command_the_terminal(flags, tmp_path, monkeypatch):
    name = "el\x1b[2Jm\x07\u202e\x9b31m" + "家族" * 30
    path = table_of(tmp_path, family(name, falling), family(name, falling)[:2])
    page = on_terminal(monkeypatch, "diagnose", path, "--n-boot", "200", *flags, NO_COLOR="1")
    assert "el" in page
    assert not set(page) & set("\x1b\x07\u202e\x9b")
    if "--full" not in flags:
        assert max(map(text_width, page.splitlines())) <= 80


@pytest.mark.slow(reason="runs every study twice")
@pytest.mark.parametrize(
    ("command", "study"),
    [
        ("diagnose --family Pythia --n-boot 200", "diagnose family=pythia estimator.n_boot=200"),
        (
            "heads organism:deep-10 --count 20 --top 2",
            "attribute_heads model.name=organism:deep-10 pairs.count=20 top=2",
        ),
        (
            "ode fit --family Pythia --benchmarks hellaswag truthfulqa_mc2 --members 100",
            "fit_dynamics family=pythia benchmarks=[hellaswag,truthfulqa_mc2] members=100",
        ),
        ("ode predict --holdout OPT", "predict_family holdout=OPT"),
    ],
)
def test_a_study_under_hydra_prints_the_page_of_its_command(
    command, study, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 0
    page = capsys.readouterr().out
    assert main(["run", *study.split()]) == 0
    assert capsys.readouterr().out == page
    assert max(map(text_width, page.splitlines())) <= 80
