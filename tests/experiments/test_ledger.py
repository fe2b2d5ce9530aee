"""The ledger: published numbers by plain numpy on the tables; changed tables change verdicts."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from nullcline.experiments.ledger import (
    Claim,
    Control,
    Figure,
    build_ledger,
    judge,
    ledger_to_dict,
    load_ledger_tables,
)
from nullcline.experiments.ledger._build import _CLAIMS
from nullcline.experiments.ledger._by_experiment import with_evidence
from nullcline.experiments.ledger._claim import figure

DATA = Path(__file__).parents[2] / "data"
N_BOOT = 400
CLAIM = {f"C{number:02d}": compute for number, compute in enumerate(_CLAIMS, start=1)}


@pytest.fixture(scope="module")
def tables():
    return load_ledger_tables()


@pytest.fixture(scope="module")
def ledger(tables):
    return {claim.id: claim for claim in build_ledger(tables, n_boot=N_BOOT)}


@pytest.fixture(scope="module")
def paper():
    """The paper's table straight from its file."""
    return pd.read_csv(DATA / "published.csv").rename(
        columns={"hellaswag": "x", "truthfulqa_unknown": "y"}
    )


def sizes(paper, name):
    rows = paper[(paper["family"] == name) & (paper["flags"].fillna("") != "wrong_family")]
    return rows.sort_values("params", kind="stable")


def claim(id, tables):
    return CLAIM[id](tables, n_boot=N_BOOT, seed=0)


def with_rows(tables, rows, name="published"):
    """The tables with other rows in one score table."""
    table = getattr(tables, name)
    return replace(tables, **{name: replace(table, frame=rows, left_out=table.left_out.iloc[:0])})


def with_scores(tables, name, x, y, column="truthfulqa_unknown"):
    """The paper's table with other scores for one family, in order of size."""
    rows = tables.published.all_rows
    mine = rows[rows["family"] == name]
    mine = mine[mine["flags"].fillna("") != "wrong_family"].sort_values("params", kind="stable")
    rows.loc[mine.index, "hellaswag"] = x
    rows.loc[mine.index, column] = y
    return with_rows(tables, rows)


# The record


def test_every_claim_once_in_order(ledger):
    assert list(ledger) == [f"C{number:02d}" for number in range(1, 19)]
    assert set(CLAIM) == set(ledger)


def test_json_has_the_named_keys_and_no_nan(ledger):
    result = ledger_to_dict(list(ledger.values()))
    text = json.dumps(result, allow_nan=False)
    assert json.loads(text) == result
    keys = {"id", "claim", "published", "computed", "tolerance", "number", "inference", "control"}
    for record in result["claims"]:
        assert keys | {"reason"} <= set(record)
        assert set(record["published"]) == set(record["computed"]) == set(record["tolerance"])
        assert record["number"] in {"reproduced", "not_reproduced", "not_computable"}
        assert record["inference"] in {"supported", "not_supported", "undetermined"}
        assert record["reason"].endswith(".")
        assert any(letter.isdigit() for letter in record["reason"])
        assert "nan" not in record["reason"]
        assert (record["command"] is None) == (record["number"] != "not_computable")


def test_same_seed_same_ledger(tables, ledger):
    fast = [id for id in CLAIM if id not in {"C06"}]
    for id in fast:
        again = with_evidence(claim(id, tables), tables)
        assert ledger_to_dict([again]) == ledger_to_dict([ledger[id]])


def test_the_last_printed_digit_is_the_tolerance():
    assert figure("-0.989", -0.9886).tolerance == pytest.approx(0.001)
    assert figure("-0.983", -0.98248).reproduced  # rounds to .982, cut to .982
    assert not figure("-0.983", -0.9819).reproduced
    assert figure("3.5", 3.44e9, scale=1e9).reproduced
    assert not figure("3.5", 3.39e9, scale=1e9).reproduced
    assert figure("63", 63).tolerance == 0
    assert not figure("63", 62).reproduced
    assert figure("1e-5", 3e-6, relation="below").reproduced
    assert not figure("1e-5", 3e-5, relation="below").reproduced
    assert figure(None, None).reproduced
    assert not figure(None, 1.0).reproduced
    assert not figure("3.5", float("nan")).reproduced


def test_number_is_reproduced_only_if_every_figure_is():
    def of(*figures, command=None):
        named = {str(i): f for i, f in enumerate(figures)}
        return Claim("C", "", named, "undetermined", Control("", None), "", "", command=command)

    good, bad = Figure(1.0, 1.0, 0.1), Figure(1.0, 2.0, 0.1)
    assert of(good, good).number == "reproduced"
    assert of(good, bad).number == "not_reproduced"
    assert of(good, bad).matched == ("0",)
    assert of(good, command="nullcline heads MODEL").number == "not_computable"


def test_a_control_cannot_hold_and_fail():
    assert judge(holds=True, fails=False) == "supported"
    assert judge(holds=False, fails=True) == "not_supported"
    assert judge(holds=False, fails=False) == "undetermined"
    with pytest.raises(ValueError, match="both"):
        judge(holds=True, fails=True)


# Published definitions, by plain numpy on the files


def test_cohort_is_counted(ledger, paper):
    assert ledger["C01"].computed == {"models": len(paper), "families": paper["family"].nunique()}
    flags = paper["flags"].fillna("")
    out = flags.str.contains("duplicate|instruct|not_measured|source_without_score")
    assert ledger["C01"].control.figure == (~out).sum()


def test_correlations(ledger, paper):
    pythia = sizes(paper, "Pythia")
    assert len(pythia) == 8
    peer = stats.pearsonr(pythia["x"], pythia["y"])
    assert tuple(ledger["C02"].computed.values()) == pytest.approx(tuple(peer), rel=1e-9)
    for name, r in ledger["C03"].computed.items():
        mine = sizes(paper, name)
        assert r == pytest.approx(np.corrcoef(mine["x"], mine["y"])[0, 1], rel=1e-9)
    chosen = paper["family"].str.contains("Llama|Falcon|OPT") & (paper["params"] > 7e9)
    large = paper[chosen]
    r = np.corrcoef(large["x"], large["y"])[0, 1]
    assert ledger["C04"].computed["r"] == pytest.approx(r, rel=1e-9)


def test_partial_correlation_is_that_of_three_variables(ledger, paper):
    """The control of C02 by the textbook formula from three plain correlations."""
    pythia = sizes(paper, "Pythia")
    r = np.corrcoef([pythia["x"], pythia["y"], np.log10(pythia["params"])])
    partial = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert ledger["C02"].control.figure == pytest.approx(partial, abs=1e-9)


def steps_of(paper, names):
    found = []
    for name in names:
        rows = sizes(paper, name)
        size = np.log10(rows["params"].to_numpy())
        gamma = np.diff(rows["y"]) / np.diff(rows["x"])
        found += list(zip((size[1:] + size[:-1]) / 2, gamma, strict=True))
    return np.array(found)


def test_running_coupling(ledger, paper):
    found = steps_of(paper, ("Pythia", "Llama-1", "Llama-2"))
    assert len(found) == 11
    slope, intercept = np.polyfit(found[:, 0], found[:, 1], 1)
    computed = ledger["C05"].computed
    assert (computed["slope"], computed["intercept"]) == pytest.approx((slope, intercept), rel=1e-8)


def test_rise_within_families_is_weighted_least_squares(ledger, tables, paper):
    """The control of C05 as one regression without ratios, one coupling per family."""
    design, target, weight = [], [], []
    names = ("Pythia", "Llama-1", "Llama-2")
    for name in names:
        rows = sizes(paper, name)
        size, x, y = np.log10(rows["params"].to_numpy()), rows["x"].to_numpy(), rows["y"].to_numpy()
        variance = y * (1 - y) / 817
        dx = np.diff(x)
        own = np.outer(dx, [name == other for other in names])
        design.append(np.column_stack([own, dx * (size[1:] + size[:-1]) / 2]))
        target.append(np.diff(y))
        weight.append(1 / np.sqrt(variance[1:] + variance[:-1]))
    root = np.concatenate(weight)
    beta = np.linalg.lstsq(
        np.vstack(design) * root[:, None], np.concatenate(target) * root, rcond=None
    )[0]
    assert ledger["C05"].control.figure == pytest.approx(beta[-1], rel=1e-8)


def test_critical_scale(ledger, paper):
    pooled = pd.concat([sizes(paper, name) for name in ("Pythia", "Llama-1", "Llama-2")])
    size, y = np.log10(pooled["params"].to_numpy()), pooled["y"].to_numpy()

    def vertex(rows):
        a, b, _ = np.polyfit(size[rows], y[rows], 2)
        return -b / (2 * a) if a > 0 else np.nan

    computed = ledger["C06"].computed
    # The library may work in the ambient precision; 1e-5 in log10 is 2e-5 of a count.
    assert computed["params"] == pytest.approx(10 ** vertex(np.arange(14)), rel=1e-4)
    generator = np.random.default_rng(0)
    drawn = np.array([vertex(generator.integers(0, 14, 14)) for _ in range(1500)])
    kept = drawn[(drawn > 7) & (drawn < 12)]
    low, high = np.quantile(kept, [0.025, 0.975])
    # Monte Carlo: the ends of 400 and 1,500 resamples, in decades; the upper tail is long.
    assert np.log10(computed["low"]) == pytest.approx(low, abs=0.03)
    assert np.log10(computed["high"]) == pytest.approx(high, abs=0.35)


def test_first_cooperative_steps(ledger, paper):
    for name, found in ledger["C07"].computed.items():
        rows = sizes(paper, name)
        gamma = np.diff(rows["y"]) / np.diff(rows["x"])
        up = np.flatnonzero(gamma > 0)
        expected = rows["params"].iloc[up[0]] if up.size and up[0] > 0 else None
        assert found == expected
    assert "smaller model" in ledger["C07"].tolerance_reason


def test_width_ratio(ledger, paper):
    for name, r in ledger["C08"].computed.items():
        rows = sizes(paper, name)
        width = rows["d_model"] / 512
        assert r == pytest.approx(np.corrcoef(rows["x"] / width, rows["y"] / width)[0, 1], rel=1e-9)


def test_dimension(ledger, paper):
    five = paper[["x", "y", "arc_challenge", "winogrande", "mmlu"]]
    complete = five.notna().all(axis=1)
    below = paper["params"] < 3.5e9

    def d_eff(rows):
        values = np.linalg.eigvalsh(np.cov(rows.to_numpy().T))
        return values.sum() ** 2 / np.sum(values**2)

    computed = ledger["C09"].computed
    assert computed["d_eff_tax"] == pytest.approx(d_eff(five[complete & below]), rel=1e-9)
    assert computed["d_eff_bonus"] == pytest.approx(d_eff(five[complete & ~below]), rel=1e-9)
    assert computed["models_tax"] == (complete & below).sum()


def test_frontier(ledger):
    panel = pd.read_csv(DATA / "frontier.csv")
    panel = panel[panel["panel"] == "frozen"]
    x, y = panel["swe_bench_verified"].to_numpy(), panel["gpqa_diamond"].to_numpy()
    slope, intercept = np.polyfit(x, y, 1)
    errors = []
    for _, rows in panel.groupby("lab"):
        out = panel.index.isin(rows.index)
        if out.sum() >= 3:
            fitted = np.polyfit(x[~out], y[~out], 1)
            errors.append(np.mean(np.abs(y[out] - np.polyval(fitted, x[out]))))
    google = (panel["lab"] == "Google").to_numpy()
    computed = ledger["C15"].computed
    assert computed["r"] == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-9)
    assert (computed["slope"], computed["intercept"]) == pytest.approx((slope, intercept), rel=1e-9)
    assert computed["unseen_lab_error"] == pytest.approx(np.mean(errors), rel=1e-9)
    assert computed["unseen_lab_error_sd"] == pytest.approx(np.std(errors), rel=1e-9)
    assert computed["slope_Google"] == pytest.approx(np.polyfit(x[google], y[google], 1)[0])
    assert ledger["C15"].number == "reproduced"


def test_isocline(ledger, paper):
    computed = ledger["C16"].computed
    olmo = sizes(paper, "OLMo")
    assert computed["gamma_OLMo"] == pytest.approx(
        (np.diff(olmo["y"]) / np.diff(olmo["x"]))[0], rel=1e-9
    )
    for name in ("OPT", "BLOOM", "Cerebras-GPT"):
        rows = sizes(paper, name)
        above = (rows["y"] > np.sqrt(0.187 * rows["x"])).to_numpy()[:-1]
        gamma = (np.diff(rows["y"]) / np.diff(rows["x"])).astype(float)
        assert computed[f"correct_{name}"] == np.sum(above == (gamma < 0))
        assert computed[f"steps_{name}"] == len(gamma)


def test_loss(ledger):
    table = pd.read_csv(DATA / "pythia_loss.csv")
    params, values = table["params"].to_numpy() / 1e9, table["loss_published"].to_numpy()

    def curve(n, floor, scale, exponent):
        return floor + scale * n**-exponent

    errors = []
    for i in range(8):
        rest = np.arange(8) != i
        fitted = optimize.curve_fit(curve, params[rest], values[rest], p0=(1.5, 1.1, 0.2))[0]
        errors.append(curve(params[i], *fitted) / values[i] - 1)
    rms = np.sqrt(np.mean(np.square(errors)))
    assert ledger["C18"].computed["cv"] == pytest.approx(rms, rel=1e-3)


def test_internal_figures_are_related_as_the_table_says(ledger):
    rows = pd.read_csv(DATA / "internal_coupling.csv").set_index("model")
    coupling = rows["coupling"].to_dict()
    assert ledger["C17"].control.figure == pytest.approx(coupling["Qwen3-1.7B"] * 10 / 336)
    assert round(ledger["C17"].control.figure, 3) == coupling["Qwen2.5-1.5B"]
    assert ledger["C12"].control.figure == 0
    flagged = rows["flags"].fillna("")
    cohort = rows["in_cohort_of_40"] == "yes"
    more = ledger["C12"].control.more
    assert (
        more["equal_to_another_model"] == (cohort & (flagged == "one_value_for_all_models")).sum()
    )
    assert more["common_value_times_heads"] == (flagged == "heads_returned_zero").sum()
    assert (more["wilson_low"], more["wilson_high"]) == pytest.approx(wilson(38, 40), abs=1e-9)


def wilson(hits, n, z=1.959963984540054):
    middle = (hits + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(hits * (n - hits) / n + z**2 / 4)
    return middle - half, middle + half


# A changed table changes the verdict


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


def test_large_models_are_judged_by_all_families(tables):
    assert claim("C04", tables).inference == "not_supported"
    frame = tables.uniform.frame.copy()
    frame["truthfulqa_mc2"] = 0.1 + 0.4 * frame["hellaswag"]
    assert claim("C04", with_rows(tables, frame, "uniform")).inference == "supported"


def test_planted_rise_of_coupling_is_supported(tables):
    assert claim("C05", tables).inference == "not_supported"
    planted = tables
    for name in ("Pythia", "Llama-1", "Llama-2"):
        rows = tables.published.all_rows
        mine = rows[(rows["family"] == name) & (rows["flags"].fillna("") != "wrong_family")]
        size = np.sort(np.log10(mine["params"].to_numpy()))
        # x rises by a fifth per decade, y is its integral with a coupling that rises by 1.
        x = 0.3 + 0.2 * (size - 7.8)
        planted = with_scores(planted, name, x, 0.45 + 0.1 * (size - 9.3) ** 2)
    found = claim("C05", planted)
    assert found.inference == "supported"
    assert found.control.figure == pytest.approx(1, abs=1e-6)


def test_planted_critical_scale_is_supported(tables):
    frame = tables.uniform.frame.copy()
    generator = np.random.default_rng(1)
    size = np.log10(frame["params"].to_numpy(float))
    frame["truthfulqa_mc2"] = 0.3 + 0.1 * (size - np.log10(3.5e9)) ** 2
    frame["truthfulqa_mc2"] += generator.normal(0, 0.01, len(frame))
    frame["hellaswag"] = generator.uniform(0.3, 0.8, len(frame))
    found = claim("C06", with_rows(tables, frame, "uniform"))
    assert found.inference == "supported"
    assert found.control.figure == pytest.approx(3.5e9, rel=0.1)
    frame["truthfulqa_mc2"] = 0.9 - 0.1 * (size - 6) + generator.normal(0, 0.002, len(frame))
    assert claim("C06", with_rows(tables, frame, "uniform")).inference == "not_supported"


def test_sharp_turns_are_supported(tables):
    assert claim("C07", tables).inference == "not_supported"
    sharp = tables
    sizes_of = {"OPT": 8, "Cerebras-GPT": 7, "GPT-Neo": 3, "BLOOM": 6, "Pythia": 8, "Falcon": 3}
    for name, n in sizes_of.items():
        x = np.linspace(0.1, 0.9, n)
        sharp = with_scores(sharp, name, x, 0.2 + 0.6 * np.abs(x - 0.5))
    assert claim("C07", sharp).inference == "supported"


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
    rows[names] = generator.uniform(0.3, 0.7, (len(rows), 5))
    assert claim("C09", with_rows(tables, rows)).inference == "not_supported"


def test_an_ode_that_predicts_left_out_steps_is_not_rejected(tables):
    """Pythia's scores on a planted linear course with five scores and many sizes."""
    assert claim("C10", tables).inference == "not_supported"
    rows = tables.published.all_rows
    names = ["hellaswag", "truthfulqa_unknown", "arc_challenge", "winogrande", "mmlu"]
    pythia = (rows["family"] == "Pythia") & (rows["flags"] != "wrong_family")
    decades = np.log10(rows.loc[pythia, "params"].to_numpy() / 7e7)
    for i, name in enumerate(names):
        rows.loc[pythia, name] = 0.8 - 0.5 * np.exp(-(0.2 + 0.3 * i) * decades)
    assert claim("C10", with_rows(tables, rows)).inference == "undetermined"


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


def test_frontier_with_scores_that_go_together(tables):
    assert claim("C15", tables).inference == "undetermined"
    panel = tables.frontier.copy()
    generator = np.random.default_rng(4)
    noise = generator.normal(0, 0.01, len(panel))
    panel["gpqa_diamond"] = 0.4 + 0.5 * panel["swe_bench_verified"] + noise
    assert claim("C15", replace(tables, frontier=panel)).inference == "supported"
    panel["gpqa_diamond"] = generator.uniform(0.5, 0.9, len(panel))
    assert claim("C15", replace(tables, frontier=panel)).inference == "not_supported"


def test_isocline_that_names_signs_better(tables):
    assert claim("C16", tables).inference == "not_supported"
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


def test_recipe_with_values_of_their_own(tables):
    assert claim("C17", tables).inference == "not_supported"
    rows = tables.internal_coupling.copy()
    rows.loc[rows["model"] == "Qwen2.5-1.5B", "coupling"] = 0.311
    rows.loc[rows["model"] == "Qwen3-1.7B", "coupling"] = 0.617
    assert claim("C17", replace(tables, internal_coupling=rows)).inference == "supported"


def test_loss_beside_a_truth_score_that_is_less_smooth(tables):
    assert claim("C18", tables).inference == "not_supported"
    table = tables.pythia_loss.copy()
    table["wikitext2_loss"] = 1.6 + 1.1 * (table["params"] / 1e9) ** -0.25
    smooth = replace(tables, pythia_loss=table)
    assert claim("C18", smooth).inference == "undetermined"
    x = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9])
    turning = with_scores(smooth, "Pythia", x, 0.2 + 0.6 * np.abs(x - 0.5))
    assert claim("C18", turning).inference == "supported"
