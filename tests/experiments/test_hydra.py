"""Every yaml composes; the schemas hold what the library takes; a mistake costs one line."""

import dataclasses
import inspect
import json
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nullcline import dynamics
from nullcline.experiments import launchers, schemas, sweeps
from nullcline.experiments.studies import find_study
from nullcline.experiments.studies.diagnosis.diagnose import diagnose
from nullcline.experiments.sweeps import _register, run_here

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(autouse=True)
def store_of_its_own(monkeypatch):
    """Entry points end their process and share no store; here each test has Hydra's own alone."""
    store = ConfigStore.instance()
    kept = {name: node for name, node in store.repo.items() if name.startswith(("hydra", "_"))}
    monkeypatch.setattr(store, "repo", kept)


def each_composed(*overrides: list[str]) -> list[schemas.Diagnose]:
    """The settings by each list of overrides, of one study that is registered once."""
    _register.register(diagnose)
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        found = [OmegaConf.to_object(compose("diagnose", overrides=each)) for each in overrides]
    assert all(isinstance(one, schemas.Diagnose) for one in found)
    return found  # type: ignore[return-value]


def composed(*overrides: str) -> schemas.Diagnose:
    return each_composed(list(overrides))[0]


@pytest.mark.slow(reason="composes the configuration of every shipped family")
def test_every_shipped_family_is_a_choice():
    tables = ("uniform", "leaderboard", "published")
    shipped = {f for name in tables for f in dynamics.load_table(name).families}
    assert composed("family=all").family.names == []
    choices = [key for key in ConfigStore.instance().repo["family"] if key != "schema.yaml"]
    each = each_composed(*([f"family={key.removesuffix('.yaml')}"] for key in choices))
    assert {name for settings in each for name in settings.family.names} == shipped


def test_the_schema_has_the_librarys_own_settings():
    parameters = set(inspect.signature(dynamics.diagnose).parameters) - {"table", "on_progress"}
    estimator = {f.name for f in dataclasses.fields(schemas.Estimator)}
    assert parameters == estimator | {"reasoning", "truth", "along"}


@pytest.mark.parametrize(
    "override", ["estimator.n_bot=10", "estimator.n_boot=many", "family=nobody", "pair=1"]
)
def test_a_mistake_fails_when_it_is_composed(override):
    with pytest.raises((HydraException, OmegaConfBaseException)):
        composed(override)


def test_a_job_records_its_diagnosis(tmp_path):
    settings = composed("family=pythia", "estimator.n_boot=200")
    run_here(diagnose, settings, tmp_path)
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["result"]["by_family"][0]["family"] == "Pythia"
    assert record["settings"]["estimator"] == {"n_boot": 200, "seed": 0}


def run(monkeypatch, name, *arguments):
    """`nullcline run NAME` in this process, without its jobs: their settings."""
    found = []

    def launch(study, settings, labels, sweep, **more):
        found.extend(settings)
        return [], 0

    monkeypatch.setattr("nullcline.experiments.sweeps._hydra.launch", launch)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.delenv("HYDRA_FULL_ERROR")
    monkeypatch.setattr(sys, "argv", sys.argv)  # main sets it for Hydra
    sweeps.main(find_study(name), arguments)
    return found


@pytest.mark.slow(reason="composes every recipe")
@pytest.mark.parametrize("recipe", _register.recipes())
def test_every_recipe_composes_with_its_study(recipe, tmp_path, monkeypatch):
    path = Path(_register.recipes()[recipe])
    study = _register.study_of_recipe(recipe)
    assert f"nullcline run {study} +experiment={recipe}" in path.read_text()
    found = run(monkeypatch, study, f"+experiment={recipe}", f"hydra.sweep.dir={tmp_path}")
    plain = [json.dumps(dataclasses.asdict(settings), sort_keys=True) for settings in found]
    assert len(set(plain)) == len(plain) > 1


def test_the_census_takes_every_shipped_organism():
    recipe = OmegaConf.load(CONFIGS / "experiment" / "attribute_heads" / "heads_census.yaml")
    shipped = (CONFIGS.parent / "data" / "organisms").glob("*/organism.json")
    assert set(recipe.hydra.sweeper.params.model.split(",")) == {p.parent.name for p in shipped}


def test_a_recipe_can_be_changed_and_launched_elsewhere(tmp_path, monkeypatch):
    found = run(
        monkeypatch, "fit_dynamics", "+experiment=paper_ode", "degree=1", "members=500",
        "launcher=ray", "launcher.workers=3", f"hydra.sweep.dir={tmp_path}",
    )  # fmt: skip
    assert {(s.degree, s.members, s.table) for s in found} == {(1, 500, "published")}
    assert {s.penalty.name for s in found} == {"stlsq", "ridge"}
    assert all(s.launcher == launchers.Ray(workers=3) for s in found)


def test_every_launcher_composes():
    for path in (CONFIGS / "launcher").glob("*.yaml"):
        launcher = composed(f"launcher={path.stem}").launcher
        assert launcher.engine in path.stem or launcher.engine == "submitit"


@pytest.mark.slow(reason="composes the configuration for each mistake")
@pytest.mark.parametrize(
    ("name", "override", "words"),
    [
        ("diagnose", "-m famly=pythia", "nearest: family; there are launcher, objective, table,"),
        ("diagnose", "estimator.n_bot=10", "nearest: n_boot; there are n_boot, seed"),
        ("diagnose", "-m +estimator.n_bot=10", "nearest: n_boot; there are n_boot, seed"),
        ("diagnose", "estimator.n_boot=many", "estimator.n_boot: Value 'many'"),
        ("diagnose", "-m estimator.n_boot=10", "give 100 or more"),
        ("diagnose", "family=nobody", "family=nobody: no such choice; there are all, amber,"),
        ("diagnose", "-m family=pythla", "nearest: pythia"),
        ("diagnose", "-m launcher=rai", "nearest: ray; there are joblib, local, ray, slurm"),
        ("diagnose", "+experiment=paper_tabel_1", "nearest: paper_table_1"),
        ("diagnose", "+experiment=paper_ode", "nullcline run fit_dynamics takes it"),
        ("fit_dynamics", "-m penalty=lasso", "there are best_subset, l1, ridge,"),
        ("fit_dynamics", "-m penalty.name=lasso", "there are ridge, l1, stlsq, best-subset,"),
        ("fit_dynamics", "-m degree=two", "degree: Value 'two'"),
        ("attribute_heads", "model=web-9", "nearest: web-4, web-6, web-8;"),
        ("attribute_heads", "-m method=dia", "there are dla, attribution-patching,"),
        ("train_organism", "-m family=wep", "nearest: web"),
    ],
)
def test_a_mistake_costs_one_line_with_the_choices(
    name, override, words, tmp_path, monkeypatch, capsys
):
    where = (f"hydra.sweep.dir={tmp_path}", f"hydra.run.dir={tmp_path}")
    with pytest.raises(SystemExit) as exit_:
        run(monkeypatch, name, *override.split(), *where)
    out, err = capsys.readouterr()
    assert exit_.value.code == 2
    assert out == ""
    (line,) = err.splitlines()
    assert words in line
    assert not list(tmp_path.glob("*/job.json"))


def test_an_engine_of_another_launcher_is_refused_when_it_is_composed(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, "diagnose", "-m", "launcher=joblib", "launcher.engine=ray", "family=opt")
    assert "this launcher's engine is joblib" in capsys.readouterr().err
