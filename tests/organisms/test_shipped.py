"""The organisms that are shipped: whole, small, and with the scores that they are said to have."""

import csv
import hashlib
import json

import numpy as np
import pytest
from scipy import stats

from nullcline import organisms

DATA = organisms.organisms_folder().parent
MEBIBYTE = 2**20


def scores():
    with (DATA / "organisms.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_shipped_organism_is_small_and_named_after_its_folder():
    found = organisms.list_organisms()
    assert len({organism.name for organism in found}) == len(found) > 0
    for organism in found:
        assert organism.path.name == organism.name
        assert organisms.organism_path(organism.name) == organism.path
    files = [path for path in organisms.organisms_folder().rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < 3 * MEBIBYTE
    assert sum(path.stat().st_size for path in files) < 25 * MEBIBYTE


@pytest.mark.parametrize("table", sorted(path.stem for path in DATA.glob("organism*.csv")))
def test_every_table_is_the_one_that_its_origin_describes(table):
    origin = json.loads((DATA / f"{table}.json").read_text(encoding="utf-8"))
    content = (DATA / f"{table}.csv").read_bytes()
    assert origin["sha256"] == hashlib.sha256(content).hexdigest()
    assert origin["rows"] == content.count(b"\n") - 1


def test_shipped_weights_of_table_families_are_rows_of_the_score_table():
    rows = {row["model"]: row for row in scores()}
    families = {row["family"] for row in rows.values()}
    shipped = organisms.list_organisms()
    assert {"web", "curated", "wide", "deep"} <= families & {o.family for o in shipped}
    for organism in shipped:
        if organism.family not in families:
            continue
        row = rows[organism.name]
        assert int(row["params"]) == organism.params
        assert int(row["seed"]) == organism.seed
        for score in ("truth", "truth_plain", "truth_reference", "reasoning"):
            assert float(row[f"world_{score}"]) == pytest.approx(
                getattr(organism, score), abs=1e-6
            ), (organism.name, score)


def test_every_family_that_is_shipped_whole_is_in_the_score_table():
    """The others have one or two sizes, for work on heads and on steering."""
    families = {row["family"] for row in scores()}
    sizes = {}
    for organism in organisms.list_organisms():
        sizes.setdefault(organism.family, set()).add(organism.params)
    for family, found in sizes.items():
        assert (family in families) == (len(found) >= 8), family
    seeds = json.loads((DATA / "organisms.json").read_text(encoding="utf-8"))["seeds"]
    assert set(seeds) == families
    for family in families:
        mine = [row for row in scores() if row["family"] == family]
        many = 12 if family in ("web", "deep", "bottleneck") else 5
        assert seeds[family] == f"0-{many - 1}"
        assert {int(row["seed"]) for row in mine} == {*range(many)}
        assert len(mine) == many * len({row["params"] for row in mine})
        assert len({row["params"] for row in mine}) == 8


def test_the_recipes_are_those_that_trained_the_shipped_weights():
    for organism in organisms.list_organisms():
        record = json.loads((organism.path / "organism.json").read_text(encoding="utf-8"))
        recipe = organisms.load_recipe(organism.family)
        assert record["fingerprint"] == recipe.fingerprint(organism.width), organism.name


def test_every_shipped_organism_has_the_weights_that_were_measured():
    for organism in organisms.list_organisms():
        record = json.loads((organism.path / "organism.json").read_text(encoding="utf-8"))
        weights = (organism.path / "model.safetensors").read_bytes()
        assert record["weights_sha256"] == hashlib.sha256(weights).hexdigest(), organism.name


LARGEST = {o.family: o.name for o in sorted(organisms.list_organisms(), key=lambda o: o.params)}


@pytest.mark.slow(reason="scores shipped organisms")
@pytest.mark.parametrize("name", LARGEST.values())
def test_a_shipped_organism_scores_what_it_is_said_to_score(name):
    said = organisms.read_organism(organisms.organism_path(name))
    found = organisms.evaluate(name)
    for score in ("truth", "truth_plain", "truth_reference", "reasoning"):
        share, items = getattr(found, score), getattr(said, f"{score}_items")
        assert share.items == items
        # Another machine rounds otherwise: two answers of each test may tip over.
        assert share.value == pytest.approx(getattr(said, score), abs=2.01 / items), score


def test_web_falls_from_above_chance_and_recovers_in_every_seed_while_reasoning_rises():
    rows = [row for row in scores() if row["family"] == "web"]
    sizes = sorted({int(row["params"]) for row in rows})
    assert len(sizes) >= 8
    truth, reasoning = (
        np.array([[float(r[name]) for r in rows if int(r["params"]) == size] for size in sizes])
        for name in ("world_truth", "world_reasoning")
    )
    seeds = truth.shape[1]
    assert seeds == 12
    error = truth.std(axis=1, ddof=1) / np.sqrt(seeds)
    quantile = stats.t.ppf(0.95, seeds - 1)
    lowest = int(np.argmin(truth.mean(axis=1)))
    assert 0 < lowest < len(sizes) - 1
    assert truth[0].mean() - quantile * error[0] > 0.25
    assert truth[lowest].mean() + quantile * error[lowest] < 0.25
    assert (truth.argmin(axis=0) > 0).all()
    assert (truth.argmin(axis=0) < len(sizes) - 1).all()
    assert (np.diff(reasoning.mean(axis=1)) > 0).all()
