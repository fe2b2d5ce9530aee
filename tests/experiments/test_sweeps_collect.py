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
    write(sweep / "old", settings={}, rows=[], version="w")
    assert main(["collect", str(sweep), "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["records"], found["rows"], found["jobs_not_done"]) == (3, 3, 1)
    assert found["columns"]["truth.effect"] == "float"
    assert "1 job of the sweep is not done" in err
    assert "2 versions of the code" in err
    assert (sweep / "table.parquet").is_file()


@pytest.mark.parametrize(
    ("break_it", "word"),
    [
        (lambda sweep: (sweep / "a" / "record.json").write_text("{"), "a/record.json"),
        (lambda sweep: (sweep / "a" / "record.json").write_text("{}"), "a/record.json"),
        (lambda sweep: [p.unlink() for p in sweep.glob("*/record.json")], "holds no record.json"),
    ],
)
def test_a_broken_sweep_costs_one_line_and_leaves_the_old_table(
    sweep, break_it, word, tmp_path, capsys
):
    out = tmp_path / "t.csv"
    out.write_text("old")
    break_it(sweep)
    assert main(["collect", str(sweep), "-o", str(out)]) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert word in line
    assert out.read_text() == "old"


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
