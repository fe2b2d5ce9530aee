"""What the ledger says by experiment: the tables' numbers, and verdicts that planted rows turn."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from narrow import not_none

from nullcline.experiments.dashboard._claims import claims_view
from nullcline.experiments.ledger import (
    build_ledger,
    ledger_to_dict,
    ledger_to_text,
    load_ledger_tables,
)
from nullcline.experiments.ledger._by_experiment import (
    heads,
    loss,
    shape,
    steering,
    training,
    unembedding,
)
from nullcline.experiments.ledger._evidence import Effect, effect_of, holm_by_name

DATA = Path(__file__).parents[2] / "data"
SPOKEN_TO = {"C08", "C12", "C13", "C14", "C17", "C18"}


@pytest.fixture(scope="module")
def tables():
    return load_ledger_tables()


@pytest.fixture(scope="module")
def ledger(tables):
    return build_ledger(tables, n_boot=100)


def changed(tables, name, figures, chosen):
    """The tables with other numbers in the rows that have the `chosen` values."""
    rows: pd.DataFrame = getattr(tables, name).copy()
    mine = pd.Series(True, index=rows.index)
    for column, value in chosen.items():
        mine &= rows[column] == value
    assert mine.any(), chosen
    for column, value in figures.items():
        rows.loc[mine, column] = value
    return replace(tables, **{name: rows})


def shifted(tables, mean, chosen, *, p=0.5, half=0.05):
    figures = {"mean": mean, "low": mean - half, "high": mean + half, "p": p, "status": "ok"}
    return changed(tables, "organism_experiments", figures, chosen)


def test_it_stands_beside_the_claims_that_experiments_speak_to(ledger):
    records = ledger_to_dict(ledger)["claims"]
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert {r["id"] for r in records if r["by_experiment"]} == SPOKEN_TO
    for record in records:
        if record["id"] in SPOKEN_TO:
            found = record["by_experiment"]
            assert set(found) == {"inference", "rule", "reason", "effects", "source"}
            assert found["inference"] in {"supported", "not_supported", "undetermined"}
            assert found["reason"].endswith(".")
            assert "nan" not in found["reason"]
            assert len({effect["name"] for effect in found["effects"]}) == len(found["effects"])


def test_its_numbers_are_those_of_the_tables(ledger):
    with (DATA / "organism_experiments.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    words = {"log10_critical": "log10 N_c", "depth": "depth of the fall"}
    evidence = {c.id: c.by_experiment for c in ledger}["C17"]
    found = {effect.name: effect for effect in evidence.effects}
    expected = {
        f"{words[row['quantity']]}, {row['treated']} against {row['control']}": row
        for row in rows
        if row["experiment"] in ("curation", "training") and row["quantity"] in words
    }
    assert set(found) == set(expected)
    for name, row in expected.items():
        for field, column in (("figure", "mean"), ("low", "low"), ("high", "high"), ("p", "p")):
            assert getattr(found[name], field) == pytest.approx(float(row[column]), nan_ok=True)
        assert found[name].n == int(row["seeds"])


def test_page_and_dashboard_show_it(ledger):
    page = ledger_to_text(ledger)
    assert page.splitlines()[0].split("  ")[-2].strip() == "by experiment"
    for claim in ledger:
        if claim.by_experiment:
            assert " ".join(page.split()).count(claim.by_experiment.reason) == 1
    view = claims_view(ledger)
    opened = [b for b in view["blocks"] if b["kind"] == "details"]
    for claim, block in zip(ledger, opened, strict=True):
        tables = [b for b in block["blocks"] if b["kind"] == "table"]
        shown = [table for table in tables if table["title"].startswith("By experiment")]
        assert len(shown) == (claim.id in SPOKEN_TO)
        for table in shown:
            assert claim.by_experiment
            assert [row[0] for row in table["rows"]] == [
                effect.name for effect in claim.by_experiment.effects
            ]
    last = view["blocks"][-1]
    assert last["kind"] == "table"
    rows = list(csv.DictReader(not_none(last["csv"])["text"].splitlines()))
    assert {row["claim"] for row in rows if row["by_experiment"]} == SPOKEN_TO


def test_shape(tables):
    size = {"experiment": "shape", "quantity": "log10_critical", "treated": "wide"}
    width = size | {"quantity": "log10_critical_width"}
    stays = shifted(tables, 0.0, size)
    # The critical size stays and the critical width moves: width alone does not decide.
    assert shape(shifted(stays, 0.15, width)).inference == "not_supported"
    moves = shifted(shifted(tables, -0.2, size), 0.0, width)
    assert shape(moves).inference == "supported"
    assert shape(shifted(stays, 0.0, width)).inference == "undetermined"
    # Another shape that says the contrary.
    other = {"treated": "deep"}
    torn = shifted(shifted(moves, 0.0, size | other), 0.15, width | other)
    assert shape(torn).inference == "undetermined"


def test_unembedding(tables):
    narrow = {"experiment": "unembedding", "quantity": "recovery", "treated": "bottleneck"}
    wide = narrow | {"treated": "widened"}
    none = shifted(shifted(tables, 0.0, narrow), 0.0, wide)
    assert unembedding(none).inference == "undetermined"
    worse = shifted(none, -0.2, narrow)
    assert unembedding(worse).inference == "undetermined"
    assert unembedding(shifted(worse, 0.2, wide)).inference == "supported"
    assert unembedding(shifted(worse, -0.2, wide)).inference == "not_supported"
    later = shifted(none, 0.3, wide | {"quantity": "log10_critical"})
    assert unembedding(later).inference == "not_supported"


def test_training(tables):
    rows = tables.organism_experiments
    unsure = replace(tables, organism_experiments=rows.assign(p=rows["p"].clip(lower=0.2)))
    assert training(unsure).inference == "undetermined"
    slow = {"experiment": "training", "quantity": "log10_critical", "treated": "slow"}
    found = training(shifted(unsure, 0.4, slow, p=1e-4))
    assert found.inference == "supported"
    assert "slow +0.40 [0.35, 0.45], Holm p 0.000" in found.reason
    # One p of .03 among several is none after Holm's correction.
    assert training(shifted(unsure, 0.4, slow, p=0.03)).inference == "undetermined"


def test_loss(tables):
    def with_web(quantity, low, high, base=tables):
        figures = {"mean": (low + high) / 2, "low": low, "high": high, "status": "ok"}
        return changed(base, "organism_families", figures, {"family": "web", "quantity": quantity})

    falls = with_web("gamma_before", -2.0, -0.5)
    turns = with_web("gamma_after", 0.5, 2.0, falls)
    assert loss(with_web("loss_bend", -0.01, 0.02, turns)).inference == "supported"
    bent = loss(with_web("loss_bend", 0.01, 0.02, turns))
    assert bent.inference == "not_supported"
    assert "1.5 % [1.0, 2.0]" in bent.reason
    assert loss(with_web("gamma_after", -0.5, 2.0, falls)).inference == "undetermined"


def effect(name, p):
    return Effect(name, 0.1, -1.0, 1.0, p, 5, "ok")


def test_holm_by_its_definition():
    """Smallest p times m, the next times m - 1, and so on, never falling, never above 1."""
    found = holm_by_name(
        [effect("a", 0.03), effect("b", 0.01), effect("c", 0.04), effect("d", math.nan)]
    )
    assert found == pytest.approx({"b": 0.03, "a": 0.06, "c": 0.06})
    assert holm_by_name([effect("a", 0.9), effect("b", 0.8)]) == {"b": 1.0, "a": 1.0}


def test_an_estimate_that_is_missing_or_there_twice_is_refused(tables):
    rows = tables.organism_families
    with pytest.raises(ValueError, match="0 rows"):
        effect_of(rows, "x", family="nobody", quantity="depth")
    with pytest.raises(ValueError, match="not one"):
        effect_of(rows, "x", family="web")


def test_heads_are_counted_over_models(tables):
    rows = tables.organism_heads
    found = heads(tables)
    none = int((rows["competing"] == 0).sum())
    assert found.effects[0].figure == pytest.approx(none / len(rows))
    assert f"{none} of {len(rows)} shipped models" in found.reason
    assert found.inference == "supported"
    fighting = replace(tables, organism_heads=rows.assign(competing=1))
    assert heads(fighting).inference == "not_supported"
    assert f"0 of {len(rows)}" in heads(fighting).reason


def test_the_unembeddings_null_is_counted_over_models(tables):
    rows = tables.organism_heads
    beyond = replace(tables, organism_heads=rows.assign(cosine_logits=rows["null_high"] + 0.1))
    assert f"directions in {len(rows)} of {len(rows)} shipped models" in unembedding(beyond).reason


def test_steering_is_judged_by_its_controls(tables):
    rows = tables.organism_steering
    able = (rows["search"] == "no cue") & (rows["held"] >= 0.8)
    able &= 2 * rows["answered_falsely"] >= rows["questions"]
    assert steering(tables).effects[0].n == able.sum() >= 4
    above = rows.assign(corrected_low=1.0)
    assert steering(replace(tables, organism_steering=above)).inference == "supported"
    below = rows.assign(random_max=1.0)
    found = steering(replace(tables, organism_steering=below))
    assert found.inference == "not_supported"
    assert f"0 of {able.sum()} models that hold" in found.reason
