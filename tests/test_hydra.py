"""Every yaml composes; the schema holds what the library takes; a sweep writes its records."""

import dataclasses
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

import dynamics
from experiments import schemas
from experiments.diagnose import diagnose

CONFIGS = Path(__file__).parent.parent / "configs"
FAMILIES = sorted(p.stem for p in (CONFIGS / "family").glob("*.yaml"))


def composed(*overrides):
    schemas.register()
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        return OmegaConf.to_object(compose("diagnose", overrides=list(overrides)))


def test_every_family_composes_and_every_shipped_family_has_a_yaml():
    named = set()
    for family in FAMILIES:
        named |= set(composed(f"family={family}").family.names)
    shipped = {f for name in ("uniform", "published") for f in dynamics.load_table(name).families}
    assert named == shipped


def test_the_schema_has_the_librarys_own_settings():
    parameters = set(inspect.signature(dynamics.diagnose).parameters) - {"table", "on_progress"}
    estimator = {f.name for f in dataclasses.fields(schemas.Estimator)}
    assert parameters == estimator | {"reasoning", "truth"}


@pytest.mark.parametrize(
    "override", ["estimator.n_bot=10", "estimator.n_boot=many", "family=nobody", "pair=1"]
)
def test_a_mistake_fails_when_it_is_composed(override):
    with pytest.raises((HydraException, OmegaConfBaseException)):
        composed(override)


def test_a_job_records_its_diagnosis(tmp_path):
    settings = composed("family=pythia", "estimator.n_boot=200")
    record = json.loads(diagnose(settings, tmp_path).read_text())
    assert record["result"]["by_family"][0]["family"] == "Pythia"
    assert record["settings"]["estimator"] == {"n_boot": 200, "seed": 0}


@pytest.mark.slow
def test_a_sweep_writes_a_record_per_job(tmp_path):
    subprocess.run(
        [
            *(sys.executable, "-m", "experiments.diagnose", "-m"),
            *("family=pythia,opt", "estimator.n_boot=200", f"hydra.sweep.dir={tmp_path}"),
        ],
        check=True,
        capture_output=True,
        cwd=CONFIGS.parent,
        env=os.environ,
    )
    found = [json.loads(p.read_text()) for p in sorted(tmp_path.glob("*/record.json"))]
    assert [r["result"]["by_family"][0]["family"] for r in found] == ["OPT", "Pythia"]
