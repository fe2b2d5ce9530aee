"""`--along` on the command line: what it prints, its JSON, and what it refuses."""

import json

import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._dynamics import dynamics_view

PAIR = ["--reasoning", "arc_easy", "--truth", "crows_pairs_english"]


def said(capsys, *words: str, status: int = 0) -> tuple[str, str]:
    assert main(list(words)) == status
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_diagnosis_along_tokens_bears_the_clock_in_its_json(capsys):
    out, _ = said(capsys, "diagnose", "--table", "checkpoints", "--along", "tokens", *PAIR,
                  "--family", "pythia-70m", "pythia-1b-deduped", "--n-boot", "100",
                  "--json")  # fmt: skip
    record = json.loads(out)
    assert record["along"] == "tokens"
    (family, _) = record["by_family"]
    assert family["points"][-1]["tokens"] == pytest.approx(143000 * 2097152)
    assert "params" not in family["points"][0]
    assert {"tokens", "low", "high", "status"} <= set(family["critical"])
    assert record["clocks"] is None  # two runs are too few to tell clocks apart
    assert {one["axis"] for one in record["common_turn"]} == {"reasoning", "log10_tokens"}


def test_the_page_speaks_of_the_clock_and_not_of_sizes(capsys):
    out, _ = said(capsys, "diagnose", "--table", "checkpoints", "--along", "step", *PAIR,
                  "--full", "--n-boot", "100")  # fmt: skip
    assert "families of two points or more" in out
    assert "r | step" in out
    assert "143K" in out
    assert "log N" in out.partition("What explains ")[2]
    assert "sizes" not in out


def test_the_json_along_sizes_is_as_it_was(capsys):
    out, _ = said(capsys, "diagnose", "--family", "Pythia", "OPT", "--n-boot", "100", "--json")
    family = json.loads(out)["by_family"][0]
    assert {"model", "params", "reasoning", "truth"} == set(family["points"][0])
    assert "params" in family["critical"]
    assert "params" in family["steps"][0]


def test_a_clock_that_the_table_does_not_know_is_one_line(capsys, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("model,params,hellaswag,truthfulqa_mc2\nelm-1b,1B,40,40\nelm-3b,3B,50,39\n")
    _, err = said(capsys, "diagnose", str(path), "--along", "tokens", status=2)
    assert err.count("\n") == 1
    assert "add a column tokens" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--holdout", "pythia-1.4b", "--at", "600B"], "goes with --extend"),
        (["--extend", "pythia-1.4b"], "--params too"),
        (["--extend", "pythia-1.4b", "--params", "70B"], "along tokens; give at"),
        (["--extend", "pythia-1.4b", "--at", "much"], "much"),
    ],
)
def test_what_a_prediction_along_tokens_cannot_mean(capsys, words, message):
    command = ["ode", "predict", "--table", "checkpoints", "--along", "tokens", *words]
    _, err = said(capsys, *command, "--benchmarks", "arc_easy", "piqa", status=2)
    assert message in err.splitlines()[-1]


@pytest.mark.slow(reason="fits and validates a forecaster of checkpoints")
def test_the_rest_of_a_run_in_json(capsys):
    out, _ = said(capsys, "ode", "predict", "--table", "checkpoints", "--along", "tokens",
                  "--holdout", "pythia-1.4b", "--protocol", "third", "--benchmarks", "arc_easy",
                  "piqa", "--json")  # fmt: skip
    record = json.loads(out)
    assert record["along"] == "tokens"
    assert record["predictions"][-1]["tokens"] == 143000 * 2097152
    assert record["trained_on"]
    assert record["distance"] > 0


@pytest.mark.slow(reason="computes the view of the dynamics for many families")
def test_more_terms_than_data_are_red():
    """A sparse fit of many families determines its terms; of two families of two sizes, not."""
    table = dynamics.load_table("uniform")
    few = table.select(["Falcon", "Llama"])

    def tone(one):
        view = dynamics_view(one, reasoning="hellaswag", truth="truthfulqa_mc2", penalty="ridge")
        return view["blocks"][0].get("tone")

    assert tone(few) == "error"
    assert tone(table) is None
