"""What `pip install` gives, tried in a folder that has packages of the same names as ours."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow(reason="builds the wheel and starts processes that import it")

ROOT = Path(__file__).parent.parent
TAKEN = ("common", "configs", "data", "dynamics", "experiments", "interp", "organisms")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment with the wheel alone in it; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = folder / "wheels"
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True)
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    [wheel] = wheels.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*pip, "--no-index", str(wheel)], check=True, capture_output=True)
    [site] = (folder / "env" / "lib").glob("python*/site-packages")
    # Behind the environment's own packages, and without the tests' editable install.
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python, site


@pytest.fixture
def run(installed, tmp_path):
    """A command of the environment, in a folder whose own packages refuse to be imported."""
    python, _ = installed
    for name in TAKEN:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('{name} of the user')\n")
    environment = {**os.environ, "PYTHONPATH": "."}

    def run(*arguments, command="nullcline"):
        done = subprocess.run(
            [python.parent / command, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_one_package_is_installed_beside_the_namespace_of_hydra(installed):
    _, site = installed
    ours = {p.name for p in site.iterdir() if not p.name.endswith((".dist-info", ".pth"))}
    assert ours == {"nullcline", "hydra_plugins"}
    assert (site / "nullcline" / "py.typed").is_file()
    assert (site / "nullcline" / "data" / "uniform.csv").is_file()
    assert not (site / "nullcline" / "tests").exists()


def test_the_import_is_light_and_every_public_name_is_there(run):
    script = (
        "import sys, nullcline as nc\n"
        "heavy = {'numpy', 'jax', 'torch', 'importlib.metadata'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert nc.__version__\n"
        "for library in (nc.dynamics, nc.interp, nc.organisms):\n"
        "    for name in dir(library):\n"
        "        getattr(library, name)\n"
        "print(nc.dynamics.load_table('uniform').name, len(nc.organisms.list_recipes()))\n"
    )
    name, recipes = run("-c", script, command="python").split()
    assert name == "uniform"
    assert int(recipes) > 10


def test_every_public_type_is_known(installed, tmp_path):
    python, _ = installed
    pyright = Path(sys.executable).with_name("pyright")
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    at = os.pathsep.join((str(python.parent), os.environ["PATH"]))
    done = subprocess.run(
        [pyright, "--verifytypes", "nullcline", "--ignoreexternal", "--outputjson"],
        cwd=tmp_path,
        env={**without, "PATH": at, "VIRTUAL_ENV": str(python.parents[1])},
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)["typeCompleteness"]
    assert found["exportedSymbolCounts"]["withKnownType"] > 1000
    said = {
        symbol["name"]: [one["message"] for one in symbol["diagnostics"]]
        for symbol in found["symbols"]
        if not symbol["isTypeKnown"]
    }
    assert not said, json.dumps(said, indent=1)
    assert done.returncode == 0


def test_the_page_is_made_from_its_templates(run):
    script = (
        "from nullcline.experiments.dashboard._page import live_page, report_page\n"
        "print(live_page().decode(), len(report_page('mine', {})))\n"
    )
    shown = run("-c", script, command="python")
    assert shown.startswith("<!doctype html>")
    assert '<script src="/static/app.js"></script>' in shown


def test_a_table_is_diagnosed(run):
    found = json.loads(run("diagnose", "--n-boot", "200", "--json"))
    assert len(found["by_family"]) > 10


def test_shipped_organisms_are_listed(run):
    assert "web-16" in run("organisms", "list")


def test_a_sweep_runs_on_two_workers(run, tmp_path):
    run("run", "diagnose", "-m", "family=pythia,opt", "estimator.n_boot=200",
        "launcher=joblib", "launcher.workers=2", "hydra.sweep.dir=sweep")  # fmt: skip
    records = [json.loads(path.read_text()) for path in tmp_path.glob("sweep/*/record.json")]
    assert {r["result"]["by_family"][0]["family"] for r in records} == {"Pythia", "OPT"}
