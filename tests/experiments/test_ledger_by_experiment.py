"""What the ledger says by experiment: the tables' numbers, and verdicts that planted rows turn."""

import csv
import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from narrow import not_none
from scipy import stats

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
from nullcline.experiments.ledger._evidence import effect_of, holm_by_name
from nullcline.experiments.ledger._margin import equivalence_p, sign_flip_p
from nullcline.experiments.ledger._tried_heads import power
from nullcline.organisms import EXPERIMENTS, load_recipe

DATA = Path(__file__).parents[2] / "data"
FORUM = ("web", *EXPERIMENTS["curation"].treated)
SPOKEN_TO = {"C08", "C12", "C13", "C14", "C17", "C18"}


@pytest.fixture(scope="module")
def tables():
    return load_ledger_tables()


@pytest.fixture(scope="module")
def ledger(tables):
    return build_ledger(tables, n_boot=100)


def with_seeds(tables, seeds):
    """The organisms with so many seeds of every family, the later ones copies of the shipped."""
    copies = []
    for _, rows in tables.organisms.groupby("family", sort=False):
        shipped = sorted(rows["seed"].unique())
        copies += [
            rows[rows["seed"] == shipped[seed % len(shipped)]].assign(seed=seed)
            for seed in range(seeds)
        ]
    return replace(tables, organisms=pd.concat(copies, ignore_index=True))


def planted(tables, family, *, turn, fall=0.6, top=0.2, noise=0.01, draw=(0, 0)):
    """One family whose every seed turns at `turn` (log10 of a size).

    `fall` is the curvature before it. After it truth rises by the parabola of a curvature of .6 to
    `top` above the lowest, whatever the family's largest size; with `fall` of .6 the parabola that
    finds the turn is the curve itself.
    """
    rows = tables.organisms.copy()
    mine = rows["family"] == family
    assert mine.any(), family
    away = np.log10(rows.loc[mine, "params"].to_numpy(float)) - turn
    rise = np.minimum(0.6 * away**2, top)
    errors = np.random.default_rng(draw).normal(0, noise, mine.sum())
    rows.loc[mine, "world_truth"] = 0.3 + np.where(away < 0, fall * away**2, rise) + errors
    return replace(tables, organisms=rows)


def all_alike(tables, seeds, *, draw=1, **curve):
    """Every family on one curve of truth, so that no treatment does anything."""
    tables = with_seeds(tables, seeds)
    for number, family in enumerate(tables.organisms["family"].unique()):
        tables = planted(tables, family, turn=3.9, draw=(draw, number), **curve)
    return tables


def test_it_stands_beside_the_claims_that_experiments_speak_to(ledger):
    records = ledger_to_dict(ledger)["claims"]
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert {r["id"] for r in records if r["by_experiment"]} == SPOKEN_TO
    for record in records:
        if record["id"] in SPOKEN_TO:
            found = record["by_experiment"]
            keys = {"inference", "rule", "reason", "effects", "source", "margins"}
            assert set(found) == keys
            assert found["inference"] in {"supported", "not_supported", "undetermined"}
            assert found["reason"].endswith(".")
            assert "nan" not in found["reason"]
            assert len({effect["name"] for effect in found["effects"]}) == len(found["effects"])


def test_its_numbers_are_those_of_the_organisms_own_tables(ledger):
    """Counted again from scores by size and seed, they are what the organisms' analysis wrote."""
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
    assert set(expected) <= set(found)
    for name, row in expected.items():
        for field, column in (("figure", "mean"), ("low", "low"), ("high", "high")):
            # The tables round to six digits.
            value = pytest.approx(float(row[column]), rel=1e-4, abs=1e-5, nan_ok=True)
            assert getattr(found[name], field) == value, name
        assert (found[name].n, found[name].status) == (int(row["seeds"]), row["status"])
    with (DATA / "organism_families.csv").open(newline="") as stream:
        family = {
            (row["family"], row["quantity"]): row
            for row in csv.DictReader(stream)
            if row["quantity"] in ("loss_bend", "gamma_before", "gamma_after", "depth")
        }
    for effect in {c.id: c.by_experiment for c in ledger}["C18"].effects:
        quantity, name = effect.name.split(", ")
        row = family[name, quantity]
        assert effect.figure == pytest.approx(float(row["mean"]), rel=1e-4, abs=1e-5)
        assert effect.high == pytest.approx(float(row["high"]), rel=1e-3, abs=1e-5)


def test_page_and_dashboard_show_it(ledger):
    page = ledger_to_text(ledger)
    header = next(line for line in page.splitlines() if line.startswith("claim "))
    assert header.split("  ")[-2].strip() == "by experiment"
    for claim in ledger:
        if claim.by_experiment:
            assert " ".join(page.split()).count(claim.by_experiment.reason) == 1
    view = claims_view(ledger)
    *opened, words = [b for b in view["blocks"] if b["kind"] == "details"]
    assert words["title"] == "Words on this page"
    for claim, block in zip(ledger, opened, strict=True):
        tables = [b for b in block["blocks"] if b["kind"] == "table"]
        shown = [table for table in tables if table["title"].startswith("By experiment")]
        assert len(shown) == (claim.id in SPOKEN_TO)
        for table in shown:
            assert claim.by_experiment
            assert [row[0] for row in table["rows"]] == [
                effect.name for effect in claim.by_experiment.effects
            ]
    last = view["blocks"][-2]  # before the words
    assert last["kind"] == "table"
    rows = list(csv.DictReader(not_none(last["csv"])["text"].splitlines()))
    assert {row["claim"] for row in rows if row["by_experiment"]} == SPOKEN_TO


def test_shape(tables):
    # Five seeds of `wide` fall short at 1 / 32, the least they can; two shapes double it (Holm).
    assert shape(tables).inference == "undetermined"
    assert "less than predicted: p = 0.031" in shape(tables).reason
    assert shape(planted(tables, "deep", turn=3.9, fall=0.0)).inference == "not_supported"
    alike = all_alike(tables, 12)
    rows = alike.organisms

    def sizes(family):
        mine = rows[(rows["family"] == family) & (rows["seed"] == 0)].sort_values("params")
        return np.log10(mine["d_model"].to_numpy()), np.log10(mine["params"].to_numpy())

    width, size = sizes("web")
    at_width = float(np.interp(np.interp(3.9, size, width), *sizes("wide")))
    assert at_width < 3.9 - 0.1
    # All turn at one size: width alone predicts another, and no shift that way is seen.
    found = shape(alike)
    assert found.inference == "not_supported"
    assert "where width alone predicts -0." in found.reason
    # `wide` turns at the width of `web`, and `deep` turns nowhere.
    wide = planted(alike, "wide", turn=at_width)
    at_its_width = planted(wide, "deep", turn=3.9, fall=0.0)
    assert shape(at_its_width).inference == "supported"
    between = planted(at_its_width, "wide", turn=(3.9 + at_width) / 2)
    assert shape(between).inference == "undetermined"
    none = planted(at_its_width, "wide", turn=3.9, fall=0.0)
    assert shape(none).inference == "undetermined"
    assert "no fall is seen" in shape(none).reason


@pytest.mark.slow(reason="a rate over simulated tables")
def test_unembedding(tables):
    assert unembedding(tables).inference == "undetermined"
    # Maps that do nothing: no more than one verdict in twenty, so 5 of 20 have p < .003.
    verdicts = [unembedding(all_alike(tables, 12, draw=draw)).inference for draw in range(20)]
    assert verdicts.count("undetermined") >= 16
    alike = all_alike(tables, 12)
    worse = planted(alike, "bottleneck", turn=3.9, top=0.1)
    assert unembedding(worse).inference == "undetermined"
    both = planted(worse, "widened", turn=3.9, top=0.3)
    assert unembedding(both).inference == "supported"
    contrary = planted(worse, "widened", turn=3.9, top=0.1)
    assert unembedding(contrary).inference == "not_supported"
    # The same families with five seeds: no p of four joined tests can fall below .05.
    few = all_alike(tables, 5)
    few = planted(few, "bottleneck", turn=3.9, top=0.1)
    assert unembedding(planted(few, "widened", turn=3.9, top=0.3)).inference == "undetermined"


def test_training(tables):
    found = training(tables)
    assert found.inference == "supported"
    assert "Over 6 shares of forum text" in found.reason
    # No family differs: that is shown, not only not seen.
    assert training(all_alike(tables, 5)).inference == "not_supported"
    assert training(all_alike(tables, 5, noise=0.1)).inference == "undetermined"
    # One treatment that moves the critical size, beside thirteen tests of nothing.
    alike = all_alike(tables, 12)
    moved = training(planted(alike, "slow", turn=4.3))
    assert moved.inference == "supported"
    assert "1 of the 9 with an N_c move it" in moved.reason
    # With five seeds no single treatment can, as 1/16 is the smallest p there is.
    assert training(planted(all_alike(tables, 5), "slow", turn=4.3)).inference != "supported"


def test_dose_response_is_that_of_the_shares(tables):
    """A depth that is linear in the share has the planted slope."""
    dosed = all_alike(tables, 5)
    shares = {name: load_recipe(name).corpus.forum for name in FORUM}
    assert sorted(shares.values()) == [0.0, 0.25, 0.5, 0.65, 0.8, 0.9]
    for draw, (name, share) in enumerate(shares.items()):
        dosed = planted(dosed, name, turn=3.9, fall=0.2 + 0.4 * share, noise=1e-4, draw=(9, draw))
    slope = training(dosed).effects[0]
    # A unit of share adds .4 of curvature, over .74 decades from the smallest size to the turn;
    # "about the turn" is the mean of three sizes, to which a part of that is lost.
    assert 0.5 * 0.4 * 0.74**2 < slope.figure < 0.4 * 0.74**2
    assert slope.p == pytest.approx(2 / 2**5)
    flat = training(all_alike(tables, 5)).effects[0]
    assert abs(flat.figure) < 0.02


def test_loss(tables):
    assert loss(tables).inference == "supported"
    # The loss of `web` as far above its neighbours' line as it falls in two sizes.
    rows = tables.organisms.copy()
    web = rows["family"] == "web"
    order = rows[web].groupby("seed")["params"].rank()
    middle = order.index[order.between(2, 7)]
    turn = [c for c in middle if order[c] in (3, 5)]
    lag = rows.loc[web].groupby("seed")["loss"].agg(lambda v: np.log(v.max() / v.min()) / 7).mean()
    bent = rows.copy()
    bent.loc[turn, "loss"] *= np.exp(2 * lag)
    assert loss(replace(tables, organisms=bent)).inference != "supported"
    # An interval of ±50 % holds zero and shows nothing.
    wild = rows.copy()
    wild.loc[rows.index[web], "loss"] *= np.exp(np.random.default_rng(0).normal(0, 0.5, web.sum()))
    assert loss(replace(tables, organisms=wild)).inference != "supported"
    # Without a turn there is none at which the loss could bend.
    straight = planted(tables, "web", turn=3.9, fall=0.0)
    found = loss(straight)
    assert found.inference == "undetermined"
    assert "not seen to change sign" in found.reason


def test_holm_by_its_definition():
    """Smallest p times m, the next times m - 1, and so on, never falling, never above 1."""
    found = holm_by_name({"a": 0.03, "b": 0.01, "c": 0.04, "d": math.nan})
    assert found == pytest.approx({"b": 0.03, "a": 0.06, "c": 0.06})
    assert holm_by_name({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}


@pytest.mark.parametrize("count", [2, 5, 8])
def test_sign_flips_by_brute_force(count):
    values = np.random.default_rng(count).normal(0.5, 1, count)
    means = [np.mean(values * signs) for signs in itertools.product((1, -1), repeat=count)]
    above = np.mean([mean >= values.mean() - 1e-12 for mean in means])
    below = np.mean([mean <= values.mean() + 1e-12 for mean in means])
    assert sign_flip_p(values, alternative="greater") == pytest.approx(above)
    assert sign_flip_p(values, alternative="less") == pytest.approx(below)
    assert sign_flip_p(values) == pytest.approx(min(1.0, 2 * min(above, below)))
    assert sign_flip_p(np.append(values, math.nan)) == sign_flip_p(values)
    assert math.isnan(sign_flip_p(values[:1]))


def test_equivalence_needs_both_sides():
    inside = np.array([0.01, -0.02, 0.0, 0.015, -0.01])
    assert equivalence_p(inside, 0.05) == pytest.approx(1 / 32)
    assert equivalence_p(inside + 0.06, 0.05) > 0.5
    assert equivalence_p(inside - 0.06, 0.05) > 0.5
    # Zero in the middle of a wide interval is no equivalence.
    assert equivalence_p(np.array([0.5, -0.5, 0.4, -0.45, 0.02]), 0.05) > 0.2


def test_an_effect_of_seeds_is_students_interval():
    values = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
    found = effect_of("x", values)
    assert found.figure == pytest.approx(values.mean())
    interval = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(interval)
    assert effect_of("x", values[:1]).status == "underdetermined"
    none = effect_of("x", values, "no_fall")
    assert (none.n, str(none)) == (0, "no fall is seen")
    assert math.isnan(none.figure)


def test_heads_are_counted_over_models(tables):
    rows = tables.organism_heads
    found = heads(tables)
    none = int((rows["competing"] == 0).sum())
    assert found.effects[0].figure == pytest.approx(none / len(rows))
    assert f"{none} of {len(rows)} shipped models" in found.reason
    assert found.inference == "supported"
    fighting = replace(tables, organism_heads=rows.assign(competing=1, replicated=1))
    assert heads(fighting).inference == "not_supported"
    assert f"0 of {len(rows)}" in heads(fighting).reason
    # Heads found once and not again are neither.
    once = replace(tables, organism_heads=rows.assign(competing=1, replicated=0))
    assert heads(once).inference == "undetermined"


def test_heads_that_could_not_be_seen_are_not_absent(tables):
    """Few pairs find nothing in any model; power says so."""
    rows = tables.organism_heads.assign(competing=0, replicated=0)
    assert heads(replace(tables, organism_heads=rows)).inference == "supported"
    few = heads(replace(tables, organism_heads=rows.assign(truth_pairs=12, reasoning_pairs=12)))
    assert few.inference == "undetermined"
    assert "power 0." in few.reason


def test_power_of_a_head_is_that_of_simulated_tests():
    """One head at the margin, t tests on both sets at Bonferroni's level: 4,000 tables."""
    rows = pd.DataFrame({"heads": [4], "truth_pairs": [40], "reasoning_pairs": [60]})
    generator = np.random.default_rng(0)
    hits = np.ones(4000, dtype=bool)
    for pairs in (40, 60):
        values = generator.normal(0.5, 1, (4000, pairs))
        t = values.mean(axis=1) / (values.std(axis=1, ddof=1) / np.sqrt(pairs))
        hits &= t > stats.t.isf(0.05 / 8, pairs - 1)
    # The normal limit is a little lower than Student's: .05 over both sets.
    assert power(rows)[0] == pytest.approx(hits.mean(), abs=0.06)


def test_the_unembeddings_null_is_counted_over_models(tables):
    rows = tables.organism_heads
    beyond = replace(tables, organism_heads=rows.assign(cosine_logits=rows["null_high"] + 0.1))
    assert f"directions in {len(rows)} of {len(rows)} shipped models" in unembedding(beyond).reason


def test_steering_is_judged_by_its_controls(tables):
    rows = tables.organism_steering
    able = (rows["search"] == "no cue") & (rows["held"] >= 0.8)
    able &= 2 * rows["answered_falsely"] >= rows["questions"]
    assert steering(tables).effects[0].n == able.sum() >= 4
    above = rows.assign(corrected_low=1.0, corrected_high=1.0)
    assert steering(replace(tables, organism_steering=above)).inference == "supported"
    below = rows.assign(random_max=1.0)
    found = steering(replace(tables, organism_steering=below))
    assert found.inference == "not_supported"
    assert f"0 of {able.sum()} models that hold" in found.reason
    # A wide interval above the controls shows neither more nor nothing.
    open_ = rows.assign(corrected_low=0.0, corrected_high=1.0, random_max=0.4, shuffled_labels=0.4)
    assert steering(replace(tables, organism_steering=open_)).inference == "undetermined"
