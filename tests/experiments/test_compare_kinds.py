"""`nullcline diagnose --compare-kinds`: the page, the JSON, a table of one's own, mistakes."""

import json

import pytest
from planted_tuning import planted_pairs

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._kinds import kinds_block
from nullcline.experiments.formats import plain


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "mine.csv"
    planted_pairs(4, gain=0.05, noise=0.001, family_sd=0.001).to_csv(path, index=False)
    return path


def test_the_page_of_the_shipped_pairs_fits_a_terminal(capsys):
    assert main(["diagnose", "--compare-kinds"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    found = dynamics.compare_kinds(dynamics.load_table("post_training"))
    assert f"by {100 * found.gain.mean:+.1f} pp" in out
    assert all(family.family in out for family in found.families)
    assert "benchmarks' own questions" in out  # contamination
    assert f"({len(found.broken)})" in out


def test_a_table_of_ones_own_is_compared_instead(own, capsys):
    assert main(["diagnose", str(own), "--compare-kinds", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["table"] == "mine.csv"
    assert result["gain"]["pairs"] == len(result["pairs"]) == 20
    assert result["gain"]["mean"] == pytest.approx(0.05 - 0.0008, abs=0.004)
    assert result["across_tunes"] == []
    assert {f["family"] for f in result["by_family"]} == {f"Elm {i}" for i in range(4)}
    assert result["coupling"]["difference"]["low"] < 0 < result["coupling"]["difference"]["high"]


def test_names_say_the_kind_where_no_column_does(own, tmp_path, capsys):
    frame = planted_pairs(3, gain=0.05).drop(columns="kind")
    frame.to_csv(tmp_path / "named.csv", index=False)
    assert main(["diagnose", str(tmp_path / "named.csv"), "--compare-kinds", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gain"]["pairs"] == 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--table", "organisms"], "no base model beside a tuned one"),
        (["--report", "r.html"], "--report: holds the views of a diagnosis"),
        (["--truth", "mmul"], "mmul"),
        (["--family", "Nobody"], "--family Nobody: no such family in post_training"),
    ],
)
def test_mistakes_cost_one_line(arguments, words, capsys):
    assert main(["diagnose", "--compare-kinds", *arguments]) == 2
    out, err = capsys.readouterr()
    (line,) = [line for line in err.splitlines() if not line.startswith("diagnose ")]
    assert out == ""
    assert words in line


def test_the_block_shows_a_tables_own_pairs_or_the_shipped_ones(own):
    pair = {"reasoning": "hellaswag", "truth": "truthfulqa_mc2"}
    mine = kinds_block(dynamics.read_scores(own), **pair)
    json.dumps(plain(mine), allow_nan=False)
    assert "of this table" in mine["title"]
    assert "4 families" in str(mine)
    shipped = kinds_block(dynamics.load_table("leaderboard"), **pair)
    assert "the shipped pairs" in shipped["title"]
    assert "Mistral-7B-v0.1" in str(shipped)
