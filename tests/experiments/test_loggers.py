"""Jobs logged by MLflow and Weights & Biases themselves, without a network."""

import json
import sys
import time
from pathlib import Path

import pytest
from sweep_jobs import trial

from nullcline.experiments import loggers
from nullcline.experiments.sweeps import main as run

# What the packages warn of in themselves is no matter of ours.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def as_a_process_of_its_own(monkeypatch, tmp_path):
    """A sweep sets threads, arguments and variables; the tests after it keep theirs."""
    monkeypatch.setattr("nullcline.experiments.sweeps._launch.limit_threads", lambda threads: None)
    monkeypatch.setattr("nullcline.experiments.sweeps._run.limit_threads", lambda threads: None)
    for name in (
        "HYDRA_FULL_ERROR",
        "MLFLOW_TRACKING_URI",
        "WANDB_MODE",
        "WANDB_DIR",
        "MLFLOW_ALLOW_FILE_STORE",
        "MLFLOW_DISABLE_TELEMETRY",
        "WANDB_ERROR_REPORTING",
    ):
        monkeypatch.setenv(name, "1")  # so that it is taken back
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.chdir(tmp_path)


def records(folder):
    found = [json.loads(path.read_text()) for path in folder.glob("*/record.json")]
    return {record["settings"]["seed"]: record for record in found}


@pytest.mark.parametrize("single", [False, True])
def test_mlflow_has_one_run_per_job_with_metric_and_record(tmp_path, single):
    tracking = pytest.importorskip("mlflow.tracking")
    where = f"hydra.run.dir={tmp_path / 's' / '3'}" if single else f"hydra.sweep.dir={tmp_path}/s"
    arguments = [*(["seed=3"] if single else ["-m", "seed=3,4"]), "logger=mlflow", where]
    run(trial, arguments)
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    (experiment,) = [e for e in client.search_experiments() if e.name == "trial"]
    found = client.search_runs([experiment.experiment_id])
    made = records(tmp_path / "s")
    assert len(found) == len(made) == (1 if single else 2)
    for one in found:
        seed = int(one.data.params["seed"])
        assert one.data.metrics["objective"] == made[seed]["result"]["mean"]
        assert one.info.status == "FINISHED"
        assert one.info.run_name == f"seed={seed}"
        assert "launcher.engine" not in one.data.params
        copied = tmp_path / "mlruns" / experiment.experiment_id / one.info.run_id / "artifacts"
        assert json.loads((copied / "record.json").read_text()) == made[seed]


@pytest.mark.parametrize("where", [["-m", "hydra.sweep.dir=s"], ["hydra.run.dir=s"]])
def test_a_job_that_fails_is_logged_as_failed(tmp_path, where, capsys):
    """A single run as well, whose error costs one line."""
    tracking = pytest.importorskip("mlflow.tracking")
    with pytest.raises(SystemExit):
        run(trial, [*where, "logger=mlflow", "seed=3", "act=fail"])
    assert "Traceback" not in capsys.readouterr().err
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    (experiment,) = [e for e in client.search_experiments() if e.name == "trial"]
    (one,) = client.search_runs([experiment.experiment_id])
    assert one.info.status == "FAILED"
    assert "asked to fail" in one.data.tags["nullcline.error"]
    assert one.data.params["seed"] == "3"
    assert one.info.run_name == "seed=3,act=fail"


@pytest.mark.slow(reason="the logger starts processes of its own")
def test_wandb_keeps_runs_here_until_they_are_sent(tmp_path):
    pytest.importorskip("wandb")
    run(trial, ["-m", "logger=wandb", "seed=3", f"hydra.sweep.dir={tmp_path}/s"])
    (log,) = Path("wandb").glob("offline-run-*/*.wandb")
    content = log.read_bytes()
    assert b"objective" in content
    assert b"record.json" in content
    assert b"seed=3" in content


def test_a_single_run_that_fails_is_kept_by_wandb_with_its_error(tmp_path):
    pytest.importorskip("wandb")
    with pytest.raises(SystemExit):
        run(trial, ["logger=wandb", "seed=3", "act=fail", f"hydra.run.dir={tmp_path}/s"])
    for _ in range(300):  # another process writes it, after a run that failed a little later
        kept = [log.read_bytes() for log in Path("wandb").glob("offline-run-*/*.wandb")]
        if any(b"asked to fail" in content for content in kept):
            break
        time.sleep(0.1)
    else:
        pytest.fail("its error is not in the log")


def test_a_logger_that_fails_fails_no_job(tmp_path):
    pytest.importorskip("mlflow.tracking")
    (tmp_path / "mlruns").write_text("no folder")
    with pytest.warns(UserWarning, match=r"MLflow\.on_job_end raised"):
        run(trial, ["-m", "logger=mlflow", "seed=3", f"hydra.sweep.dir={tmp_path}/s"])
    assert set(records(tmp_path / "s")) == {3}


@pytest.mark.parametrize(("name", "package"), [("mlflow", "mlflow-skinny"), ("wandb", "wandb")])
def test_a_logger_that_is_not_installed_costs_one_line_before_any_job(
    name, package, tmp_path, monkeypatch, capsys
):
    for module in [m for m in sys.modules if m.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    for mode in (["-m", f"hydra.sweep.dir={tmp_path}/s"], [f"hydra.run.dir={tmp_path}/s"]):
        with pytest.raises(SystemExit) as exit_:
            run(trial, [*mode, f"logger={name}", "seed=3"])
        assert exit_.value.code == 2
        said = capsys.readouterr().err
        assert said.strip() == (
            f"trial: logger={name} needs the package {package}; pip install 'nullcline[{name}]'"
        )
    assert not list(tmp_path.glob("**/job.json"))


def test_a_logger_changes_neither_folder_nor_record(tmp_path):
    pytest.importorskip("mlflow.tracking")
    run(trial, ["-m", "seed=3"])
    (plain,) = Path("runs/trial").glob("*/*/record.json")
    before = plain.stat().st_ino, plain.read_bytes()
    run(trial, ["-m", "seed=3", "logger=mlflow"])  # done already: the same folder and key
    assert list(Path("runs/trial").glob("*/*/record.json")) == [plain]
    assert (plain.stat().st_ino, plain.read_bytes()) == before
    assert loggers.MLflow.__module__ == "nullcline.experiments.loggers._mlflow"
