"""The ledger's verdicts: for each claim a changed table moves the verdict."""

from dataclasses import replace

import numpy as np
import pytest
from ledger_rows import claim, paper_table, sizes, with_rows, with_scores
from narrow import not_none

from nullcline import dynamics
from nullcline.experiments.ledger import load_ledger_tables


@pytest.fixture(scope="module")
def tables():
    return load_ledger_tables()


@pytest.fixture(scope="module")
def paper():
    return paper_table()


def test_a_changed_score_is_another_number(tables):
    assert claim("C02", tables).number == "reproduced"
    rows = tables.published.all_rows
    row = rows.index[rows["model"] == "Pythia-1B"][0]
    rows.loc[row, "truthfulqa_unknown"] = 0.5
    assert claim("C02", with_rows(tables, rows)).number == "not_reproduced"


def test_cohort_of_distinct_models_is_supported(tables):
    rows = tables.published.all_rows
    clean = rows[
        (rows["flags"].fillna("").str.count("variant|differs") > 0) | (rows["flags"] == "")
    ]
    clean = clean[~clean["flags"].str.contains("duplicate|not_measured|source_without")]
    found = claim("C01", with_rows(tables, clean))
    assert (found.inference, found.number) == ("supported", "not_reproduced")
    assert claim("C01", tables).inference == "not_supported"


def coupled(n, seed=0, coupling=-0.5):
    """Scores whose deviations from the trend go together."""
    x = np.linspace(0.3, 0.7, n) + np.random.default_rng(seed).normal(0, 0.05, n)
    return x, 0.6 + coupling * x


def trending(size, seed=0):
    """Two trends in log10 N whose deviations have nothing to do with each other, exactly."""
    generator = np.random.default_rng(seed)
    x = 0.2 * (size - 7) + generator.normal(0, 0.01, size.size)
    noise = generator.normal(0, 0.005, size.size)
    design = np.column_stack([np.ones_like(size), size, x])
    noise -= design @ np.linalg.lstsq(design, noise, rcond=None)[0]
    return x, 0.45 - 0.05 * (size - 7) + noise


def test_coupling_beyond_size_is_supported(tables):
    assert claim("C02", tables).inference == "not_supported"
    assert claim("C02", with_scores(tables, "Pythia", *coupled(8))).inference == "supported"


def test_other_families_need_more_than_trends(tables, paper):
    assert claim("C03", tables).inference == "undetermined"
    trends = together = tables
    for name in ("Cerebras-GPT", "OPT", "BLOOM"):
        size = np.log10(sizes(paper, name)["params"].to_numpy())
        trends = with_scores(trends, name, *trending(size))
        together = with_scores(together, name, *coupled(size.size))
    found = claim("C03", trends)
    r = [found.computed[name] for name in ("Cerebras-GPT", "OPT", "BLOOM")]
    assert max(np.array(r, dtype=float)) < -0.9
    assert found.inference == "not_supported"
    # GPT-Neo has three models, which cannot tell.
    assert claim("C03", together).control.figure == 3
    assert claim("C03", together).inference == "undetermined"


def test_large_models_are_judged_by_all_families_and_by_every_cut(tables):
    assert claim("C04", tables).inference == "undetermined"
    frame = tables.uniform.frame.copy()
    frame["truthfulqa_mc2"] = 0.1 + 0.4 * frame["hellaswag"]
    assert claim("C04", with_rows(tables, frame, "uniform")).inference == "supported"
    # The models of exactly 7.0B alone turn it: with them, nothing is left of the coupling.
    at = (frame["params"] == 7e9).to_numpy()
    mixed = frame.copy()
    mixed.loc[at, "truthfulqa_mc2"] = 0.9 - 0.4 * frame["hellaswag"][at]
    found = claim("C04", with_rows(tables, mixed, "uniform"))
    assert found.inference == "undetermined"
    assert found.control.figure == pytest.approx(1)
    frame["truthfulqa_mc2"] = 0.9 - 0.4 * frame["hellaswag"]
    assert claim("C04", with_rows(tables, frame, "uniform")).inference == "not_supported"


def turning(frame, *, curvature=1.2, noise=0.005, seed=0):
    """The uniform table with a turn of all families at a reasoning score of .6."""
    generator = np.random.default_rng(seed)
    x = frame["hellaswag"].to_numpy(float)
    y = 0.35 + curvature * (x - 0.6) ** 2 + generator.normal(0, noise, len(frame))
    return frame.assign(truthfulqa_mc2=y)


@pytest.mark.slow(reason="a claim on several planted tables")
def test_planted_rise_of_coupling_is_supported(tables):
    assert claim("C05", tables).inference == "undetermined"

    def with_rise(base, rise):
        for name in ("Pythia", "Llama-1", "Llama-2"):
            rows = tables.published.all_rows
            mine = rows[(rows["family"] == name) & (rows["flags"].fillna("") != "wrong_family")]
            size = np.sort(np.log10(mine["params"].to_numpy()))
            # x rises by a fifth per decade, y is its integral with a coupling that rises.
            x = 0.3 + 0.2 * (size - 7.8)
            base = with_scores(base, name, x, 0.45 + 0.1 * rise * (size - 9.3) ** 2)
        return base

    turned = with_rows(tables, turning(tables.uniform.frame), "uniform")
    found = claim("C05", with_rise(turned, 1))
    assert found.inference == "supported"
    assert found.control.figure == pytest.approx(1, abs=1e-6)
    # The gate of a common turn decides as well: the shipped uniform table leaves it shut.
    assert claim("C05", with_rise(tables, 1)).inference == "undetermined"
    assert claim("C05", with_rise(tables, -1)).inference == "not_supported"
    # No bend in any family, and a rise of the three that excludes the published one.
    straight = turning(tables.uniform.frame, curvature=0.0)
    assert claim("C05", with_rows(tables, straight, "uniform")).inference == "not_supported"


@pytest.mark.slow(reason="a claim on several planted tables")
def test_planted_critical_scale_is_supported(tables):
    assert claim("C06", tables).inference == "not_supported"
    frame = tables.uniform.frame.copy()
    generator = np.random.default_rng(1)
    size = np.log10(frame["params"].to_numpy(float))
    noise = generator.normal(0, 1, len(frame))
    turn = 0.3 + 0.1 * (size - np.log10(3.5e9)) ** 2
    frame["truthfulqa_mc2"] = turn + 0.01 * noise
    frame["hellaswag"] = generator.uniform(0.3, 0.8, len(frame))
    found = claim("C06", with_rows(tables, frame, "uniform"))
    assert found.inference == "supported"
    # The spline follows the noise of .01 over a curve that rises by .1 in a decade: .1 decades.
    assert np.log10(not_none(found.control.more["vertex"])) == pytest.approx(
        np.log10(3.5e9), abs=0.1
    )
    # The same turn under more noise leaves the bend open on both sides.
    frame["truthfulqa_mc2"] = 0.3 + 0.03 * (turn - 0.3) / 0.1 + 0.08 * noise
    assert claim("C06", with_rows(tables, frame, "uniform")).inference == "undetermined"
    frame["truthfulqa_mc2"] = 0.9 - 0.1 * (size - 6) + 0.002 * noise
    assert claim("C06", with_rows(tables, frame, "uniform")).inference == "not_supported"


@pytest.mark.slow(reason="a claim on several planted tables")
def test_turns_at_the_published_scales_are_supported(tables):
    assert claim("C07", tables).inference == "undetermined"
    scales = {"OPT": 0.12e9, "Cerebras-GPT": 1.3e9, "GPT-Neo": 1.3e9, "BLOOM": 1.7e9}
    scales |= {"Pythia": 3.5e9, "Falcon": 7e9}
    rows = tables.published.all_rows
    rows = rows[rows["flags"].fillna("") != "wrong_family"]
    for sign, verdict in ((1, "supported"), (-1, "not_supported")):
        for name, scale in scales.items():
            mine = rows.index[rows["family"] == name]
            decades = np.linspace(-1, 1, len(mine))
            rows.loc[mine, "params"] = scale * 10**decades
            rows.loc[mine, "truthfulqa_unknown"] = 0.5 + sign * 0.3 * np.abs(decades)
            rows.loc[mine, "hellaswag"] = 0.5 + 0.2 * decades
        found = claim("C07", with_rows(tables, rows))
        assert found.inference == verdict
        assert found.control.figure == (0 if sign > 0 else len(scales))


def test_scores_coupled_at_equal_width_are_supported(tables):
    assert claim("C08", tables).inference == "not_supported"
    planted = tables
    generator = np.random.default_rng(2)
    rows = tables.published.all_rows
    for name in ("Pythia", "OPT", "BLOOM", "Cerebras-GPT", "GPT-Neo"):
        # GPT-Neo has three models, with which no slope at equal width has an interval.
        rows.loc[rows["family"] == name, "d_model"] = 2.0 ** generator.uniform(
            9, 13, (rows["family"] == name).sum()
        )
    rows = rows[rows["family"] != "GPT-Neo"]
    planted = with_rows(tables, rows)
    for name, n in {"Pythia": 8, "OPT": 8, "BLOOM": 6, "Cerebras-GPT": 7}.items():
        x = generator.uniform(0.3, 0.8, n)
        planted = with_scores(planted, name, x, 0.1 + 0.5 * x + generator.normal(0, 0.003, n))
    assert claim("C08", planted).inference == "supported"


def test_planted_collapse_is_supported(tables):
    assert claim("C09", tables).inference == "undetermined"
    names = ["hellaswag", "truthfulqa_unknown", "arc_challenge", "winogrande", "mmlu"]
    rows = tables.published.all_rows
    generator = np.random.default_rng(3)
    below = (rows["params"] < 3.5e9).to_numpy()
    rows.loc[below, names] = generator.uniform(0.3, 0.7, (below.sum(), 5))
    line = generator.uniform(0.3, 0.7, ((~below).sum(), 1))
    rows.loc[~below, names] = line + generator.normal(0, 0.005, ((~below).sum(), 5))
    assert claim("C09", with_rows(tables, rows)).inference == "supported"
    # No difference seen is none shown; a rise is.
    rows[names] = generator.uniform(0.3, 0.7, (len(rows), 5))
    assert claim("C09", with_rows(tables, rows)).inference == "undetermined"
    line = generator.uniform(0.3, 0.7, (below.sum(), 1))
    rows.loc[below, names] = line + generator.normal(0, 0.005, (below.sum(), 5))
    assert claim("C09", with_rows(tables, rows)).inference == "not_supported"


def test_an_ode_that_predicts_left_out_steps_is_not_rejected(tables):
    """Pythia's scores on a planted linear course, all at one rate."""
    assert claim("C10", tables).inference == "undetermined"
    rows = tables.published.all_rows
    names = ["hellaswag", "truthfulqa_unknown", "arc_challenge", "winogrande", "mmlu"]
    pythia = (rows["family"] == "Pythia") & (rows["flags"] != "wrong_family")
    decades = np.log10(rows.loc[pythia, "params"].to_numpy() / 7e7)
    for name in names:
        rows.loc[pythia, name] = 0.8 - 0.5 * np.exp(-0.3 * decades)
    assert claim("C10", with_rows(tables, rows)).inference == "supported"
    # Six sizes have fewer increments than the fit has coefficients.
    fewer = rows.drop(index=rows.index[pythia][[1, 3]])
    assert claim("C10", with_rows(tables, fewer)).inference == "not_supported"
    # Scores that jump to and fro and come back: no change is the better guess.
    rows.loc[pythia, names] = 0.5 + 0.02 * np.random.default_rng(0).normal(size=(8, 5))
    assert claim("C10", with_rows(tables, rows)).inference != "supported"


@pytest.mark.slow(reason="predicts a family held out, of the shipped table and of a changed one")
def test_an_ode_that_errs_more_than_the_quadratic_is_rejected(tables):
    found = claim("C11", tables)
    assert found.inference == "supported"
    table = tables.uniform
    lab = dict(zip(table.frame["family"], table.frame["lab"], strict=True))
    others = table.select([f for f, name in lab.items() if f == "Llama-2" or name != "Meta"])
    held = dynamics.hold_out(others, "Llama-2")
    assert found.control.figure == pytest.approx(held.mae_relative)
    rows = table.frame.copy()
    for name, scores in zip(held.models, held.baseline_scores["pooled quadratic"], strict=True):
        rows.loc[rows["model"] == name, list(held.benchmarks)] = scores
    assert claim("C11", with_rows(tables, rows, "uniform")).inference == "not_supported"
    # Half way between the two nothing is decided.
    for name, a, b in zip(
        held.models, held.baseline_scores["pooled quadratic"], held.predicted, strict=True
    ):
        rows.loc[rows["model"] == name, list(held.benchmarks)] = (a + b) / 2
    assert claim("C11", with_rows(tables, rows, "uniform")).inference == "undetermined"


def test_heads_of_models_that_differ(tables):
    assert claim("C12", tables).inference == "undetermined"
    rows = tables.internal_coupling.copy()
    cohort = rows["in_cohort_of_40"] == "yes"
    rows.loc[cohort, "coupling"] = np.linspace(0.2, 0.8, cohort.sum())
    rows.loc[cohort, "flags"] = None
    rows.loc[cohort, "competing_share"] = 0.0
    assert claim("C12", replace(tables, internal_coupling=rows)).inference == "supported"
    rows.loc[cohort, "competing_share"] = 0.1
    assert claim("C12", replace(tables, internal_coupling=rows)).inference == "not_supported"


def test_bottleneck_at_every_size(tables):
    assert claim("C13", tables).inference == "not_supported"
    rows = tables.internal_coupling.copy()
    rows.loc[rows["measure"].str.endswith("original_proj"), "coupling"] = 0.1
    assert claim("C13", replace(tables, internal_coupling=rows)).inference == "supported"


def test_texts_that_differ_without_a_vector(tables):
    assert claim("C14", tables).inference == "not_supported"
    rows = tables.organism_steering

    def adding(share):
        more = rows["counted_strength_0"] + share
        return replace(tables, organism_steering=rows.assign(counted_steered=more))

    assert claim("C14", adding(0.3)).inference == "supported"
    assert claim("C14", adding(0.1)).inference == "undetermined"
    assert claim("C14", adding(0.02)).inference == "not_supported"


def test_frontier_with_scores_that_go_together(tables):
    assert claim("C15", tables).inference == "undetermined"
    panel = tables.frontier.copy()
    generator = np.random.default_rng(4)
    noise = generator.normal(0, 0.01, len(panel))
    panel["gpqa_diamond"] = 0.4 + 0.5 * panel["swe_bench_verified"] + noise
    # Makers' scores that go together are not enough: under one harness nothing is left that the
    # other benchmarks do not share.
    assert claim("C15", replace(tables, frontier=panel)).inference == "undetermined"
    harness = tables.frontier_one_harness.copy()
    own = 0.4 + 0.5 * harness["swe_bench_verified"] + generator.normal(0, 0.005, len(harness))
    harness["gpqa_diamond"] = own.where(own.notna(), harness["gpqa_diamond"])
    both = replace(tables, frontier=panel, frontier_one_harness=harness)
    assert claim("C15", both).inference == "supported"
    panel["gpqa_diamond"] = 0.9 - 0.5 * panel["swe_bench_verified"] + noise
    assert claim("C15", replace(both, frontier=panel)).inference == "not_supported"
    # A score that dates follow and labs do not: no slope is left, and the margin is excluded.
    year = panel["date"].astype(str).str[:4].astype(float)
    panel["gpqa_diamond"] = 0.5 + 0.1 * (year - 2024) + generator.normal(0, 0.005, len(panel))
    assert claim("C15", replace(both, frontier=panel)).inference == "not_supported"
    panel["gpqa_diamond"] = generator.uniform(0.5, 0.9, len(panel))
    assert claim("C15", replace(both, frontier=panel)).inference != "supported"


def test_isocline_that_names_signs_better(tables):
    found = claim("C16", tables)
    assert found.inference == "undetermined"
    assert not_none(found.control.more["smallest_possible_p"]) > 0.05
    planted = tables
    for name, n in {"OPT": 8, "BLOOM": 6, "Cerebras-GPT": 7}.items():
        x = np.linspace(0.3, 0.8, n)
        up = np.arange(n) >= n // 2
        # Above the isocline and falling, then below it and rising; the step across falls.
        place = np.arange(n)
        offset = np.where(up, -0.1 + 0.02 * (place - n // 2), 0.4 - 0.08 * place)
        planted = with_scores(planted, name, x, 0.35 + offset)
    found = claim("C16", planted)
    assert found.control.more["isocline"] == 18
    assert found.inference == "supported"
    # Above the isocline all the way, and rising: each family's own sign is always right.
    for name, n in {"OPT": 8, "BLOOM": 6, "Cerebras-GPT": 7}.items():
        planted = with_scores(planted, name, np.linspace(0.3, 0.8, n), np.linspace(0.6, 0.8, n))
    found = claim("C16", planted)
    assert found.control.more["isocline"] == 0
    assert found.inference == "not_supported"


def test_recipe_with_values_of_their_own(tables):
    assert claim("C17", tables).inference == "not_supported"
    rows = tables.internal_coupling.copy()
    rows.loc[rows["model"] == "Qwen2.5-1.5B", "coupling"] = 0.311
    rows.loc[rows["model"] == "Qwen3-1.7B", "coupling"] = 0.617
    # Two values alone differ whatever the recipe does.
    assert claim("C17", replace(tables, internal_coupling=rows)).inference == "undetermined"
    measure = rows["measure"].str.startswith("per-head cosine (")
    for family, low in (("Qwen2.5", 0.31), ("Qwen3", 0.61)):
        mine = measure & (rows["family"] == family)
        rows.loc[mine, "coupling"] = low + 0.011 * np.arange(mine.sum())
    assert claim("C17", replace(tables, internal_coupling=rows)).inference == "supported"


def test_random_values_support_no_recipe(tables):
    """At most one table in twenty; 40 tables, so more than 6 have a probability of 1 %."""
    rows = tables.internal_coupling.copy()
    mine = rows["measure"].str.startswith("per-head cosine (") & rows["family"].str.contains("Qwen")
    generator = np.random.default_rng(7)
    supported = 0
    for _ in range(40):
        rows.loc[mine, "coupling"] = generator.uniform(0.1, 0.9, mine.sum()).round(6)
        supported += claim("C17", replace(tables, internal_coupling=rows)).inference == "supported"
    assert supported <= 6


def test_loss_beside_a_truth_score_that_is_less_smooth(tables):
    assert claim("C18", tables).inference == "not_supported"
    table = tables.pythia_loss.copy()
    table["wikitext2_loss"] = 1.6 + 1.1 * (table["params"] / 1e9) ** -0.25
    smooth = replace(tables, pythia_loss=table)
    assert claim("C18", smooth).inference == "undetermined"
    x = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9])
    turning = with_scores(smooth, "Pythia", x, 0.2 + 0.6 * np.abs(x - 0.5))
    assert claim("C18", turning).inference == "supported"


def test_a_loss_shown_to_be_no_smoother_needs_more_than_a_point_estimate(tables):
    assert not_none(claim("C18", tables).control.more["p_truth_as_smooth"]) < 0.05
    # Pythia's truth a little rougher at one size: still the smaller mean, and no longer shown.
    rows = tables.published.all_rows
    at = rows.index[rows["model"] == "Pythia-2.8B"][0]
    rows.loc[at, "truthfulqa_unknown"] *= 1.08
    found = claim("C18", with_rows(tables, rows))
    assert not_none(found.control.more["p_truth_as_smooth"]) > 0.05
    assert found.inference == "undetermined"
