"""What Hydra promises its users holds in `nullcline run`: callbacks, return values, subfolders,
launchers and studies of one's own."""

import json
import sys

import pytest
from sweep_jobs import trial

from nullcline.experiments.cli import main as command
from nullcline.experiments.sweeps import main as run


@pytest.fixture(autouse=True)
def as_a_process_of_its_own(monkeypatch):
    """A sweep sets threads, arguments and Hydra's printer; the tests after it keep theirs."""
    monkeypatch.setattr("nullcline.experiments.sweeps._launch.limit_threads", lambda threads: None)
    monkeypatch.setattr("nullcline.experiments.sweeps._run.limit_threads", lambda threads: None)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # main sets it: so that it is taken back
    monkeypatch.delenv("HYDRA_FULL_ERROR")
    monkeypatch.setattr(sys, "argv", sys.argv)


def test_callbacks_run_around_every_job_of_a_sweep(tmp_path):
    diary = tmp_path / "diary"
    callback = f"{{_target_: hydra_parts.Diary, path: {diary}}}"
    arguments = ["-m", f"+hydra.callbacks.diary={callback}", f"hydra.sweep.dir={tmp_path / 's'}"]
    run(trial, [*arguments, "seed=4,5"])
    assert diary.read_text().splitlines() == [
        "start 4 0", "end 4 COMPLETED", "start 5 1", "end 5 COMPLETED",
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        run(trial, [*arguments, "seed=6", "act=fail"])
    assert diary.read_text().splitlines()[-2:] == ["start 6 0", "end 6 FAILED"]


@pytest.mark.parametrize("objective", ["mean", "rows.0.eigen"])
def test_an_optimising_sweeper_gets_the_objective_of_each_job(objective, tmp_path):
    sweep, found = tmp_path / "s", tmp_path / "found"
    run(
        trial,
        [
            "-m", f"objective={objective}", f"hydra.sweep.dir={sweep}",
            "hydra.sweeper._target_=hydra_plugins.bisect_sweeper.Bisect",
            f"+hydra.sweeper.path={found}",
        ],
    )  # fmt: skip
    values = [float(text) for text in found.read_text().split()]
    results = {}
    for path in sweep.glob("*/record.json"):
        record = json.loads(path.read_text())
        result = record["result"]
        value = result["mean"] if objective == "mean" else result["rows"][0]["eigen"]
        results[record["settings"]["seed"]] = value
    best = 1 + values.index(max(values[:2]))
    assert [results[1], results[2], results[best + 10]] == values
    assert len(json.loads((sweep / "sweep.json").read_text())["jobs"]) == 3  # of both batches


def test_an_objective_that_is_not_there_costs_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(trial, ["objective=meen", f"hydra.run.dir={tmp_path}"])
    assert exit_.value.code == 2
    assert "objective=meen: the result has no number there" in capsys.readouterr().err


def test_a_subfolder_that_is_named_is_honoured(tmp_path, capsys):
    base = ["-m", f"hydra.sweep.dir={tmp_path}", "seed=1,2"]
    run(trial, [*base, "hydra.sweep.subdir=number_${hydra.job.num}/seed_${seed}"])
    assert (tmp_path / "number_1" / "seed_2" / "record.json").is_file()
    for wrong, words in [
        ("same", "would share the folder"),
        ("../out", "give a folder below"),
    ]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            run(trial, [*base, f"hydra.sweep.subdir={wrong}"])
        assert exit_.value.code == 2
        assert words in capsys.readouterr().err


def test_a_launcher_of_ones_own_is_one_yaml(tmp_path):
    (tmp_path / "conf" / "launcher").mkdir(parents=True)
    (tmp_path / "conf" / "launcher" / "ours.yaml").write_text(
        "defaults:\n  - joblib_schema\n  - _self_\n\nworkers: 1\nthreads: 3\n"
    )
    sweep = tmp_path / "s"
    run(
        trial,
        ["-m", "--config-dir", str(tmp_path / "conf"), "launcher=ours", "seed=1",
         f"hydra.sweep.dir={sweep}"],
    )  # fmt: skip
    plan = json.loads((sweep / "sweep.json").read_text())
    own = {"engine": "joblib", "threads": 3, "workers": 1}
    assert plan["launcher"] == own | {"on_error": "continue"}


def test_a_study_of_ones_own_needs_no_yaml(tmp_path, capsys):
    assert command(["run", "sweep_jobs:trial", "seed=3", f"hydra.run.dir={tmp_path}"]) == 0
    assert json.loads((tmp_path / "record.json").read_text())["settings"]["seed"] == 3
    for name, words in [("sweep_jobs:nothing", "no attribute"), ("sweep_jobs:Trial", "no study")]:
        capsys.readouterr()
        assert command(["run", name]) == 2
        assert words in capsys.readouterr().err
