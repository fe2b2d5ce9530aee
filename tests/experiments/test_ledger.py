"""The ledger: published numbers by plain numpy on the tables."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from ledger_rows import CLAIM, DATA, N_BOOT, claim, paper_table, sizes
from scipy import optimize, stats

from nullcline.experiments.ledger import (
    Claim,
    Control,
    Figure,
    build_ledger,
    judge,
    ledger_to_dict,
    ledger_to_text,
    load_ledger_tables,
)
from nullcline.experiments.ledger._by_experiment import with_evidence
from nullcline.experiments.ledger._claim import figure


@pytest.fixture(scope="module")
def tables():
    return load_ledger_tables()


@pytest.fixture(scope="module")
def ledger(tables):
    return {claim.id: claim for claim in build_ledger(tables, n_boot=N_BOOT)}


@pytest.fixture(scope="module")
def paper():
    return paper_table()


# The record


def test_every_claim_once_in_order(ledger):
    assert list(ledger) == [f"C{number:02d}" for number in range(1, 26)]
    assert set(CLAIM) == set(ledger)


def test_json_has_the_named_keys_and_no_nan(ledger):
    result = ledger_to_dict(list(ledger.values()))
    text = json.dumps(result, allow_nan=False)
    assert json.loads(text) == result
    keys = {"id", "claim", "published", "computed", "tolerance", "number", "inference", "control"}
    keys |= {"source", "reproduced_from", "margins", "matched", "rule"}
    for record in result["claims"]:
        assert keys | {"reason"} <= set(record)
        assert set(record["published"]) == set(record["computed"]) == set(record["tolerance"])
        assert record["number"] in {"reproduced", "not_reproduced", "not_computable"}
        assert record["inference"] in {"supported", "not_supported", "undetermined"}
        assert record["reason"].endswith(".")
        assert any(letter.isdigit() for letter in record["reason"])
        assert "nan" not in record["reason"]
        for margin in record["margins"].values():
            assert margin["value"] > 0
            assert margin["why"]
        without = record["command"] is None and record["obstacle"] is None
        assert without == (record["number"] != "not_computable")


@pytest.mark.slow(reason="computes the ledger again")
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
    # A number that comes out of one of two sources is reproduced, from that one.
    typed = figure("1.0", 1.0, source="script")
    assert (of(typed, bad).number, of(typed, bad).reproduced_from) == ("reproduced", ("script",))
    assert of(typed, good).reproduced_from == ("script", "table")
    assert of(typed, bad, bad).matched == ("0",)
    assert of(figure("1.0", 2.0, source="script"), bad).reproduced_from == ()


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
    chosen = paper["family"].str.contains("Llama|Falcon|OPT") & (paper["params"] >= 7e9)
    r = np.corrcoef(paper[chosen]["x"], paper[chosen]["y"])[0, 1]
    assert ledger["C04"].computed["r_from_7.0B"] == pytest.approx(r, rel=1e-9)


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


def test_published_slope_and_scale_come_out_of_the_script(ledger, paper):
    """Pythia as released with the Llamas as typed; the scale with the script's own draws."""
    typed = pd.read_csv(DATA / "published_script.csv").rename(
        columns={"hellaswag": "x", "truthfulqa_unknown": "y"}
    )
    mixed = pd.concat([sizes(paper, "Pythia"), typed[typed["family"] != "Pythia"]])
    found = steps_of(mixed.assign(flags=""), ("Pythia", "Llama-1", "Llama-2"))
    slope, intercept = np.polyfit(found[:, 0], found[:, 1], 1)
    assert (round(slope, 3), round(intercept, 3)) == (0.629, -5.886)
    computed = ledger["C05"].computed
    assert computed["slope_from_script"] == pytest.approx(slope, rel=1e-8)
    assert computed["intercept_from_script"] == pytest.approx(intercept, rel=1e-8)
    size, y = np.log10(typed["params"].to_numpy(float)), typed["y"].to_numpy()
    generator = np.random.RandomState(42)
    drawn = []
    for _ in range(10_000):
        rows = generator.choice(14, size=14, replace=True)
        a, b, _ = np.polyfit(size[rows], y[rows], 2)
        if a > 0 and 7 < -b / (2 * a) < 12:
            drawn.append(10 ** (-b / (2 * a)))
    expected = [np.median(drawn), *np.quantile(drawn, [0.025, 0.975])]
    computed = ledger["C06"].computed
    for name, value in zip(("params", "low", "high"), expected, strict=True):
        assert computed[f"{name}_from_script"] == pytest.approx(value, rel=1e-3)
    for id in ("C05", "C06"):
        assert (ledger[id].number, ledger[id].reproduced_from) == ("reproduced", ("script",))


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


def test_the_page_fits_a_terminal(ledger):
    page = ledger_to_text(list(ledger.values()))
    assert max(len(line) for line in page.splitlines()) <= 80
    assert page.count("from script") == 2
    assert "(2 of them from values typed" in page


@pytest.mark.slow(reason="the whole ledger in a process of its own")
def test_the_ledger_needs_no_package_that_trains_or_runs_models():
    """`make reproduce` installs none of them."""
    blocked = "flax", "transformers", "tokenizers", "safetensors"
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({blocked!r}))\n"  # None: an ImportError on import
        "from nullcline.experiments.cli import main\n"
        "sys.exit(main(['reproduce', '--json']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-300:]
