"""The engines do the same work: equal records, whoever dies on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sweep_jobs import Trial, trial

from nullcline.experiments.launchers import Joblib, Launcher, Ray, Submitit
from nullcline.experiments.sweeps import _launch, read_status

ROOT = Path(__file__).parents[2]
DIES = 2


@pytest.fixture(autouse=True)
def process_stays(monkeypatch):
    """Engines set threads and variables of this process; the tests after them have their own."""
    monkeypatch.setattr("nullcline.experiments.sweeps._launch.limit_threads", lambda threads: None)
    monkeypatch.setattr("nullcline.experiments.sweeps._run.limit_threads", lambda threads: None)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        monkeypatch.setenv(name, "0")
    path = os.pathsep.join([str(ROOT / "tests" / "helpers"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


def launch(folder, launcher, count=6, dies=None):
    settings = [
        Trial(seed=i, act="die" if i == dies else "work", path="here.csv", launcher=launcher)
        for i in range(count)
    ]
    labels = [f"seed={i}" for i in range(count)]
    return _launch.launch(trial, settings, labels, folder)[1]


def records(folder):
    return {p.parent.name: p.read_bytes() for p in folder.glob("*/record.json")}


def workers(folder):
    return {json.loads(p.read_text())["pid"] for p in folder.glob("*/job.json")}


ENGINES = {
    "joblib": Joblib(workers=2),
    "submitit": Submitit(cluster="local", workers=2),
    "ray": Ray(workers=2),
}


@pytest.mark.parametrize(
    "engine",
    [
        "joblib",
        "submitit",
        pytest.param("ray", marks=pytest.mark.slow(reason="Ray starts a cluster")),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves pipes to its own processes
# It forks to start other programs, which JAX warns of where another test has begun its threads.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_records_are_equal_and_only_the_job_that_dies_fails(engine, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # relative paths hold in every process
    Path("here.csv").write_text("1\n")
    if engine == "submitit":  # it waits 15 s for the result of a dead task, for slow file systems
        monkeypatch.setattr("submitit.core.core.Job._results_timeout_s", 0)
    assert launch(tmp_path / "local", Launcher()) == 0
    capsys.readouterr()
    assert launch(tmp_path / "other", ENGINES[engine], dies=DIES) == 1
    said = capsys.readouterr().err
    assert "5 of 6 jobs done, 1 failed" in said
    assert "its process died" in said
    local, other = records(tmp_path / "local"), records(tmp_path / "other")
    assert len(other) == 5
    assert other == {name: local[name] for name in other}
    assert json.loads(next(iter(other.values())))["result"]["relative"]
    assert os.getpid() not in workers(tmp_path / "other")
    assert read_status(tmp_path / "other").count("failed") == 1


def test_jobs_stay_in_warm_processes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here.csv").write_text("1\n")
    assert launch(tmp_path / "sweep", Joblib(workers=2), count=12) == 0
    assert 1 <= len(workers(tmp_path / "sweep")) <= 2


def hydra_sweep(name, folder, *overrides, **variables):
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "nullcline", "run", name, "-m", "family=pythia"),
            *(f"hydra.sweep.dir={folder}", "launcher=joblib", "launcher.workers=2", *overrides),
        ],
        cwd=ROOT,
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow(reason="kills and repeats a sweep of 40 jobs")
def test_a_killed_sweep_goes_on_where_it_was(tmp_path):
    """40 jobs, `kill -9` in the middle: at most the two in flight are lost."""
    jobs = ("estimator.n_boot=20000", "estimator.seed=range(0,40)")
    with hydra_sweep("diagnose", tmp_path, *jobs) as killed:
        while len(records(tmp_path)) < 8:
            assert killed.poll() is None, killed.communicate()[1]
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while read_status(tmp_path).count("running"):  # its workers see that it has gone
        assert time.monotonic() < deadline
        time.sleep(0.1)
    status = read_status(tmp_path)
    done, stopped = status.count("done"), status.count("stopped")
    before = records(tmp_path)
    for text in before.values():
        assert json.loads(text)["result"]["by_family"]
    assert 8 <= done < 40
    assert stopped <= 2
    assert len(before) - done <= stopped  # written, but not yet said to be done
    times = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*/record.json")}
    with hydra_sweep("diagnose", tmp_path, *jobs) as again:
        said = again.communicate()[1]
    assert again.returncode == 0, said
    assert f"{done} finished already and skipped, {40 - done} to do" in said
    after = records(tmp_path)
    assert len(after) == 40
    assert {name: after[name] for name in before} == before
    kept = [path for path, written in times.items() if path.stat().st_mtime_ns == written]
    assert len(kept) == done


@pytest.mark.slow(reason="a sweep in processes that import JAX")
def test_functions_compile_once_per_worker(tmp_path):
    """JAX says in the log of a job what it compiled: something in the first of each worker only."""
    jobs = ("seed=range(0,8)", "penalty=ridge")
    with hydra_sweep("fit_dynamics", tmp_path, *jobs, JAX_LOG_COMPILES="1") as command:
        said = command.communicate()[1]
    assert command.returncode == 0, said
    compiled = {}
    for path in tmp_path.glob("*/job.json"):
        state = json.loads(path.read_text())
        count = path.with_name("job.log").read_text().count("Compiling")
        compiled.setdefault(state["pid"], []).append((state["started"], count))
    assert sum(len(jobs) for jobs in compiled.values()) == 8
    for jobs in compiled.values():
        first, *others = (count for _, count in sorted(jobs))
        assert first > 0
        assert others == [0] * len(others)
