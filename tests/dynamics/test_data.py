"""Every row of every shipped table against its schema, and every table against its sidecar."""

import csv
import hashlib
import json
import math
import re

import pytest

from nullcline import dynamics
from nullcline.data import shipped

ALL_TABLES = sorted(shipped().glob("*.csv"))
# Tables of figures from public sources, and those of models that the project trained itself.
TABLES = [path for path in ALL_TABLES if not path.stem.startswith("organism")]
_NAMES = (
    *("family", "model", "lab", "experiment", "score", "quantity", "control", "treated", "status"),
    *("fingerprint", "search", "method", "site", "where", "verdict"),
)
TRAINED = [path for path in ALL_TABLES if path not in TABLES]
# What may be missing from a row, and what then says why.
ESTIMATED = {"mean", "low", "high", "p", "exact_p"}
OF_THE_TURN = {"critical_excess", "gamma_before", "gamma_after"}
IDS = [path.stem for path in TABLES]
BENCHMARKS = set(dynamics.BENCHMARKS)
SIDECAR_KEYS = {
    "table",
    "title",
    "origin",
    "licence",
    "harness",
    "n_shot",
    "date",
    "unit",
    "sources",
    "rows",
    "sha256",
}


def number(low, high, *, optional=True):
    def check(cell):
        if cell == "":
            return optional
        return low <= float(cell) <= high and math.isfinite(float(cell))

    return check


def matching(pattern):
    return lambda cell: re.fullmatch(pattern, cell) is not None


# What a cell of a column may be, whichever table it stands in.
TEXT = matching(r"\S(.*\S)?")
SCHEMA = {
    "family": TEXT,
    "model": TEXT,
    "lab": TEXT,
    "measure": TEXT,
    "source": TEXT,
    "units": number(1, 1e6),
    "params": number(1e3, 1e13, optional=False),
    "active_params": number(1e3, 1e13),
    "d_model": number(32, 1e5),
    "layers": number(1, 1e3),
    "heads": number(1, 1e3),
    "tokens": number(0, 1e15),
    "step": number(0, 1e7),
    "flops": number(1e12, 1e28),
    "seed": number(0, 1e6),
    "loss": number(0, 20),
    "date": matching(r"\d{4}(-\d{2}(-\d{2})?)?"),
    "panel": matching("frozen|later"),
    "subset": matching(r"[a-z_]*"),
    "kind": matching("base|instruct|tuned"),
    "base_model": matching(r"\S*"),
    "h_published": number(-1, 1),
    "loss_published": number(0, 10, optional=False),
    "wikitext2_loss": number(0, 20),
    "wikitext2_loss_sd": number(0, 5),
    "batches": number(1, 1e6),
    "gradient_norm": number(0, 1e4, optional=False),
    "gradient_norm_sd": number(0, 1e4, optional=False),
    "swe_bench_verified_setting": matching(r"(default|low|medium|high|\d+K)?"),
    "gpqa_diamond_setting": matching(r"(default|low|medium|high|\d+K)?"),
    "gpqa_diamond_at_swe_setting": number(0, 1),
    "frontier_model": matching(r"(\S(.*\S)?)?"),
    "coupling": number(-1, 1, optional=False),
    "cooperative_share": number(0, 1),
    "competing_count": number(0, 1e4),
    "competing_share": number(0, 1),
    "in_cohort_of_40": matching("yes|no|"),
    "uniform_model": matching(r"(\S+/\S+)?"),
    "flags": matching(r"([a-z0-9_]+(;[a-z0-9_]+)*)?"),
    **{name: number(0, 1) for name in BENCHMARKS},
    **{f"{name}_stderr": number(0, 0.5) for name in BENCHMARKS},
}


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def sidecar_of(path):
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def test_every_table_has_a_sidecar_and_every_sidecar_a_table():
    assert {"uniform", "published", "frontier", "pythia_loss", "internal_coupling"} <= set(IDS)
    described = {p.stem for p in shipped().glob("*.json")}
    assert set(IDS) <= described
    assert {sidecar_of(p)["table"] for p in TABLES} == {p.name for p in TABLES}


@pytest.mark.parametrize("path", TABLES, ids=IDS)
def test_every_cell_fits_its_column(path):
    rows = rows_of(path)
    # `safety` has over a hundred scores that are no benchmarks of ours: shares all of them.
    schema = SCHEMA | (
        dict.fromkeys(rows[0], number(0, 1)) | SCHEMA if path.stem == "safety" else {}
    )
    unknown = set(rows[0]) - set(schema)
    assert not unknown, f"columns without a schema: {unknown}"
    for line, row in enumerate(rows, start=2):
        for column, cell in row.items():
            assert schema[column](cell), f"{path.name}, row {line}: {column} is {cell!r}"


@pytest.mark.parametrize("path", TABLES, ids=IDS)
def test_the_sidecar_describes_this_very_file(path):
    sidecar = sidecar_of(path)
    assert set(sidecar) >= SIDECAR_KEYS
    assert all(sidecar[key] for key in SIDECAR_KEYS)
    assert sidecar["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    rows = rows_of(path)
    assert sidecar["rows"] == len(rows)
    has_scores = bool(BENCHMARKS & set(rows[0]))
    assert not has_scores or sidecar["unit"]["scores"].startswith("fraction")
    assert set(sidecar["unit"]) - {"scores"} <= set(rows[0])


@pytest.mark.parametrize("path", TABLES, ids=IDS)
def test_sources_and_flags_are_explained(path):
    sidecar = sidecar_of(path)
    sources, flags = sidecar["sources"], sidecar.get("flags", {})
    used_sources, used_flags = set(), set()
    for line, row in enumerate(rows_of(path), start=2):
        # A row measured in two places names both: `a+b`.
        names = {row["source"]} if row["source"] in sources else set(row["source"].split("+"))
        assert names <= set(sources), f"{path.name}, row {line}: source {row['source']!r}"
        used_sources |= names
        cell = row.get("flags", "")
        named = set(cell.split(";")) if cell else set()
        assert named <= set(flags), f"{path.name}, row {line}: flags {cell!r}"
        used_flags |= named
    assert used_sources == set(sources)
    assert used_flags == set(flags)


@pytest.mark.parametrize("path", TABLES, ids=IDS)
def test_no_row_stands_twice(path):
    rows = [tuple(row.values()) for row in rows_of(path)]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("name", dynamics.table_names())
def test_score_tables_load_as_they_are_written(name):
    table = dynamics.load_table(name)
    rows = rows_of(shipped(f"{name}.csv"))
    read = table.all_rows
    assert read["model"].tolist() == [row["model"] for row in rows]
    assert table.unit == "fraction"
    for benchmark in table.benchmarks:
        written = [float(row[benchmark] or "nan") for row in rows]
        assert read[benchmark].tolist() == pytest.approx(written, nan_ok=True, rel=1e-15)


def test_the_cohorts_have_the_published_numbers_of_models():
    assert len(dynamics.load_table("uniform").all_rows) == 148
    published = dynamics.load_table("published").all_rows
    assert len(published) == 63
    assert published["family"].nunique() == 16
    frontier = dynamics.load_figures("frontier")
    assert (frontier["panel"] == "frozen").sum() == 34
    assert frontier[frontier["panel"] == "frozen"]["lab"].nunique() == 10
    assert len(dynamics.load_figures("pythia_loss")) == 8


def test_published_rows_agree_with_the_uniform_table_they_name():
    """Within 2 points, unless the row says that it differs."""
    uniform = dynamics.load_table("uniform").all_rows
    measured = dict(zip(uniform["model"], uniform["hellaswag"], strict=True))
    published = dynamics.load_table("published").all_rows
    columns = [published[c].tolist() for c in ("model", "uniform_model", "hellaswag", "flags")]
    for model, same, hellaswag, flags in zip(*columns, strict=True):
        if same:
            gap = abs(hellaswag - measured[same])
            assert gap <= 0.02 or "differs_from_uniform" in flags, model


def test_unknown_tables_are_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="uniform"):
        dynamics.load_table("unified")


@pytest.mark.parametrize("path", TRAINED, ids=[path.stem for path in TRAINED])
def test_tables_of_trained_models_are_whole(path):
    sidecar = sidecar_of(path)
    assert {"table", "title", "origin", "licence", "unit", "rows", "sha256"} <= set(sidecar)
    assert sidecar["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sidecar["rows"] > 0
    may_lack = ESTIMATED if "status" in rows[0] else OF_THE_TURN & set(rows[0])
    for row in rows:
        for column, cell in row.items():
            if column in _NAMES:
                assert TEXT(cell), (column, cell)
            elif cell and column not in may_lack:
                assert math.isfinite(float(cell)), (column, cell)
            if column.startswith("world_") and cell:
                assert 0 <= float(cell) <= 1, (column, cell)


@pytest.mark.parametrize("name", ["organism_families", "organism_experiments"])
def test_an_estimate_lies_in_its_interval_or_its_row_says_why_there_is_none(name):
    trained = {}
    for row in rows_of(shipped("organisms.csv")):
        trained.setdefault(row["family"], set()).add(row["seed"])
    for row in rows_of(shipped(f"{name}.csv")):
        of = (row["control"], row["treated"]) if "treated" in row else (row["family"],)
        mean, low, high = (float(row[column]) for column in ("mean", "low", "high"))
        p = float(row.get("p", "nan"))
        seeds, left_out = int(row["seeds"]), int(row["left_out"])
        assert seeds + left_out == len(set.intersection(*(trained[name] for name in of))), row
        if row["status"] == "ok":
            assert seeds > 1, row
            assert low < mean < high, row
            # Only a ratio whose denominator may be zero has an interval without ends.
            assert math.isfinite(high - low) or row["quantity"].startswith("gamma_"), row
            assert "p" not in row or 0 < p < 1, row
        else:
            most = {"no_fall": 0, "no_rise": 0, "underdetermined": 1}[row["status"]]
            assert seeds <= most, row
            assert math.isnan(mean) == (seeds == 0), row
            assert (low, high) == (-math.inf, math.inf), row
            assert math.isnan(p), row


def test_what_is_said_of_the_turn_is_missing_where_truth_is_lowest_at_an_edge():
    curves = {}
    for row in rows_of(shipped("organisms.csv")):
        place = (row["family"], row["seed"])
        curves.setdefault(place, []).append((int(row["params"]), float(row["world_truth"])))
    found = rows_of(shipped("organism_loss.csv"))
    assert len(found) == len(curves)
    for row in found:
        truth = [value for _, value in sorted(curves[row["family"], row["seed"]])]
        lowest = truth.index(min(truth))
        first, last = lowest == 0, lowest == len(truth) - 1
        missing = {name for name in OF_THE_TURN if not math.isfinite(float(row[name]))}
        assert ("gamma_before" in missing) == first, row
        assert ("gamma_after" in missing) == last, row
        assert ("critical_excess" in missing) == (first or last), row


def test_the_shipped_organisms_are_a_score_table():
    table = dynamics.load_table("organisms")
    assert {"world_truth", "world_reasoning"} <= set(table.benchmarks)
    assert not table.warnings
    assert not len(table.left_out)
