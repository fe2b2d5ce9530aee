"""A sweep over models, and the count over its records."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nullcline import interp
from nullcline.experiments import schemas
from nullcline.experiments.cli import main
from nullcline.experiments.studies.heads.attribute_heads import attribute_heads
from nullcline.experiments.sweeps import _register, run_here

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"


def composed(*overrides) -> schemas.AttributeHeads:
    _register.register(attribute_heads)
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        found = OmegaConf.to_object(compose("attribute_heads", overrides=list(overrides)))
    assert isinstance(found, schemas.AttributeHeads)
    return found


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    for name in ("web-8", "wide-16"):
        settings = composed(f"model={name}", "pairs.count=60")
        run_here(attribute_heads, settings, folder / name)
    return folder


@pytest.mark.slow(reason="composes the configuration of every shipped model")
def test_every_model_and_every_set_of_pairs_composes():
    shipped = {path.parent.name for path in (ROOT / "data" / "organisms").glob("*/organism.json")}
    for name in shipped:
        assert composed(f"model={name}").model.name == f"organism:{name}"
    for path in (CONFIGS / "model").glob("*.yaml"):
        assert "/" in composed(f"model={path.stem}").model.name
    for path in (CONFIGS / "pairs").glob("*.yaml"):
        named = composed(f"pairs={path.stem}").pairs.named_set
        assert named is None or named in interp.set_names()


@pytest.mark.parametrize("override", ["model=nothing", "pairs.cont=3", "top=many", "pairs=towns"])
def test_a_mistake_fails_when_it_is_composed(override):
    with pytest.raises((HydraException, OmegaConfBaseException)):
        composed(override)


def test_a_census_counts_models_and_heads(sweep, tmp_path, capsys):
    path = tmp_path / "census.csv"
    assert main(["census", str(sweep), "--json", "-o", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in found["models"]] == ["organism:web-8", "organism:wide-16"]
    with_some = sum(row["competing"] > 0 for row in found["models"])
    assert found["models_with"]["competing"]["count"] == with_some
    assert found["models_without_competing_heads"]["count"] == 2 - with_some
    heads = found["competing_heads"]
    assert (heads["of"], heads["count"]) == (3, sum(row["competing"] for row in found["models"]))
    assert heads["wilson_low"] <= heads["count"] / heads["of"] <= heads["wilson_high"]
    frame = pd.read_csv(path)
    assert list(frame["model"]) == [row["model"] for row in found["models"]]
    assert main(["census", str(sweep), "--full"]) == 0
    assert "models without a competing head" in capsys.readouterr().out
    assert main(["census", str(sweep), "--quiet"]) == 0
    quiet = capsys.readouterr().out
    assert quiet.startswith(f"A head that competes is found in {with_some} of 2 [")
    assert main(["census", str(sweep)]) == 0
    assert quiet in capsys.readouterr().out


def test_a_record_counts_what_the_command_prints(sweep, capsys):
    assert main(["heads", "organism:wide-16", "--count", "60", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    record = json.loads((sweep / "wide-16" / "record.json").read_text())
    assert record["result"] == printed


def test_the_shipped_census_is_of_the_shipped_models():
    frame = pd.read_csv(ROOT / "data" / "organism_heads.csv")
    assert len(frame) == len(frame["model"].unique())
    for name, fingerprint in zip(frame["model"], frame["fingerprint"], strict=True):
        model = interp.load_model(name) if name in ("organism:web-8", "organism:heads-64") else None
        assert model is None or model.fingerprint == fingerprint


@pytest.mark.parametrize("content", ["", "{}", '{"command": "heads", "result": {}}'])
def test_a_broken_record_is_named(tmp_path, capsys, content):
    (tmp_path / "record.json").write_text(content)
    assert main(["census", str(tmp_path)]) == 2
    assert f"{tmp_path / 'record.json'} is no record" in capsys.readouterr().err


def test_a_folder_without_records_and_two_of_one_model_are_refused(sweep, tmp_path, capsys):
    assert main(["census", str(tmp_path)]) == 2
    assert "holds no record of heads" in capsys.readouterr().err
    assert main(["census", str(tmp_path / "none")]) == 2
    assert "is no folder" in capsys.readouterr().err
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_bytes((sweep / "web-8/record.json").read_bytes())
    assert main(["census", str(tmp_path)]) == 2
    assert "a second record of organism:web-8" in capsys.readouterr().err
