"""`nullcline ode fit FILE --time ...` as a user meets it."""

import json

import numpy as np
import pytest
from planted_systems import lotka_volterra, measured, write_rows

from nullcline.experiments.cli import main


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Two noisy runs in one file, rows shuffled, some cells empty."""
    rng, rows = np.random.default_rng(0), []
    for run, x0 in enumerate(([10, 5], [4, 2])):
        t = np.sort(rng.uniform(0, 15, 70))
        for at, x in zip(t, measured(lotka_volterra, x0, t, noise=0.02, seed=run), strict=True):
            cells = [None if rng.random() < 0.05 else round(float(v), 5) for v in x]
            rows.append((round(float(at), 5), *cells, f"run {run}"))
    rows = [rows[i] for i in rng.permutation(len(rows))]
    path = tmp_path_factory.mktemp("files") / "trajectories.csv"
    return write_rows(path, ("t", "prey", "predator", "run"), rows)


def typed(file, *more):
    return ["ode", "fit", file, "--time", "t", "--trajectory", "run", "--degree", "2", *more]


def test_equations_come_back_as_terms_text_and_latex_with_a_figure(file, tmp_path, capsys):
    assert main(typed(file, "--states", "prey", "predator", "--json", "--out", str(tmp_path))) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["result"] == "successful"
    prey, predator = found["equations"]
    assert prey["state"] == "prey"
    # 2 % noise on 140 rows: coefficients are known to about half a percent.
    assert prey["terms"] == pytest.approx({"prey": 1.1, "prey*predator": -0.4}, rel=0.03)
    assert predator["terms"] == pytest.approx({"predator": -0.4, "prey*predator": 0.1}, rel=0.03)
    assert prey["text"].startswith("d prey/dt = ")
    assert prey["latex"].startswith("\\frac")
    assert found["nearest"] == []
    assert min(found["held_out"]["r2"].values()) > 0.9
    assert found["points"] == 140
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["result"] == found
    for ending in ("png", "svg"):
        assert (tmp_path / f"simulation.{ending}").stat().st_size > 1000


def test_the_page_fits_80_columns_and_says_the_verdict_first(file, capsys):
    assert main(typed(file, "--bound", "prey: prey*predator <= 0")) == 0
    out = capsys.readouterr().out
    assert "Structure found (polynomial of degree 2)" in out
    assert all(len(line) <= 80 for line in out.splitlines() if "frac" not in line)


@pytest.mark.slow(reason="searches an equation to the end")
def test_a_term_that_is_not_in_the_library_is_no_structure_found(file, capsys):
    arguments = ["ode", "fit", file, "--time", "t", "--trajectory", "run", "--degree", "1"]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["result"], found["verdict"]) == ("no_structure_found", "no structure found")
    assert found["equations"] == []
    assert [one["state"] for one in found["nearest"]] == ["prey", "predator"]
    assert found["reason"]
    assert main(arguments) == 0
    assert "No structure found: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--states", "a"], "--time"),
        (["--time", "x"], "'x' is not there"),
        (["--time", "t", "--bound", "nonsense"], "not understood"),
        (["--time", "t", "--strength", "1"], "--penalty"),
        (["--time", "t", "--table", "uniform"], "--table"),
        (["--time", "t", "--family", "Pythia"], "--family"),
    ],
)
def test_a_wrong_word_costs_one_line(file, arguments, word, capsys):
    assert main(["ode", "fit", file, *arguments]) == 2
    out, err = capsys.readouterr()
    said = [line for line in err.splitlines() if not line.startswith("ode ")]
    assert out == ""
    assert len(said) == 1
    assert word in said[0]


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("t,x,y", "add it to the header, or give --time t if its rows are trajectories"),
        ("Time;x;y", "add it to the header, or give --time Time if its rows are trajectories"),
        ("age,x,y", "add it to the header"),
        ("t,x,word", "add it to the header, or give --time t if its rows are trajectories"),
        ("t,word", "add it to the header"),
    ],
)
def test_a_table_without_models_but_with_a_clock_hints_at_time(header, hint, tmp_path, capsys):
    mark = ";" if ";" in header else ","
    cells = ["a" if name == "word" else "0.5" for name in header.split(mark)]
    (tmp_path / "runs.csv").write_text(f"{header}\n{mark.join(cells)}\n")
    assert main(["ode", "fit", str(tmp_path / "runs.csv")]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("ode ")]
    assert len(said) == 1
    assert "runs.csv" in said[0]
    assert said[0].endswith(hint)
