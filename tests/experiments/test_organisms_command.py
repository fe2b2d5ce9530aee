"""`nullcline organisms` as a user meets it, on a family that trains in seconds."""

import builtins
import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from organisms_command import complaint, nullcline

from nullcline import organisms
from nullcline.experiments import schemas
from nullcline.experiments.studies.organisms.train_organism import train_organism
from nullcline.experiments.sweeps import _register, run_here
from nullcline.organisms._training.export import tensors_of

MINI = """\
name: mini
description: A miniature for tests.
widths: [4, 8]
layers: 1
heads: 1
steps: 120
batch: 8
corpus: {adjectives: 2, nouns: 8}
"""
TOO_FEW = (
    "train 1 size of mini: a coupling needs 2, and a turn 4; more with --size, and what is trained "
    "is kept"
)
TWO = ("--size", "4", "--seeds", "0", "1")
CONFIGS = Path(__file__).parents[2] / "configs"
LISTED = (
    *("name", "family", "seed", "width", "layers", "params", "path"),
    *("truth", "truth_plain", "truth_reference", "reasoning"),
)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "mini.yaml"
    path.write_text(MINI)
    return path


@pytest.fixture(scope="module")
def family(recipe, tmp_path_factory):
    """A folder with one size of the miniature, from two seeds."""
    folder = tmp_path_factory.mktemp("family")
    assert nullcline("train", recipe, *TWO, "--out", folder) == 0
    return folder


@pytest.fixture
def shipped(family, monkeypatch):
    """The miniature in the place of the shipped organisms."""
    # The public name first: it is read from the private file when it is first used, and what is
    # read then is what stands there again after the test.
    monkeypatch.setattr(organisms, "organisms_folder", lambda: family)
    monkeypatch.setattr("nullcline.organisms._training.shipped.organisms_folder", lambda: family)
    return family


def test_list(shipped, capsys):
    capsys.readouterr()
    assert nullcline("list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["mini-4", "mini-4-seed1"]
    for row in rows:
        record = json.loads((Path(row["path"]) / "organism.json").read_text())
        assert tuple(row) == LISTED
        assert row["params"] == sum(tensor.size for tensor in _tensors(Path(row["path"])).values())
        for score in LISTED[-4:]:
            assert row[score] == record["scores"][score]["value"]
    assert nullcline("list", shipped, "--json") == 0
    assert json.loads(capsys.readouterr().out) == rows
    assert nullcline("list") == 0
    page = capsys.readouterr().out
    assert "mini-4-seed1" in page
    assert f"{100 * rows[1]['reasoning']:.1f} ± " in page


def test_an_empty_folder_says_how_to_fill_it(tmp_path, capsys):
    assert nullcline("list", tmp_path) == 0
    assert "organisms train" in capsys.readouterr().out
    assert nullcline("list", tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_show(shipped, capsys):
    assert nullcline("show", "mini-4", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["recipe"]["steps"] == shown["steps"] == 120
    assert shown["tokens"] == 120 * 8 * 32
    on_disk = {path.name: path.stat().st_size for path in (shipped / "mini-4").iterdir()}
    assert {file["name"]: file["bytes"] for file in shown["files"]} == on_disk
    assert all(file["holds"] for file in shown["files"])
    assert nullcline("show", "mini-4") == 0
    page = capsys.readouterr().out
    for word in ("A miniature for tests.", "learning_rate", "adjectives: 2", "model.safetensors"):
        assert word in page
    assert nullcline("show", "organism:mini-4", "--json") == 0
    assert json.loads(capsys.readouterr().out) == shown


def test_evaluate_measures_what_was_exported(shipped, capsys):
    assert nullcline("evaluate", "mini-4", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    for score in LISTED[-4:]:
        # The same questions and the same weights on the same machine.
        assert found[score] == found["exported"][score]
        assert 0 < found[f"{score}_stderr"] < 0.2
    tasks = [task["value"] for task in found["tasks"].values()]
    assert found["reasoning"] == pytest.approx(sum(tasks) / len(tasks), abs=1e-12)
    assert nullcline("evaluate", shipped / "mini-4", "--json") == 0
    assert json.loads(capsys.readouterr().out) == found
    assert nullcline("evaluate", "mini-4") == 0
    assert f"{100 * found['truth']:.1f} ± {100 * found['truth_stderr']:.1f}" in (
        capsys.readouterr().out
    )


def test_train_keeps_what_is_done_and_prints_scores(recipe, family, capsys):
    before = {path: path.stat().st_mtime_ns for path in family.rglob("*")}
    capsys.readouterr()
    assert nullcline("train", recipe, *TWO, "--out", family, "--json") == 0
    out, err = capsys.readouterr()
    assert [row["name"] for row in json.loads(out)] == ["mini-4", "mini-4-seed1"]
    assert err.splitlines() == [
        TOO_FEW,
        "train 1/2  mini-4          kept, it is trained already",
        "train 2/2  mini-4-seed1    kept, it is trained already",
    ]
    assert {path: path.stat().st_mtime_ns for path in family.rglob("*")} == before


def test_a_killed_run_goes_on_and_ends_with_the_same_weights(recipe, family, tmp_path, capsys):
    class Killed(Exception):
        pass

    def kill(*_):
        raise Killed

    with pytest.raises(Killed):
        organisms.train_model(
            organisms.load_recipe(recipe),
            width=4,
            seed=0,
            checkpoint=tmp_path / "mini-4.checkpoint.npz",
            save_every=0.0,
            on_progress=kill,
        )
    capsys.readouterr()
    assert nullcline("train", recipe, "--size", "4", "--out", tmp_path) == 0
    err = capsys.readouterr().err.splitlines()
    assert err.pop(0) == TOO_FEW
    assert err[0] == f"train 1 model into {tmp_path}; the first figures come after compilation"
    assert err[1].endswith("goes on from its checkpoint")
    assert err[2].endswith("s  mini-4")
    assert err[3].startswith("train 1/1  mini-4          done after ")
    assert [path.name for path in tmp_path.iterdir()] == ["mini-4"]
    for name, tensor in _tensors(family / "mini-4").items():
        assert (tensor == _tensors(tmp_path / "mini-4")[name]).all(), name


def test_weights_do_not_depend_on_the_precision_of_the_entry_point(recipe, family):
    """The command line runs with 64 bits; without them the library trains the same model."""
    assert jax.config.read("jax_enable_x64")
    jax.config.update("jax_enable_x64", False)
    try:
        trained = organisms.train_model(organisms.load_recipe(recipe), width=4, seed=0)
    finally:
        jax.config.update("jax_enable_x64", True)
    for name, tensor in tensors_of(trained.model, trained.shape).items():
        assert (tensor == _tensors(family / "mini-4")[name]).all(), name


@pytest.mark.slow(reason="trains a second miniature")
def test_a_checkpoint_of_another_recipe_is_refused(recipe, tmp_path, capsys):
    (tmp_path / "mini-4.checkpoint.npz").write_bytes(b"not a checkpoint")
    arguments = ("train", recipe, "--size", "4", "--out", tmp_path)
    assert "not a readable checkpoint" in complaint(capsys, *arguments)

    other = tmp_path / "other.yaml"
    other.write_text(MINI.replace("steps: 120", "steps: 60"))
    path = tmp_path / "mini-4.checkpoint.npz"
    path.unlink()
    organisms.train_model(organisms.load_recipe(other), width=4, seed=0, checkpoint=path)
    before = path.read_bytes()
    assert "belongs to another recipe" in complaint(capsys, *arguments)
    assert path.read_bytes() == before
    assert "belongs to another seed" in complaint(
        capsys, "train", other, "--size", "4", "--seeds", "1", "--out", _with(path, "mini-4-seed1")
    )


def _with(checkpoint, name):
    """A folder in which the checkpoint is that of the model `name`."""
    folder = checkpoint.parent / name
    folder.mkdir()
    shutil.copy(checkpoint, folder / f"{name}.checkpoint.npz")
    return folder


def test_a_checkpoint_of_another_version_is_refused(recipe, tmp_path, capsys, monkeypatch):
    path = tmp_path / "mini-4.checkpoint.npz"
    with monkeypatch.context() as earlier:
        earlier.setattr("nullcline.organisms._training.checkpoint.FORMAT_VERSION", 2)
        organisms.train_model(organisms.load_recipe(recipe), width=4, seed=0, checkpoint=path)
    line = complaint(capsys, "train", recipe, "--size", "4", "--out", tmp_path)
    assert "belongs to another format version" in line
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_another_recipe_does_not_overwrite_a_family(family, tmp_path, capsys):
    other = tmp_path / "other.yaml"
    other.write_text(MINI.replace("steps: 120", "steps: 60"))
    before = (family / "mini-4" / "model.safetensors").read_bytes()
    assert "another recipe" in complaint(capsys, "train", other, "--out", family)
    assert (family / "mini-4" / "model.safetensors").read_bytes() == before


def test_a_full_disk_costs_one_line_and_leaves_nothing_half_written(
    recipe, tmp_path, capsys, monkeypatch
):
    def full(stream, **arrays):
        stream.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    line = complaint(capsys, "train", recipe, "--size", "4", "--out", tmp_path)
    assert "No space left on device" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("at", ["config.json", "model.safetensors", "organism.json", "neutral.txt"])
def test_a_disk_that_is_full_at_the_export_keeps_the_training(
    at, recipe, family, tmp_path, capsys, monkeypatch
):
    """Whichever file no longer fits, no folder that loads is left, and the steps are not lost."""
    real = Path.write_bytes

    def full(path, data):
        if path.name == at:
            real(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, data)

    arguments = ("train", recipe, "--size", "4", "--out", tmp_path)
    with monkeypatch.context() as filled:
        filled.setattr(Path, "write_bytes", full)
        assert "No space left on device" in complaint(capsys, *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["mini-4.checkpoint.npz"]
    assert organisms.list_organisms(tmp_path) == ()
    capsys.readouterr()
    assert nullcline(*arguments) == 0
    assert "loss" not in capsys.readouterr().err  # not a step was trained again
    assert [path.name for path in tmp_path.iterdir()] == ["mini-4"]
    for name, tensor in _tensors(family / "mini-4").items():
        assert (tensor == _tensors(tmp_path / "mini-4")[name]).all(), name


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("heads: 3", "multiple of 6"),
        ("steps: 0", "no tokens"),
        ("widths: []", "widths is empty"),
        ("colour: red", "has no colour"),
        ("name: ../up", "cannot name a folder"),
        ("corpus: {forum: 2}", "between 0 and 1"),
        ("widths: [", "not readable yaml"),
        ("widths: [3]", "even head size"),
        ("widths: [4, 4]", "widths repeat"),
        ("layers: 0", "layers must be at least 1"),
        ("match: [10, 20]", "mlp must be at least 1"),
        ("batch: -8", "no tokens"),
        ("tokens_per_param: -20", "at least 0"),
        ("learning_rate: .nan", "cannot be nan"),
        ("steps: many", "steps cannot be 'many'"),
        ("base: wbe", "no recipe 'wbe'"),
    ],
)
def test_a_bad_recipe_costs_one_line(change, word, tmp_path, capsys):
    key = change.split(":")[0]
    lines = [line for line in MINI.splitlines() if not line.startswith(f"{key}:")]
    path = tmp_path / "bad.yaml"
    path.write_text("\n".join([*lines, change]))
    assert word in complaint(capsys, "train", path, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_is_no_utf_8_or_no_text_costs_one_line(tmp_path, capsys):
    path = tmp_path / "bad.yaml"
    for content in (MINI.replace("tests", "größe").encode("latin-1"), b"\x00\xff\x00\xff"):
        path.write_bytes(content)
        assert "not readable yaml" in complaint(capsys, "train", path, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["show", "mini-9"], "nearest: mini-4"),
        (["evaluate", "mini-9"], "mini-4-seed1"),
        (["evaluate", "organism:mini-9"], "mini-4"),
        (["list", "nowhere"], "nowhere"),
        (["train", "wbe"], "nearest: web"),
        (["train", "nowhere.yaml"], "no recipe file nowhere.yaml"),
        (["train", "web", "--size", "5"], "not 5"),
        (["train", "web", "--seeds", "-1"], "negative"),
        (["train", "web", "--seeds", "1", "1"], "twice"),
        (["train", "web", "--seeds", "one"], "invalid int"),
        (["grow"], "no action 'grow'"),
        ([], "ACTION"),
    ],
)
def test_a_wrong_word_costs_one_line(arguments, word, shipped, capsys):
    assert word in complaint(capsys, *arguments)


def test_a_folder_without_an_organism_is_named(tmp_path, capsys):
    assert "holds no organism" in complaint(capsys, "evaluate", tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "word"),
    [
        ("organism.json", '"fingerprint": "', '"fingerprint": "0', "another version"),
        ("organism.json", '"heads": 1', '"heads": 3', "multiple of 6"),
        ("config.json", '"num_hidden_layers": 1', '"num_hidden_layers": 2', "another recipe"),
        ("config.json", "{", "", "damaged"),
        ("organism.json", '"truth_plain"', '"truth_bare"', "lacks an entry"),
        ("organism.json", '"weights_sha256"', '"weights"', "does not say which weights"),
        ("organism.json", '"weights_sha256": "', '"weights_sha256": "0', "SHA-256 differs"),
    ],
)
def test_a_folder_that_contradicts_itself_is_refused(
    file, old, new, word, family, tmp_path, capsys
):
    copy = tmp_path / "copy"
    shutil.copytree(family / "mini-4", copy)
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1))
    assert word in complaint(capsys, "evaluate", copy)


@pytest.fixture
def without(monkeypatch):
    """Takes a package away, as where its extra is not installed."""
    real = builtins.__import__

    def without(missing):
        def blocked(name, *arguments, **keywords):
            if name.split(".")[0] == missing:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return real(name, *arguments, **keywords)

        for module in [m for m in sys.modules if m.startswith("nullcline.organisms")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.delattr(sys.modules["nullcline"], "organisms")
        monkeypatch.setattr(builtins, "__import__", blocked)

    return without


@pytest.mark.parametrize("missing", ["flax", "safetensors", "yaml"])
def test_a_missing_package_says_what_to_install(missing, without, capsys):
    without(missing)
    line = complaint(capsys, "evaluate", "web-4")
    assert missing in line
    wanted = "nullcline" if missing == "yaml" else "nullcline[organisms]"  # yaml always comes
    assert f"pip install '{wanted}'" in line


def test_training_without_its_packages_announces_nothing(without, capsys, tmp_path):
    without("flax")
    line = complaint(capsys, "train", "web", "--size", 4, "--out", tmp_path / "out")
    assert "this needs the package flax" in line
    assert not (tmp_path / "out").exists()


def test_help_is_light():
    """No heavy package is imported to print the help."""
    script = (
        "import sys\n"
        "from nullcline.experiments.cli import main\n"
        "try:\n    main(['organisms', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'jax', 'numpy', 'flax', 'nullcline.organisms', 'nullcline.dynamics', 'yaml'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def composed(*overrides):
    _register.register(train_organism)
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        settings = OmegaConf.to_object(compose("train_organism", overrides=list(overrides)))
    assert isinstance(settings, schemas.TrainOrganism)
    return settings


def test_every_recipe_is_a_choice_of_the_sweep():
    for name in organisms.list_recipes():
        assert composed(f"family={name}", "seed=3").family == name
    with pytest.raises(ValueError, match=r"family=nobody: no such choice; .*curated"):
        composed("family=nobody")
    with pytest.raises(HydraException):
        composed("sed=3")


def test_a_job_records_its_scores(recipe, family, tmp_path):
    settings = composed(f"recipe={recipe}", "sizes=[4]", f"out={family}")
    run_here(train_organism, settings, tmp_path)
    record = json.loads((tmp_path / "record.json").read_text())
    assert [row["name"] for row in record["result"]["organisms"]] == ["mini-4"]
    assert record["settings"]["seed"] == 0
    assert record["inputs"] == {"mini-4": organisms.load_recipe(recipe).fingerprint(4)}


@pytest.mark.slow(reason="trains a model in each job")
def test_a_sweep_records_each_job_in_its_own_folder(recipe, family, tmp_path):
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "nullcline",
                "run",
                "train_organism",
                "-m",
                f"recipe={recipe}",
            ),
            *("seed=0,1", "sizes=[4]", f"out={family}", f"hydra.sweep.dir={tmp_path}"),
        ],
        check=True,
        capture_output=True,
        cwd=CONFIGS.parent.parent,
    )
    found = {p.parent.name: json.loads(p.read_text()) for p in tmp_path.glob("*/record.json")}
    assert len(found) == 2
    names = sorted(r["result"]["organisms"][0]["name"] for r in found.values())
    assert names == ["mini-4", "mini-4-seed1"]


def _tensors(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")
