"""`nullcline ode` as a user meets it, and its Hydra entry point."""

import json
import math
from pathlib import Path
from typing import get_args

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from nullcline import dynamics
from nullcline.dynamics.ode import penalty_of
from nullcline.experiments.cli import main
from nullcline.experiments.schemas_ode import FitDynamics
from nullcline.experiments.studies import find_study
from nullcline.experiments.studies.ode.fit_dynamics import fit_dynamics
from nullcline.experiments.sweeps import _register, run_here

CONFIGS = Path(__file__).parents[2] / "configs"


def printed(capsys, *arguments):
    assert main(["ode", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "family,model,params,hellaswag,truthfulqa_mc2\nmine,m-1,1B,48,41\nmine,m-3,3B,58,38\n"
    )
    return str(path)


@pytest.mark.slow(reason="a fit with members and every baseline, each family left out")
def test_a_fit_says_how_sure_each_term_is_and_what_beats_it(capsys):
    found = printed(capsys, "fit", "--penalty", "l1", "--members", "100")
    assert found["result"] == "successful"
    assert len(found["equations"]) == len(found["benchmarks"]) == 5
    assert len(found["terms"]) == 30
    for term in found["terms"]:
        assert 0 <= term["inclusion"] <= 1
        assert term["low"] <= term["high"]
    assert found["left_out_family"]["families"] == 22
    # A linear ODE is off by less than keeping the smallest scores, by more than its interval.
    assert found["left_out_family"]["high"] < found["baselines"]["persistence"]["mae_pp"]
    assert found["identifiability"]["increments"] == 98 - 22


def test_a_held_out_family_stands_beside_every_baseline(capsys):
    found = printed(capsys, "predict", "--holdout", "llama-2")
    assert found["holdout"] == "Llama-2"
    assert found["protocol"] == "A"
    assert len(found["predictions"]) == 10
    errors = [abs(p["predicted"] - p["observed"]) for p in found["predictions"]]
    assert found["mae_pp"] == pytest.approx(100 * sum(errors) / 10)
    slope = found["baselines"]["anchored slope"]["mae_pp"]
    assert found["skill"] == pytest.approx(1 - found["mae_pp"] / slope)
    assert "Llama-2" not in found["trained_on"]
    assert {"persistence", "pooled quadratic", "uncoupled ODE"} <= set(found["baselines"])


def test_two_models_of_ones_own_are_enough_for_a_prediction(mine, capsys):
    found = printed(capsys, "predict", mine, "--extend", "mine", "--params", "7B", "70B")
    assert [p["params"] for p in found["predictions"]] == [7e9, 7e9, 7e10, 7e10]
    near, far = found["predictions"][0], found["predictions"][2]
    for p in found["predictions"]:
        assert 0 <= p["low"] <= p["predicted"] <= p["high"] <= 1
        assert p["observed"] is None
    assert far["high"] - far["low"] > near["high"] - near["low"]
    assert found["mae_pp"] is None


def test_two_models_do_not_determine_an_equation(mine, capsys):
    found = printed(capsys, "fit", mine)
    assert found["result"] == "underdetermined"
    assert found["left_out_family"] is None
    assert main(["ode", "fit", mine]) == 0
    assert "underdetermined" in capsys.readouterr().out


@pytest.mark.slow(reason="cross-validates every method, each lab left out")
def test_cross_validation_marks_the_validated_choice(capsys):
    found = printed(capsys, "crossval", "--leave", "lab")
    selected = [m for m in found["methods"] if m["selected"]]
    assert len(selected) == 1
    assert (found["families"], found["models"]) == (22, 98)
    assert {m["kind"] for m in found["methods"]} == {"ode", "baseline"}
    ridge = next(m for m in found["methods"] if m["name"] == "ridge linear ODE")
    # The choice beats the ridge linear ODE with an interval that excludes 0.
    assert ridge["difference_to_selected"][1] > 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["predict", "--holdout", "Nobody"], "Pythia"),
        (["predict", "--holdout", "Amber"], "too few sizes"),
        (["predict", "--extend", "Pythia"], "--params"),
        (["predict", "--extend", "Pythia", "--params", "huge"], "70B"),
        (["predict", "--extend", "Pythia", "--params", "1B"], "above"),
        (["predict", "--holdout", "OPT", "--params", "1B"], "--extend"),
        (["fit", "--penalty", "best-subset", "--strength", "1"], "no strength"),
        (["fit", "--strength", "-1"], "-1"),
        (["fit", "--members", "5"], "100"),
        (["fit", "--degree", "9"], "no such choice"),
        (["fit", "--benchmarks", "nothing"], "nothing"),
        (["crossval", "nowhere.csv"], "nowhere.csv"),
        (["fit", "--seed", "-1"], "seed"),
    ],
)
def test_a_wrong_word_costs_one_line(arguments, word, capsys):
    try:
        status = main(["ode", *arguments])
    except SystemExit as exit_:
        status = exit_.code
    out, err = capsys.readouterr()
    said = [line for line in err.splitlines() if not line.startswith("ode ")]
    assert status == 2
    assert out == ""
    assert len(said) == 1
    assert word in said[0]


def test_every_penalty_of_the_configuration_exists(tmp_path):
    _register.register(find_study("fit_dynamics"))
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        for name in get_args(dynamics.PenaltyName):
            config = compose("fit_dynamics", overrides=[f"penalty={name.replace('-', '_')}"])
            settings = OmegaConf.to_object(config)
            assert isinstance(settings, FitDynamics)
            penalty_of(settings.penalty.name, settings.penalty.strength)
        config = compose("fit_dynamics", overrides=["family=pythia", "penalty.strength=0.01"])
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, FitDynamics)
    run_here(fit_dynamics, settings, tmp_path)
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["result"]["families"] == ["Pythia"]
    assert record["settings"]["penalty"] == {"name": "ridge", "strength": 0.01}
    job = json.loads((tmp_path / "job.json").read_text())
    assert job["state"] == "done"
    assert math.isfinite(job["seconds"])
