"""Faults of the machine: full disks, closed folders, killed processes. docs/reliability.md names
each promise with its test."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rights import modes_bind
from sweep_jobs import Trial, trial

from nullcline.common.files import whole_folder, write_whole
from nullcline.experiments.cli import main
from nullcline.experiments.sweeps import _launch, read_status, run_here
from nullcline.experiments.sweeps import main as run
from nullcline.experiments.sweeps._job import JobFolder

HELPERS = Path(__file__).parents[1] / "helpers"


@pytest.fixture(autouse=True)
def threads_stay(monkeypatch):
    """A sweep sets the threads of its process; the tests after it keep theirs."""
    monkeypatch.setattr("nullcline.experiments.sweeps._launch.limit_threads", lambda threads: None)
    monkeypatch.setattr("nullcline.experiments.sweeps._run.limit_threads", lambda threads: None)


@pytest.fixture
def small_files(monkeypatch):
    """Call it: from then on no file of this process may be longer than so many bytes, as on a disk
    that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def sweep(folder, *seeds):
    settings = [Trial(seed=seed) for seed in seeds]
    return _launch.launch(trial, settings, [f"seed={seed}" for seed in seeds], folder)[1]


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_full_disk_keeps_the_old_file_and_names_it(tmp_path, small_files, capsys):
    path = tmp_path / "t.csv"
    assert main(["example"]) == 0
    table = tmp_path / "in.csv"
    table.write_text(capsys.readouterr().out)
    path.write_text("old")
    small_files(100)
    with pytest.raises(OSError, match=r"t\.csv"):
        write_whole(path, "new" * 100)
    assert main(["read", str(table), "--out", str(path)]) == 2
    small_files(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    line = capsys.readouterr().err.splitlines()[-1]
    assert (
        line
        == f"nullcline: {path}: File too large; raise the limit on the size of files (ulimit -f)"
    )
    assert files(tmp_path) == {"in.csv": table.read_bytes(), "t.csv": b"old"}


def test_a_full_disk_fails_the_job_and_the_same_command_does_it(tmp_path, small_files, capsys):
    assert sweep(tmp_path, 0) == 0
    small_files(600)  # job.json is shorter, record.json and the plan are not
    plan = tmp_path / "sweep.json"
    before = plan.read_bytes()
    with pytest.raises(OSError, match=r"sweep\.json"):
        sweep(tmp_path, 0, 1, 2, 3)
    assert plan.read_bytes() == before
    small_files(1000)
    assert sweep(tmp_path, 0, 1) == 1
    small_files(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    said = capsys.readouterr().err
    assert "record.json: File too large" in said
    assert "not finished" in said.splitlines()[-1]
    assert not [name for name in files(tmp_path) if "/.record" in name]
    assert sweep(tmp_path, 0, 1) == 0
    assert read_status(tmp_path).count("done") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="root lays its rights down as Linux has them")
def test_a_folder_that_is_read_only_costs_one_line(tmp_path, capsys):
    """As root too, who else writes whatever the modes say."""
    tmp_path.chmod(0o500)
    command = ["run", "sweep_jobs:trial", f"hydra.run.dir={tmp_path / 'r'}"]
    try:
        with modes_bind(), pytest.raises(SystemExit) as end:
            main(command)
        assert end.value.code == 2
        assert not list(tmp_path.iterdir())
    finally:
        tmp_path.chmod(0o700)
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "Permission denied" in line]
    assert str(tmp_path) in said
    assert "change its rights, or give another place" in said
    assert main(command) == 0


def test_a_job_whose_folder_cannot_be_written_fails_alone(tmp_path, capsys):
    assert sweep(tmp_path, 0, 1, 2) == 0
    (path,) = tmp_path.glob("seed=1-*")
    for file in path.iterdir():
        file.unlink()
    path.rmdir()
    path.write_text("somebody's file")  # root, too, cannot make a folder of it
    (other,) = tmp_path.glob("seed=2-*/record.json")
    other.unlink()
    assert sweep(tmp_path, 0, 1, 2) == 1
    said = capsys.readouterr().err
    assert str(path.name) in said
    assert "Traceback" not in said
    assert other.is_file()
    assert path.read_text() == "somebody's file"


WRITER = """
import sys
from pathlib import Path
from rights import modes_bind
from sweep_jobs import Trial, trial
from nullcline.experiments.sweeps import run_here
folder, number = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    run_here(trial, Trial(seed=number), folder)
    number += 1
"""


@pytest.mark.slow(reason="starts and kills a process many times")
def test_a_writer_that_is_killed_leaves_a_whole_record_or_none(tmp_path):
    """`kill -9` at twelve random moments of a process that does nothing but write."""
    moments = random.Random(0)
    states = set()
    paths = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    for attempt in range(12):
        folder = tmp_path / str(attempt % 3)  # which others were killed in before
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)],
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.2 + moments.uniform(0, 0.1))
            writer.kill()
        job = JobFolder(folder)
        state = job.state()
        states.add(state.get("state"))
        assert state.get("state") in ("running", "done", None)
        deadline = time.monotonic() + 20
        while job.running():  # a child that it was about to start holds its files for a moment
            assert time.monotonic() < deadline
        record = folder / "record.json"
        if record.exists():
            json.loads(record.read_text())
        if state.get("state") == "done":
            assert job.finished(state.get("key") or "")
        elif state:
            assert read_status(folder).count("stopped") == 1
    run_here(trial, Trial(seed=1), folder)
    assert read_status(folder).count("done") == 1
    assert not list(folder.glob(".*"))  # halves of those that were killed are gone


def test_two_runs_in_one_folder_are_refused(tmp_path):
    run_here(trial, Trial(seed=1), tmp_path)
    before = files(tmp_path)
    with JobFolder(tmp_path).locked() as mine:
        assert mine
        with pytest.raises(ValueError, match="another process works there"):
            run_here(trial, Trial(seed=2), tmp_path)
    assert files(tmp_path) == before
    run_here(trial, Trial(seed=2), tmp_path)


def test_two_sweeps_that_share_the_work_both_end_well(tmp_path):
    """Each job is done once, by one of them, and both commands end with 0."""
    paths = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "nullcline", "run", "sweep_jobs:trial", "-m",
               "seed=range(0,6)", "act=sleep", f"hydra.sweep.dir={tmp_path}"]  # fmt: skip
    both = [
        subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": paths},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert all("6 of 6 jobs done" in text for text in said)
    assert read_status(tmp_path).count("done") == 6


def test_sigterm_ends_a_sweep_in_words_and_the_same_command_goes_on(tmp_path):
    paths = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "nullcline", "run", "sweep_jobs:trial", "-m",
               "seed=range(0,200)", "act=sleep", f"hydra.sweep.dir={tmp_path}"]  # fmt: skip
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.PIPE, text=True
    ) as going:
        while len(list(tmp_path.glob("*/record.json"))) < 2:  # the first of which is marked as done
            assert going.poll() is None
            time.sleep(0.05)
        going.terminate()
        said = going.communicate(timeout=60)[1]
    assert going.returncode == 143
    assert said.splitlines()[-1] == (
        "trial: not finished: ended by SIGTERM; the same command goes on"
    )
    status = read_status(tmp_path)
    assert status.count("running") == 0
    assert status.count("stopped") <= 1
    assert 0 < status.count("done") < 200


def test_a_folder_that_is_replaced_stands_until_the_new_one_does(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").write_text("")
    rename = Path.rename

    def full(path, target):
        if "old" not in [one.name for one in path.iterdir()]:  # the new one
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="model"), whole_folder(folder, replace=True) as temporary:
        (temporary / "new").write_text("")
    assert list(files(tmp_path)) == ["model/old"]


@pytest.mark.parametrize("mode", ["run", "sweep"])
def test_relative_paths_begin_where_the_command_is_given(mode, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.delenv("HYDRA_FULL_ERROR")
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("1\n")
    where = [f"hydra.{mode}.dir=deep/er", *(["-m"] if mode == "sweep" else [])]
    run(trial, [*where[1:], "path=in.csv", where[0]])
    (path,) = tmp_path.glob("deep/er/**/record.json")
    assert json.loads(path.read_text())["result"]["relative"]
    with pytest.raises(SystemExit) as exit_:
        run(trial, [*where[1:], "path=in.csv", "hydra.job.chdir=true", where[0]])
    assert exit_.value.code == 2
    assert "hydra.job.chdir=True: relative paths begin where" in capsys.readouterr().err
    assert Path.cwd() == tmp_path
