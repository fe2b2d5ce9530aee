"""C19 to C25: the companion's claims, by plain numpy on the tables and on planted ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from ledger_rows import DATA, claim, with_rows
from scipy import stats

from nullcline.experiments.ledger import ledger_to_dict, ledger_to_text, load_ledger_tables

X, Y = "swe_bench_verified", "gpqa_diamond"


@pytest.fixture(scope="module")
def tables():
    return load_ledger_tables()


@pytest.fixture(scope="module")
def frozen():
    panel = pd.read_csv(DATA / "frontier.csv")
    return panel[panel["panel"] == "frozen"].set_index("model")


def more(found, name):
    value = found.control.more[name]
    assert value is not None
    return value


def residuals(panel):
    return panel[Y] - np.polyval(np.polyfit(panel[X], panel[Y], 1), panel[X])


# C19


def test_h_of_a_model_in_both_panels(tables, frozen):
    found = claim("C19", tables)
    h = residuals(frozen)
    assert found.number == "reproduced"
    assert found.computed["swing"] == pytest.approx(h["DeepSeek-V2.5"] - h["DeepSeek V3.2"])
    harness = pd.read_csv(DATA / "frontier_one_harness.csv").dropna(subset=[X, Y])
    again = residuals(harness.set_index(harness["frontier_model"].fillna("other")))
    names = [name for name in frozen.index if name in again.index]
    r = stats.pearsonr(h[names], again[names])
    assert found.control.figure == pytest.approx(r[0])
    assert (found.control.low, found.control.high) == pytest.approx(
        tuple(r.confidence_interval()), rel=1e-6
    )
    assert found.inference == "supported"


def test_h_that_is_not_there_again(tables):
    harness = tables.frontier_one_harness.copy()
    both = harness["frontier_model"].notna() & harness[X].notna() & harness[Y].notna()
    # The contrary of what stands in the makers' panel: h is of the harness, not of the model.
    line = np.polyfit(harness.loc[both, X], harness.loc[both, Y], 1)
    fitted = np.polyval(line, harness.loc[both, X])
    harness.loc[both, Y] = 2 * fitted - harness.loc[both, Y]
    assert claim("C19", replace(tables, frontier_one_harness=harness)).inference == "not_supported"
    # Three models in both panels tell nothing.
    few = tables.frontier_one_harness.copy()
    named = few.index[few["frontier_model"].notna() & few[X].notna()]
    few.loc[named[3:], "frontier_model"] = np.nan
    found = claim("C19", replace(tables, frontier_one_harness=few))
    assert found.inference == "undetermined"
    assert "nan" not in found.reason


def test_pairs_are_told_apart_as_far_as_items_allow(tables):
    found = claim("C19", tables)
    assert 0 < more(found, "pairs_told_apart") < more(found, "pairs_of_models") == 34 * 33 / 2
    panel = tables.frontier.copy()
    panel[Y] = 0.4 + 0.5 * panel[X]
    assert claim("C19", replace(tables, frontier=panel)).control.more["pairs_told_apart"] == 0


# C20


def test_lab_slopes_by_an_analysis_of_covariance(tables, frozen):
    found = claim("C20", tables)
    big = frozen[frozen.groupby("lab")["lab"].transform("size") >= 3]
    labs = pd.get_dummies(big["lab"], dtype=float).to_numpy()
    x = big[[X]].to_numpy()

    def left(design):
        return big[Y] - design @ np.linalg.lstsq(design, big[Y], rcond=None)[0]

    free, shared = np.hstack([labs, labs * x]), np.hstack([labs, x])
    dof = len(big) - free.shape[1]
    squares = [float(left(d) @ left(d)) for d in (free, shared)]
    ratio = (squares[1] - squares[0]) / (labs.shape[1] - 1) / (squares[0] / dof)
    p = stats.f.sf(ratio, labs.shape[1] - 1, dof)
    assert found.control.more["equal_slopes_p"] == pytest.approx(p, rel=1e-9)
    assert found.number == "reproduced"
    assert found.inference == "undetermined"


def test_lab_slopes_that_are_one_or_two(tables):
    panel = tables.frontier.copy()
    generator = np.random.default_rng(5)
    noise = generator.normal(0, 0.002, len(panel))
    steep = panel["lab"].map({"Google": 1.15, "DeepSeek": 0.23}).fillna(0.6)
    panel[Y] = 0.2 + steep * panel[X] + noise
    assert claim("C20", replace(tables, frontier=panel)).inference == "supported"
    verdicts = set()
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(0, 0.05, len(panel))
        panel[Y] = 0.2 + 0.6 * panel[X] + noise
        verdicts.add(claim("C20", replace(tables, frontier=panel)).inference)
    assert "supported" not in verdicts
    assert "not_supported" in verdicts
    none = panel[panel["lab"] != "Google"]
    found = claim("C20", replace(tables, frontier=none))
    assert found.inference != "supported"


# C21


def test_the_second_crash_stands_between_two_measures(tables):
    found = claim("C21", tables)
    assert found.number == "not_computable"
    assert found.control.more["measures_of_both"] == 0
    assert found.inference == "not_supported"
    rows = tables.internal_coupling.copy()
    one = rows["measure"].str.startswith("hidden-state-slice")
    # OPT-13B by the measure of OPT-30B: the fall is then one of a single measure.
    extra = rows[rows["model"] == "facebook/opt-13b"].tail(1).assign(
        measure=rows.loc[one, "measure"].iloc[0], family="OPT"
    )  # fmt: skip
    both = pd.concat([rows, extra], ignore_index=True)
    found = claim("C21", replace(tables, internal_coupling=both))
    assert more(found, "change_OPT") < 0
    assert found.inference == "undetermined"
    # Five families that fall under one measure, and OLMo-2 with them.
    low = [
        rows[one & (rows["family"] == name)].head(1).assign(params=7e9, coupling=0.9)
        for name in ("OPT", "Llama-2", "Llama-3.1", "Qwen2.5")
    ]
    fallen = pd.concat([both, *low], ignore_index=True)
    fallen.loc[fallen["model"] == "allenai/OLMo-2-1124-13B", "coupling"] = 0.9
    found = claim("C21", replace(tables, internal_coupling=fallen))
    assert found.control.figure == found.control.more["families_on_both_sides"] == 5
    assert found.inference == "supported"


# C22


def test_saturation_by_the_five_best(tables, frozen):
    found = claim("C22", tables)
    best = frozen.nlargest(5, X)
    assert found.computed["top_5_spread_swe"] == pytest.approx(np.ptp(best[X]))
    assert found.computed["top_5_spread_gpqa"] == pytest.approx(np.ptp(best[Y]))
    assert found.matched == ("top_5_spread_gpqa",)
    assert (found.number, found.inference) == ("not_computable", "undetermined")


def test_five_best_far_apart_are_not_saturated(tables):
    panel = tables.frontier.copy()
    at = panel[panel["panel"] == "frozen"].nlargest(5, X).index
    panel.loc[at, X] = [0.99, 0.97, 0.9, 0.85, 0.82]
    assert claim("C22", replace(tables, frontier=panel)).inference == "not_supported"
    # At the ceiling the items allow no spread of 2 points.
    panel.loc[at, X] = 0.9999
    assert claim("C22", replace(tables, frontier=panel)).inference == "supported"


# C23


def test_the_exponent_by_a_line(tables):
    found = claim("C23", tables)
    table = pd.read_csv(DATA / "pythia_gradients.csv")
    x, y = np.log10(table["params"]), np.log10(table["gradient_norm"])
    slope, _, r, _, stderr = np.array(stats.linregress(x, y), dtype=float)
    computed = [found.computed[name] for name in ("exponent", "stderr", "r")]
    assert computed == pytest.approx([-slope, stderr, r])
    assert found.number == "reproduced"
    assert found.inference == "not_supported"


def test_norms_that_follow_the_distance_from_a_critical_point(tables):
    table = tables.pythia_gradients.copy()
    table["gradient_norm"] = 100 * np.abs(1 - table["params"] / 3.5e9) ** 0.4
    assert claim("C23", replace(tables, pythia_gradients=table)).inference == "supported"
    generator = np.random.default_rng(1)
    table["gradient_norm"] = np.exp(generator.normal(3, 0.1, len(table)))
    assert claim("C23", replace(tables, pythia_gradients=table)).inference == "undetermined"


# C24


def test_the_dimension_around_the_critical_scale(tables):
    found = claim("C24", tables)
    assert (found.number, found.inference) == ("not_computable", "undetermined")
    assert found.control.more["models"] == 21
    rows = tables.published.all_rows
    five = ["hellaswag", "truthfulqa_unknown", "arc_challenge", "winogrande", "mmlu"]
    generator = np.random.default_rng(2)
    rows[five] = generator.uniform(0.2, 0.9, (len(rows), 5))  # five dimensions
    assert claim("C24", with_rows(tables, rows)).inference == "not_supported"
    # Two dimensions with a ratio of 1.25 by covariance and by correlation.
    first, second = generator.normal(size=(2, len(rows)))
    signs = np.array([1, -1, 1, -1, 1])
    rows[five] = 0.5 + 0.05 * (first[:, None] + 0.35 * second[:, None] * signs)
    assert claim("C24", with_rows(tables, rows)).inference == "supported"
    rows.loc[rows["params"].between(3e9, 13.4e9), "mmlu"] = np.nan
    few = claim("C24", with_rows(tables, rows))
    assert few.inference == "undetermined"
    assert few.reason.endswith("fewer than ten.")


# C25


def test_the_dated_predictions_wait_for_their_dates(tables):
    found = claim("C25", tables)
    assert found.command == "nullcline predictions"
    assert found.control.figure == 0
    assert found.control.more["open"] == 7
    assert found.inference == "undetermined"
    later = tables.frontier.copy()
    late = later[later["panel"] == "later"].assign(
        lab="DeepSeek", date="2026-08-01", swe_bench_verified=0.5, gpqa_diamond=0.95
    )  # fmt: skip
    late["model"] = [f"new-{i}" for i in range(len(late))]
    found = claim("C25", replace(tables, frontier=pd.concat([later, late], ignore_index=True)))
    assert found.control.more["failed"] == 1
    assert found.inference == "not_supported"


# The record


def test_what_no_table_can_tell_says_why(tables):
    found = [claim(f"C{number}", tables) for number in range(19, 26)]
    records = {record["id"]: record for record in ledger_to_dict(found)["claims"]}
    assert [id for id, record in records.items() if record["obstacle"]] == ["C22", "C24"]
    text = ledger_to_text(found)
    assert text.count("not computable: ") == 2
    assert max(map(len, text.splitlines())) <= 80
