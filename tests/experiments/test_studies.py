"""A study is described once: its command and its Hydra entry make the same record."""

import argparse
import dataclasses
import json
import sys

import pytest
from planted_systems import write_rows
from sweep_jobs import Trial, trial

from nullcline.experiments.cli import main as command
from nullcline.experiments.commands._arguments import add_schema_arguments, settings_from
from nullcline.experiments.schemas import Diagnose, FindTruth
from nullcline.experiments.studies import STUDIES, find_study
from nullcline.experiments.study import number_at
from nullcline.experiments.sweeps import main as hydra_main

BY_BOTH_ROADS = {
    "diagnose": (
        "diagnose --family Pythia OPT --n-boot 200",
        "family.names=[Pythia,OPT] estimator.n_boot=200 figures=true",
    ),
    "card": (
        "card hellaswag=78.2 truthfulqa_mc2=43.1 params=7B --model Mine --next 13B",
        "name=Mine given=['hellaswag=78.2','truthfulqa_mc2=43.1','params=7B'] next=13B",
    ),
    "compare_kinds": (
        "diagnose --compare-kinds --family GPT-SW3 OPT",
        "family.names=[GPT-SW3,OPT]",
    ),
    "fit_dynamics": (
        "ode fit --penalty l1 --strength 0.01 --members 200 --seed 3",
        "penalty=l1 penalty.strength=0.01 members=200 seed=3",
    ),
    "fit_system": (
        "ode fit {trajectories} --time t --degree 1 --members 0",
        "path={trajectories} time=t degree=1 members=0",
    ),
    "track_predictions": ("predictions --as-of 2026-03-01", "as_of='2026-03-01'"),
    "predict_family": ("ode predict --holdout Pythia --protocol B", "holdout=Pythia protocol=B"),
    "plan_measurements": (
        "plan --budget 10T --family Pythia --draws 20",
        "budget=1e13 family.names=[Pythia] draws=20",
    ),
    "attribute_heads": (
        "heads organism:web-8 --count 40 --top 3",
        "model=web-8 pairs.count=40 top=3",
    ),
    "find_truth": (
        "truth organism:web-8 --method mass-mean --layers 0 --count 30",
        "model=web-8 methods=[mass-mean] layers=[0] sets.count=30",
    ),
    "evaluate_steering": (
        "evaluate organism:web-8 --preset published --where everywhere",
        "model=web-8 preset=published where=everywhere",
    ),
}


@pytest.mark.slow(reason="computes each study twice")
@pytest.mark.parametrize("name", BY_BOTH_ROADS)
def test_both_roads_make_the_same_record(name, tmp_path, monkeypatch, capsys):
    rows = [(0.1 * i, 2**-i, 1 - 2**-i) for i in range(20)]
    file = write_rows(tmp_path / "trajectories.csv", "txy", rows)
    typed, overrides = (text.replace("{trajectories}", file) for text in BY_BOTH_ROADS[name])
    assert command([*typed.split(), "--json", "--out", str(tmp_path / "typed")]) == 0
    result = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(sys, "argv", sys.argv)
    hydra_main(find_study(name), [*overrides.split(), f"hydra.run.dir={tmp_path / 'hydra'}"])
    records = [(tmp_path / road / "record.json").read_bytes() for road in ("typed", "hydra")]
    assert records[0] == records[1]
    assert json.loads(records[0])["result"] == result


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_names_its_rows_and_its_objective(name):
    study = find_study(name)
    assert study.name == name
    said = study.schema.__doc__
    assert said, name
    assert said.startswith(("The study", "FitDynamics")), said
    assert study.rows


def settings(schema, typed):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_schema_arguments(parser, schema)
    return settings_from(parser.parse_args(typed.split()), schema)


def test_what_is_not_typed_is_the_schemas_own():
    assert settings(Diagnose, "") == Diagnose()
    assert settings(Diagnose, "a.csv").path == "a.csv"
    assert settings(Diagnose, "a.csv b.csv").path == ["a.csv", "b.csv"]
    found = settings(FindTruth, "organism:web-8 --layers all --kl .3")
    assert (found.layers, found.kl, found.model.name) == ([], 0.3, "organism:web-8")
    assert settings(FindTruth, "m --layers 2 --layers 3").layers == [2, 3]


@pytest.mark.parametrize(
    ("schema", "typed", "words"),
    [
        (Diagnose, "--n-boot 5", "--n-boot 5: give 100 or more"),
        (Diagnose, "--seed -1", "--seed -1: give 0 or more"),
        (Diagnose, "a.csv --table published", "give PATH or a shipped table, not both"),
        (FindTruth, "m --count 5", "--count 5: give 6 or more"),
    ],
)
def test_a_setting_that_means_nothing_names_its_flag(schema, typed, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        settings(schema, typed)


def test_an_objective_is_a_number_in_the_result():
    result = {"a": {"b": 1.5}, "rows": [{"c": 2}], "none": None, "yes": True}
    assert number_at(result, "a.b") == 1.5
    assert number_at(result, "rows.0.c") == 2.0
    for path in ("a", "a.c", "rows.7.c", "none", "yes"):
        with pytest.raises(ValueError, match=f"objective={path}: the result has no number"):
            number_at(result, path)


def test_where_a_job_runs_is_no_part_of_its_record(tmp_path):
    other = dataclasses.replace(Trial(seed=1), objective="mean")
    first = trial.run(Trial(seed=1), tmp_path / "a")
    second = trial.run(other, tmp_path / "b")
    assert first[2] == second[2]
    assert (tmp_path / "a/record.json").read_bytes() == (tmp_path / "b/record.json").read_bytes()
