"""A sweep in this process: what is skipped, what is done again, what is said of it."""

import contextlib
import fcntl
import json
import time
from dataclasses import replace

import pytest
from sweep_jobs import Trial, trial

from nullcline.experiments import keys
from nullcline.experiments.cli import main
from nullcline.experiments.keys import folder_digest, job_key
from nullcline.experiments.launchers import Launcher
from nullcline.experiments.study import plain_settings
from nullcline.experiments.sweeps import _launch, read_status, status_to_dict
from nullcline.experiments.sweeps._job import JobFolder
from nullcline.experiments.sweeps._run import Ended, SweepJob
from nullcline.experiments.sweeps._state import JobStatus, _seconds_left


@pytest.fixture(autouse=True)
def threads_stay(monkeypatch):
    """A sweep sets the threads of its process; the tests after it keep theirs."""
    monkeypatch.setattr("nullcline.experiments.sweeps._launch.limit_threads", lambda threads: None)
    monkeypatch.setattr("nullcline.experiments.sweeps._run.limit_threads", lambda threads: None)


def sweep(folder, *settings):
    return _launch.launch(trial, settings, [f"seed={s.seed}" for s in settings], folder)[1]


def record_of(folder, seed):
    (path,) = folder.glob(f"seed={seed}-*/record.json")
    return path


def test_a_key_is_the_settings_the_inputs_and_the_code():
    plain = plain_settings(Trial(seed=1))
    key = job_key("trial", plain, {"a": "1"}, "v")
    assert key == job_key("trial", dict(reversed(plain.items())), {"a": "1"}, "v")
    elsewhere = Trial(seed=1, launcher=Launcher(threads=4))
    assert plain_settings(elsewhere) == plain  # where it runs is no part of it
    others = [
        job_key("trial", {**plain, "seed": 2}, {"a": "1"}, "v"),
        job_key("trial", plain, {"a": "2"}, "v"),
        job_key("trial", plain, {"a": "1"}, "w"),
        job_key("other", plain, {"a": "1"}, "v"),
    ]
    assert len({key, *others}) == 5


def test_a_folders_digest_sees_names_and_contents(tmp_path):
    (tmp_path / "a").write_text("1")
    first = folder_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = folder_digest(tmp_path)
    (tmp_path / "b").write_text("22")
    assert len({first, renamed, folder_digest(tmp_path)}) == 3


def test_what_is_done_is_skipped_and_says_so(tmp_path, capsys):
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1)) == 0
    written = {seed: record_of(tmp_path, seed).stat().st_ino for seed in (0, 1)}
    capsys.readouterr()
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1), Trial(seed=2)) == 0
    said = capsys.readouterr().err
    assert "3 jobs, 2 finished already and skipped, 1 to do" in said
    assert "3 of 3 jobs done (2 before)" in said
    assert {seed: record_of(tmp_path, seed).stat().st_ino for seed in (0, 1)} == written


@pytest.mark.parametrize("change", ["input", "code", "record", "state"])
def test_what_has_changed_is_done_again(change, tmp_path, monkeypatch, capsys):
    read = tmp_path / "in.csv"
    read.write_text("1\n")
    folder, jobs = tmp_path / "sweep", [Trial(seed=seed, path=str(read)) for seed in (0, 1)]
    assert sweep(folder, *jobs) == 0
    before = json.loads(record_of(folder, 0).read_text())
    if change == "input":
        read.write_text("22\n")
    elif change == "code":
        monkeypatch.setattr(keys, "code_version", lambda: "f" * 64)
    elif change == "record":
        record_of(folder, 0).unlink()
    else:  # a process that was killed leaves `running` behind
        JobFolder(record_of(folder, 0).parent).begin(key="", experiment="trial")
    assert read_status(folder).count("done") == (2 if change in ("input", "code") else 1)
    capsys.readouterr()
    assert sweep(folder, *jobs) == 0
    to_do = 2 if change in ("input", "code") else 1
    assert f"{to_do} to do" in capsys.readouterr().err
    after = json.loads(record_of(folder, 0).read_text())
    assert (after["key"] == before["key"]) == (change in ("record", "state"))
    assert after["result"] == before["result"]


def test_a_failing_job_stops_no_other(tmp_path, capsys):
    jobs = [
        Trial(seed=0),
        Trial(seed=1, act="fail"),
        Trial(seed=2, act="exit"),
        Trial(seed=3, path="gone"),
        Trial(seed=4),
    ]
    assert sweep(tmp_path, *jobs) == 3
    said = capsys.readouterr().err
    assert "2 of 5 jobs done, 3 failed" in said
    table = said[said.index("log of what failed") :]
    for seed, why in ((1, "was asked to fail"), (2, "trial left"), (3, "gone: there is no such")):
        (log,) = tmp_path.glob(f"seed={seed}-*/job.log")
        (line,) = [line for line in table.splitlines() if str(log) in line]
        assert why in line
        assert why in log.read_text()
    assert "Traceback" in next(tmp_path.glob("seed=1-*/job.log")).read_text()
    assert sorted(p.parent.name[:6] for p in tmp_path.glob("*/record.json")) == ["seed=0", "seed=4"]
    assert sweep(tmp_path, *[replace(job, act="work", path=None) for job in jobs]) == 0
    assert sweep(tmp_path, *jobs) == 3  # and those that failed are tried again
    assert "2 finished already and skipped, 2 to do" in capsys.readouterr().err


def test_equal_jobs_are_done_once(tmp_path, capsys):
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=0)) == 0
    assert "1 job, 1 to do" in capsys.readouterr().err


@contextlib.contextmanager
def held_by_another(folder):
    """The lock of a job in other hands until the block ends, or `release` is called."""
    with (folder / "job.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lambda: fcntl.flock(lock, fcntl.LOCK_UN)


@pytest.mark.parametrize("leaves", ["done", "failed", "nothing"])
def test_a_job_that_another_process_works_on_is_waited_for(leaves, tmp_path, monkeypatch, capsys):
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1)) == 0
    at = JobFolder(record_of(tmp_path, 0).parent)
    state = json.loads((at.path / "job.json").read_text())
    record = (at.path / "record.json").read_bytes()
    at.begin(key=state["key"], experiment="trial", label="theirs")
    with held_by_another(at.path) as release:
        assert read_status(tmp_path).count("running") == 1

        def later(seconds):
            assert at.state().get("label") == "theirs"  # nobody took its work away
            if leaves == "done":
                (at.path / "record.json").write_bytes(record)
                at.end("done", key=state["key"])
            elif leaves == "failed":
                at.end("failed", error="theirs failed")
            release()

        monkeypatch.setattr(_launch.time, "sleep", later)
        monkeypatch.setattr("nullcline.experiments.sweeps._job._wait", lambda: None)
        capsys.readouterr()
        assert sweep(tmp_path, Trial(seed=0), Trial(seed=1)) == (leaves == "failed")
    said = capsys.readouterr().err
    assert "waiting for 1 job that another process works on" in said
    assert ("theirs failed" in said) == (leaves == "failed")
    assert (at.state().get("label") == "theirs") == (leaves != "nothing")


def test_a_sweep_that_is_not_finished_does_not_end_as_if_it_were(tmp_path, capsys):
    jobs = [Trial(seed=0), Trial(seed=1, act="fail"), Trial(seed=2)]
    assert sweep(tmp_path, *jobs) == 1
    said = capsys.readouterr().err
    assert "collect" not in said
    assert said.splitlines()[-1] == (
        "trial: not finished: 1 job to do; the same command does it and skips what is done"
    )
    assert sweep(tmp_path, *[replace(job, act="work") for job in jobs]) == 0
    assert "nullcline collect" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("first", ["fail", "path"])
def test_on_error_stop_begins_no_other_job(first, tmp_path, capsys):
    stop = Launcher(on_error="stop")
    wrong = Trial(seed=1, act="fail") if first == "fail" else Trial(seed=1, path="gone")
    jobs = [replace(job, launcher=stop) for job in (Trial(seed=0), wrong, Trial(seed=2))]
    missing = 2 if first == "fail" else 3  # what cannot be read is seen before any job begins
    assert sweep(tmp_path, *jobs) == missing
    said = capsys.readouterr().err
    assert f"1 failed, {missing - 1} not begun" in said
    assert f"not finished: {missing} jobs to do" in said.splitlines()[-1]
    assert read_status(tmp_path).count("waiting") == missing - 1
    assert not list(tmp_path.glob(".stop*"))
    on = [replace(job, act="work", path=None, launcher=stop) for job in jobs]
    assert sweep(tmp_path, *on) == 0


def test_a_record_that_is_cut_is_said_and_done_again(tmp_path, capsys):
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1)) == 0
    path = record_of(tmp_path, 0)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1)) == 0
    said = capsys.readouterr().err
    assert "again: seed=0:" in said
    assert "no whole JSON file" in said
    assert path.read_bytes() == whole


def test_a_record_that_was_written_anew_with_the_same_figures_still_counts(tmp_path):
    assert sweep(tmp_path, Trial(seed=0)) == 0
    path = record_of(tmp_path, 0)
    path.write_text(json.dumps(json.loads(path.read_text())))  # other blanks: another mark
    assert read_status(tmp_path).count("done") == 1
    path.write_text(path.read_text().replace('"mean": ', '"mean": 1'))
    assert read_status(tmp_path).count("done") == 0


def test_a_clock_that_is_set_back_makes_no_time_negative(tmp_path, monkeypatch):
    clock = iter(range(10**9, 0, -1000))
    monkeypatch.setattr("time.time", lambda: float(next(clock)))
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1), Trial(seed=2, act="fail")) == 1
    for path in tmp_path.glob("*/job.json"):
        state = json.loads(path.read_text())
        assert 0 <= state["seconds"] < 60
        assert state["ended"] >= state["started"]
    at = JobFolder(record_of(tmp_path, 0).parent)
    at.begin(key="k", experiment="trial")
    died = JobFolder(at.path)  # told by a process that had not begun it
    died.end("failed", error="gone")
    assert died.state().get("seconds") == 0
    with held_by_another(at.path):
        at.begin(key="k", experiment="trial")
        assert read_status(tmp_path).seconds_left is None


def test_half_a_file_of_a_killed_process_is_cleared_away(tmp_path):
    assert sweep(tmp_path, Trial(seed=0)) == 0
    folder = record_of(tmp_path, 0).parent
    for name in ("record", "job"):  # as `write_whole` names them
        (folder / f".{name}.{'0a' * 8}.json").write_text('{"half')
    (folder / "record.json").unlink()
    assert sweep(tmp_path, Trial(seed=0)) == 0
    assert sorted(p.name for p in folder.iterdir()) == [
        "job.json", "job.lock", "job.log", "record.json"
    ]  # fmt: skip


def test_what_a_job_prints_is_in_its_log_alone(tmp_path, capfd):
    assert sweep(tmp_path, Trial(seed=0), Trial(seed=1)) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "begins" not in err
    for seed in (0, 1):
        log = next(tmp_path.glob(f"seed={seed}-*/job.log")).read_text()
        assert log == f"trial {seed} begins\n"


def test_status_tells_every_state(tmp_path, capsys):
    assert (
        sweep(tmp_path, Trial(seed=0), Trial(seed=1, act="fail"), Trial(seed=2), Trial(seed=3)) == 1
    )
    stopped, waiting = (record_of(tmp_path, seed).parent for seed in (2, 3))
    JobFolder(stopped).begin(key="k", experiment="trial")
    JobFolder(waiting).clear()
    capsys.readouterr()
    assert main(["status", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"done": 1, "running": 0, "waiting": 1, "stopped": 1, "failed": 1}
    assert found["jobs"][1]["error"] == "trial 1 was asked to fail"
    assert found == json.loads(json.dumps(status_to_dict(read_status(tmp_path))))
    assert main(["status", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "trial: 4 jobs: 1 done, 1 waiting, 1 stopped, 1 failed" in text
    assert "asked to fail" in text
    assert "run again, does what is missing" in text


def test_status_of_another_folder_is_a_mistake(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 2
    assert "sweep.json" in capsys.readouterr().err


def test_the_end_is_estimated_by_the_pace_of_this_launch():
    started = time.time() - 100
    done = [JobStatus("a", "a", "done", seconds=10, ended=started + t) for t in (20, 40)]
    before = JobStatus("b", "b", "done", seconds=10, ended=started - 1000)  # by an earlier launch
    left = [JobStatus("c", "c", "running"), *[JobStatus("d", "d", "waiting")] * 3]
    # Two jobs in 100 s: four more take 200 s, whatever was done before.
    assert _seconds_left([*done, before, *left], started) == pytest.approx(200, abs=2)
    assert _seconds_left([*done, before], started) is None
    assert _seconds_left(left, started) is None


def test_progress_counts_what_launching_cost(tmp_path, monkeypatch, capsys):
    from nullcline.experiments.sweeps import _progress

    now = iter([0.0, 0.0, 0.0, *[10.0] * 20])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(now))
    jobs = [SweepJob("m", "e", f"j{i}", Trial(), f"/s/{i}", "k", {}, 1, "/") for i in range(4)]
    progress = _progress.SweepProgress("e", tmp_path, jobs)
    progress.begin(4)
    for i, job in enumerate(jobs):
        progress.ended(Ended(job.folder, "done", None, 4.0, f"host:{i % 2}"))
    assert progress.close() == 0
    said = capsys.readouterr().err
    assert "e: 2/4 done, ends about" in said or "e: 1/4 done, ends about" in said
    # Two workers had 20 s between them and spent 16 s of it inside four jobs.
    assert "in 10.0 s by 2 workers, of which launching took 1.00 s per job" in said
