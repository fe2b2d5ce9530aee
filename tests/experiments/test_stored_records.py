"""What lies in the folders of runs is believed only as far as it agrees with itself."""

import json

import pytest

from nullcline.experiments.cli import main
from nullcline.experiments.records import read_records, write_record
from nullcline.experiments.stored import read_record
from nullcline.experiments.sweeps import collect, read_status
from nullcline.experiments.sweeps._job import JobFolder
from nullcline.experiments.sweeps._state import read_plan

ESCAPE = "\x1b]0;gone\x07\x1b[2J\x9b31m"


@pytest.fixture
def job(tmp_path):
    """The folder of one job that is done, in a sweep of one job."""
    folder = tmp_path / "sweep" / "seed=0"
    folder.mkdir(parents=True)
    write_record(
        folder,
        command="trial",
        settings={"seed": 0},
        inputs={},
        result={"mean": 0.1 + 0.2, "rows": [{"n": 1}], "none": None},
        job={"experiment": "trial", "key": "k", "rows": "rows"},
        code={"commit": None, "dirty": None, "version": "v"},
    )
    state = {"state": "done", "experiment": "trial", "label": "seed=0", "key": "k", "host": "h"}
    (folder / "job.json").write_text(json.dumps(state | {"pid": 1, "started": 1.0, "seconds": 2.0}))
    plan = {"experiment": "trial", "launcher": {}, "started": 1.0}
    jobs = [{"folder": "seed=0", "label": "seed=0", "key": "k"}]
    (folder.parent / "sweep.json").write_text(json.dumps(plan | {"jobs": jobs}))
    return folder


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def one_line(caught):
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_whole_record_counts_and_is_collected(job, tmp_path, capsys):
    assert JobFolder(job).finished("k")
    assert read_status(job.parent).count("done") == 1
    assert collect(job.parent, tmp_path / "t.csv").without_digest == 0
    assert main(["collect", str(job.parent), "-o", str(tmp_path / "t.csv"), "--json"]) == 0
    out = capsys.readouterr()
    assert json.loads(out.out)["records_without_digest"] == 0
    assert "digest" not in out.err


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) // 2], "no whole JSON file"),
        (lambda text: "", "no whole JSON file"),
        (lambda text: "{}", "command is None"),
        (lambda text: "[]", "holds no object"),
        (lambda text: "[" * 100_000, "over 100 deep"),
        (lambda text: text.replace('"command"', '"key": "x", "command"'), "'key' stands twice"),
        (lambda text: text.replace('"n": 1', '"n": 2'), "not those that were written"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "version 2"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": "1"'), "version '1'"),
        (lambda text: text.replace('"rows": "rows"', '"rows": 5'), "rows is 5"),
        (lambda text: text.replace('"rows": "rows"', '"rows": "mean"'), "no list of rows"),
    ],
)
def test_a_spoiled_record_is_neither_done_nor_collected(job, tmp_path, capsys, spoil, says):
    path = job / "record.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(ValueError, match=says) as caught:
        collect(job.parent, tmp_path / "t.csv")
    one_line(caught)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "t.csv").exists()
    if says != "no list of rows":  # which a study that names other rows now may have written
        assert not JobFolder(job).finished("k")
        status = read_status(job.parent)
        assert status.count("waiting") == 1
        assert says in (status.jobs[0].error or "")
        assert main(["status", str(job.parent)]) == 0
        assert "record.json" in capsys.readouterr().out
        with pytest.raises(ValueError, match=str(path)):
            read_records(job.parent, "trial", lambda row: row, study="trial", name=str)


def test_a_record_of_another_job_is_not_done(job):
    change(job / "record.json", key="other")
    assert not JobFolder(job).finished("k")
    assert "another job" in (read_status(job.parent).jobs[0].error or "")


def test_several_spoiled_records_are_counted(job, tmp_path):
    other = job.parent / "seed=1"
    other.mkdir()
    (other / "record.json").write_text("{")
    (job / "record.json").write_text("{")
    with pytest.raises(ValueError, match=r"seed=0.*\(1 more such records\)"):
        collect(job.parent, tmp_path / "t.csv")


def test_a_record_without_a_digest_is_read_and_said(job, tmp_path, capsys):
    path = job / "record.json"
    record = json.loads(path.read_text())
    del record["result_sha256"]
    path.write_text(json.dumps(record))
    assert "result_sha256" not in read_record(path)
    assert JobFolder(job).finished("k")
    assert main(["collect", str(job.parent), "-o", str(tmp_path / "t.csv")]) == 0
    assert "1 record of an older version has no digest" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    ["[]", "5", '{"state": 5}', '{"state": "done", "key": [1]}', "[" * 100_000,
     '{"state": "done", "seconds": "long"}', '{"state": "done", "ended": 1e300}', '{"state"'],
)  # fmt: skip
def test_a_job_file_of_another_shape_says_nothing_of_the_job(job, capsys, content):
    (job / "job.json").write_text(content)
    assert JobFolder(job).state() == {}
    assert not JobFolder(job).finished("k")
    assert main(["status", str(job.parent)]) == 0
    assert "job.json is not as a job writes it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"jobs": 5}, "jobs is no list"),
        ({"jobs": [5]}, "no folder, label and key"),
        ({"jobs": [{"folder": "a", "label": "a"}]}, "sweep.json is not as a sweep writes it"),
        ({"jobs": [{"folder": "../../etc", "label": "a", "key": "k"}]}, "none below it"),
        ({"jobs": [{"folder": "/etc", "label": "a", "key": "k"}]}, "none below it"),
        ({"jobs": [{"folder": 3000 * "[", "label": "a", "key": "k"}]}, "the folder '\\["),
        ({"jobs": [{"folder": 1500 * "a/", "label": "a", "key": "k"}]}, "the folder 'a/"),
        ({"started": "now"}, "started is no time"),
        ({"started": -1e300}, "started is no time"),
        ({"experiment": [1]}, "experiment or launcher"),
    ],
)
def test_a_plan_of_another_shape_is_refused_in_one_line(job, capsys, values, says):
    change(job.parent / "sweep.json", **values)
    with pytest.raises(ValueError, match=says) as caught:
        read_plan(job.parent)
    one_line(caught)
    assert main(["status", str(job.parent)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("content", ["[]", "{", "[" * 100_000, '{"jobs": [], "jobs": []}'])
def test_a_plan_that_is_none_is_refused_in_one_line(job, content):
    (job.parent / "sweep.json").write_text(content)
    with pytest.raises(ValueError, match=r"sweep\.json") as caught:
        read_plan(job.parent)
    one_line(caught)


def test_names_move_no_terminal(job, capsys):
    evil = job.parent / f"evil{ESCAPE}"
    job.rename(evil)
    change(
        evil.parent / "sweep.json",
        experiment=f"trial{ESCAPE}",
        jobs=[{"folder": evil.name, "label": ESCAPE, "key": "k"}],
    )
    change(evil / "job.json", state="failed", error=f"why {ESCAPE}", host=ESCAPE)
    for command in (["status"], ["status", "--json"]):
        assert main([command[0], str(evil.parent), *command[1:]]) == 0
        said = capsys.readouterr()
        assert not {"\x1b", "\x07", "\x9b"} & set(said.out + said.err)
    table = evil.parent / f"t{ESCAPE}.csv"
    assert main(["collect", str(evil.parent), "-o", str(table)]) == 0
    (evil / "record.json").write_text("{")
    assert main(["collect", str(evil.parent), "-o", str(table)]) == 2
    said = capsys.readouterr()
    assert "evil" in said.err
    assert not {"\x1b", "\x07", "\x9b"} & set(said.out + said.err)
