"""Records as one tidy table."""

import json
import tracemalloc

import pandas as pd
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.sweeps import _collect, collect


def write(folder, *, settings, rows, version="v", **result):
    folder.mkdir(parents=True)
    record = {
        "command": "heads", "experiment": "attribute_heads", "key": folder.name, "rows": "heads",
        "settings": settings, "inputs": {"m": "0" * 64}, "result": {"heads": rows, **result},
        "code": {"commit": "c", "dirty": False, "version": version}, "python": "3.11",
    }  # fmt: skip
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "job.json").write_text(json.dumps({"state": "done", "host": "h", "seconds": 1.5}))


@pytest.fixture
def sweep(tmp_path):
    """Two models, of two heads and one."""
    head = {"layer": 0, "competes": True, "truth": {"effect": 1, "low": None}}
    write(
        tmp_path / "sweep" / "a",
        settings={"model": {"name": "m1"}, "seed": 0, "sizes": [4, 8], "path": None},
        rows=[head, {**head, "layer": 1, "truth": {"effect": 0.5, "low": 0.25}}],
        mean=2,
        nested={"deep": {"er": {"lost": 1}}, "list": [{"x": 1}]},
    )
    write(
        tmp_path / "sweep" / "b",
        settings={"model": {"name": "m2"}, "seed": "first", "sizes": [], "path": None},
        rows=[{"layer": 2, "competes": None, "truth": None}],
    )
    write(tmp_path / "sweep" / ".submitit" / "c", settings={}, rows=[])
    return tmp_path / "sweep"


def test_a_row_per_result_with_settings_and_provenance(sweep, tmp_path):
    found = collect(sweep, tmp_path / "t.parquet")
    assert (found.records, found.rows, found.code_versions) == (2, 3, 1)
    table = pd.read_parquet(tmp_path / "t.parquet")
    assert list(table.columns) == [name for name, _ in found.columns]
    assert table["config.model.name"].tolist() == ["m1", "m1", "m2"]
    assert table["config.seed"].tolist() == ["0", "0", "first"]  # numbers and words: words
    assert table["config.sizes"].tolist() == ["[4, 8]", "[4, 8]", "[]"]
    assert table["layer"].tolist() == [0, 1, 2]
    assert table["layer"].dtype == "int64"
    assert table["truth.effect"].tolist()[:2] == [1.0, 0.5]
    assert table["truth.effect"].isna().tolist() == [False, False, True]
    assert table["result.mean"].tolist()[:2] == [2, 2]
    assert table["run.folder"].tolist() == ["a", "a", "b"]
    assert table["run.seconds"].tolist() == [1.5] * 3
    assert set(table["run.code_version"]) == {"v"}
    # What no record fills is no column, nor is what is no single value.
    assert not {"config.path", "result.nested.list", "result.nested.deep.er.lost"} & set(table)


def test_both_formats_say_the_same(sweep, tmp_path):
    for suffix in ("csv", "parquet"):
        assert main(["collect", str(sweep), "-o", str(tmp_path / f"t.{suffix}")]) == 0
    read = pd.read_csv(tmp_path / "t.csv"), pd.read_parquet(tmp_path / "t.parquet")
    one, other = (table.astype(str).replace("None", "nan") for table in read)
    pd.testing.assert_frame_equal(one, other)


def test_json_is_alone_on_stdout_and_what_is_missing_is_said(sweep, capsys):
    jobs = [{"folder": name, "label": name, "key": name} for name in ("a", "b", "gone")]
    plan = {"experiment": "attribute_heads", "launcher": {}, "started": 0.0, "jobs": jobs}
    (sweep / "sweep.json").write_text(json.dumps(plan))
    for name in ("a", "b"):
        (sweep / name / "job.json").write_text(json.dumps({"state": "done", "key": name}))
    assert main(["collect", str(sweep), "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["records"], found["rows"], found["jobs_not_done"]) == (2, 3, 1)
    assert found["columns"]["truth.effect"] == "float"
    assert "1 job of the sweep is not done" in err
    assert (sweep / "table.parquet").is_file()


@pytest.fixture
def planned(sweep):
    """The same with a plan: `b` and a new job; what else lies there is stale."""
    jobs = [{"folder": name, "label": name, "key": name} for name in ("b", "new")]
    plan = {"experiment": "attribute_heads", "launcher": {}, "started": 0.0, "jobs": jobs}
    (sweep / "sweep.json").write_text(json.dumps(plan | {"code_version": "v"}))
    (sweep / "b" / "job.json").write_text(json.dumps({"state": "done", "key": "b"}))
    write(sweep / "new", settings={"seed": 2}, rows=[{"layer": 9}], version="w")
    change_key(sweep / "new", "older")
    return sweep


def change_key(folder, key):
    record = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps(record | {"key": key}))


@pytest.mark.parametrize(
    ("version", "why"),
    [("w", "of another version of the code"), ("v", "of other inputs or settings")],
)
def test_stale_records_are_named_and_left_out_unless_asked_for(
    planned, version, why, tmp_path, capsys
):
    path = planned / "new" / "record.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"code": record["code"] | {"version": version}}))
    out = tmp_path / "t.csv"
    assert main(["collect", str(planned), "-o", str(out), "--json"]) == 0
    said = capsys.readouterr()
    stale = [{"folder": "a", "why": "of an earlier command"}, {"folder": "new", "why": why}]
    assert json.loads(said.out)["stale"] == stale
    assert f"2 stale records (1 of an earlier command: a; 1 {why}: new)" in said.err
    assert pd.read_csv(out)["run.folder"].tolist() == ["b"]
    assert json.loads(said.out)["jobs_not_done"] == 1
    assert main(["status", str(planned), "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["stale"], key=lambda s: s["folder"]) == stale
    assert main(["status", str(planned)]) == 0
    assert "2 stale records" in capsys.readouterr().out
    assert main(["collect", str(planned), "-o", str(out), "--stale"]) == 0
    assert set(pd.read_csv(out)["run.folder"]) == {"a", "b", "new"}
    (planned / "b" / "record.json").unlink()
    assert main(["collect", str(planned), "-o", str(out)]) == 2
    assert "--stale" in capsys.readouterr().err.splitlines()[-1]


def test_contents_of_inputs_that_differ_are_named(sweep, tmp_path, capsys):
    path = sweep / "a" / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"inputs": {"m": "1" * 64}}))
    assert main(["collect", str(sweep), "-o", str(tmp_path / "t.csv")]) == 0
    assert "'m' had other contents in some jobs" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", "{}"])
def test_a_broken_record_is_named_and_the_rest_collected(sweep, content, tmp_path, capsys):
    (sweep / "a" / "record.json").write_text(content)
    out = tmp_path / "t.csv"
    with pytest.raises(SystemExit) as exit_:
        main(["collect", str(sweep), "-o", str(out)])
    assert exit_.value.code == 1
    said = capsys.readouterr()
    assert f"not used: {sweep / 'a' / 'record.json'}" in said.err
    assert pd.read_csv(out)["run.folder"].tolist() == ["b"]


def test_a_plan_that_cannot_be_read_is_named_and_the_records_collected(sweep, tmp_path, capsys):
    (sweep / "sweep.json").write_text("{")
    with pytest.raises(SystemExit) as exit_:
        main(["collect", str(sweep), "-o", str(tmp_path / "t.csv")])
    assert exit_.value.code == 1
    assert "sweep.json" in capsys.readouterr().err


def test_a_folder_without_records_leaves_the_old_table(sweep, tmp_path, capsys):
    out = tmp_path / "t.csv"
    out.write_text("old")
    for path in sweep.glob("*/record.json"):
        path.unlink()
    assert main(["collect", str(sweep), "-o", str(out)]) == 2
    assert "holds no record.json" in capsys.readouterr().err
    assert out.read_text() == "old"


def test_no_text_of_the_csv_is_a_formula(tmp_path):
    rows = [{"=1+1": 1, "name": "=cmd|' /C calc'!A0", "less": -2.5, "mixed": -3},
            {"=1+1": 2, "name": "@SUM(A1)", "less": -1.0, "mixed": "-x"}]  # fmt: skip
    write(tmp_path / "s" / "a", settings={"+key": "-1+1"}, rows=rows)
    collect(tmp_path / "s", tmp_path / "t.csv")
    table = pd.read_csv(tmp_path / "t.csv")
    assert table["'=1+1"].tolist() == [1, 2]
    assert table["name"].tolist() == ["'=cmd|' /C calc'!A0", "'@SUM(A1)"]
    assert table["config.+key"].tolist() == ["'-1+1"] * 2
    assert table["less"].tolist() == [-2.5, -1.0]  # numbers are numbers
    assert table["mixed"].tolist() == ["-3", "'-x"]


def test_status_of_a_folder_above_lists_sweeps_and_runs(planned, tmp_path, capsys):
    write(tmp_path / "single", settings={}, rows=[])
    state = {"state": "done", "key": "single", "experiment": "attribute_heads"}
    (tmp_path / "single" / "job.json").write_text(json.dumps(state))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sweep.json").write_text("{")
    assert main(["status", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counted = {one["folder"].rsplit("/", 1)[-1]: one for one in found["sweeps"]}
    assert set(counted) == {"sweep", "single"}
    assert counted["sweep"]["counts"]["done"] == 1
    assert counted["sweep"]["stale"] == 2
    assert counted["single"]["single_run"]
    assert len(found["broken"]) == 1
    assert main(["status", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "1 sweep, 1 single run" in text
    assert "cannot be read" in text
    assert main(["status", str(tmp_path / "single")]) == 0
    assert "attribute_heads: single run: done" in capsys.readouterr().out
    (tmp_path / "single" / "job.json").unlink()
    assert main(["status", str(tmp_path / "single")]) == 0
    assert "attribute_heads: single run: done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("folder", "out", "word"), [("gone", "t.csv", "gone"), (".", "t.xlsx", ".csv")]
)
def test_a_mistake_costs_one_line(folder, out, word, tmp_path, capsys):
    assert main(["collect", str(tmp_path / folder), "-o", str(tmp_path / out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert word in line


def test_memory_does_not_grow_with_the_records(tmp_path, monkeypatch):
    monkeypatch.setattr(_collect, "_ROWS_AT_ONCE", 500)
    rows = [{"layer": i, "name": f"head {i}", "effect": {"mean": i / 7}} for i in range(100)]
    peaks = []
    for count in (20, 200):
        for number in range(count):
            write(tmp_path / f"{count}" / f"{number:03d}", settings={"seed": number}, rows=rows)
        tracemalloc.start()
        collect(tmp_path / f"{count}", tmp_path / f"{count}.parquet")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Ten times the rows; names of files and modules are all that may grow.
    assert peaks[1] < 1.5 * peaks[0], peaks
    import pyarrow.parquet as pq

    written = pq.ParquetFile(tmp_path / "200.parquet").metadata
    assert written.num_rows == 20_000
    assert written.num_row_groups == 40


def test_the_table_of_trained_families_is_a_score_table(tmp_path):
    sizes = ((0, 1e6), (1, 3e6), (2, 9e6))
    for seed in (0, 1):
        rows = [
            {"family": "f", "model": f"f-{size}" + seed * "-seed1", "params": n, "seed": seed,
             "world_reasoning": 0.3 + size / 10, "world_truth": 0.5 - seed / 10}
            for size, n in sizes
        ]  # fmt: skip
        write(tmp_path / "sweep" / f"{seed}", settings={"seed": seed, "family": "web"}, rows=rows)
    collect(tmp_path / "sweep", tmp_path / "t.csv")
    table = dynamics.read_scores(tmp_path / "t.csv")
    assert table.benchmarks == ("world_reasoning", "world_truth")
    assert set(table.families) == {"f"}
    assert sorted(table.frame["world_truth"]) == [0.4] * 3 + [0.5] * 3
