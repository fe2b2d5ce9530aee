"""The dated predictions: rules as data, and statuses that move with the data."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main
from nullcline.experiments.predictions import load_rules, track, tracker_to_dict, tracker_to_text

LATE = datetime.date(2028, 1, 31)


def rows(n=40, *, start="2026-06-01", **scores):
    """Models of three labs 15 days apart, so that the last is of January 2028."""
    days = pd.date_range(start, periods=n, freq="15D").strftime("%Y-%m-%d")
    labs = [("Google DeepMind", "DeepSeek", "Other")[i % 3] for i in range(n)]
    names = [f"m{i}" for i in range(n)]
    return pd.DataFrame({"model": names, "lab": labs, "date": days, **scores})


def tracked(tmp_path, frame, as_of: datetime.date | None = LATE):
    path = tmp_path / "panel.csv"
    frame.to_csv(path, index=False)
    return track(dynamics.read_panel(path), as_of=as_of)


def statuses(tracker):
    return {s.rule.id: s.status for s in tracker.standings}


def scores(n, *, up=True, seed=0, swe_spread=0.01, ifeval_spread=0.01):
    """SWE and GPQA that rise together or apart, IFEval like GPQA, HLE the contrary of SWE.

    h of all models lies far on one side of the frozen line: below for DeepSeek, above for Google.
    """
    generator = np.random.default_rng(seed)
    swe = np.linspace(0.3, 0.8, n)
    swe[-5:] = 0.9 + np.linspace(0, swe_spread, 5)
    gpqa = 0.4 + 0.5 * (swe if up else 1.1 - swe) + generator.normal(0, 0.005, n)
    ifeval = 0.5 + 0.4 * (gpqa if up else 1 - gpqa) + generator.normal(0, 0.005, n)
    top = np.argsort(ifeval)[-10:]
    ifeval[top] = 0.97 + np.linspace(0, ifeval_spread, 10) - (0.2 if ifeval_spread > 0.03 else 0)
    hle = (0.95 - swe if up else swe) + generator.normal(0, 0.02, n)
    return {
        "swe_bench_verified": swe, "gpqa_diamond": gpqa, "ifeval": ifeval, "hle": np.clip(hle, 0, 1)
    }  # fmt: skip


@pytest.fixture(scope="module")
def shipped():
    return track()


# The rules


def test_the_rules_say_what_the_paper_says():
    rules = load_rules()
    assert [rule.id for rule in rules.predictions] == list(range(1, 8))
    bounds = {r.id: (r.passes.edge, r.fails.edge, r.least) for r in rules.predictions}
    assert bounds == {
        1: (0.02, 0.05, 5), 2: (0.6, 0.3, 8), 3: (0.0, 0.05, 2), 4: (0.03, 0.0, 2),
        5: (0.5, 0.3, 30), 6: (0.03, 0.08, 10), 7: (0.0, 0.3, 10),
    }  # fmt: skip
    due = {r.id: r.deadline for r in rules.predictions}
    december = datetime.date(2026, 12, 31)
    assert (due[1], due[2], due[7]) == (december, december, december)
    assert (due[3], due[4]) == (None, None)
    assert (due[5], due[6]) == (datetime.date(2027, 5, 31), datetime.date(2027, 12, 31))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"statistic": {"kind": "sum"}}, "prediction 1: kind 'sum'; there are spread"),
        ({"pass": {}}, "prediction 1: a bound has either below or above"),
        ({"deadline": "Dec 2026"}, "prediction 1: Invalid isoformat"),
    ],
)
def test_a_broken_rule_is_named(tmp_path, change, said):
    shipped_rule = {
        "id": 1, "name": "n", "deadline": None, "least": 2, "pass": {"below": 1},
        "fail": {"above": 2}, "statistic": {"kind": "spread", "benchmark": "hle", "by": "hle"},
    }  # fmt: skip
    path = tmp_path / "rules.json"
    told = {"source": "s", "note": "n", "line": {}, "predictions": [shipped_rule | change]}
    path.write_text(json.dumps(told))
    with pytest.raises(ValueError, match=said):
        load_rules(path)


# What is shipped


def test_nothing_is_decided_before_its_date(shipped):
    assert set(statuses(shipped).values()) == {"open"}
    assert shipped.as_of == shipped.data_end == datetime.date(2026, 4, 24)
    leaning = {s.rule.id: s.leaning for s in shipped.standings}
    assert (leaning[1], leaning[5]) == ("fail", "pass")
    assert {leaning[i] for i in (2, 3, 4, 6, 7)} == {None}


def test_values_of_the_shipped_panels_by_plain_pandas(shipped):
    panel = dynamics.load_figures("frontier")
    best = panel.nlargest(5, "swe_bench_verified")
    value = best["swe_bench_verified"].max() - best["swe_bench_verified"].min()
    first, fifth = shipped.standings[0], shipped.standings[4]
    assert first.measured.value == pytest.approx(value)
    assert first.also.value == pytest.approx(np.ptp(best["gpqa_diamond"]))
    r = panel["swe_bench_verified"].corr(panel["gpqa_diamond"])
    assert (fifth.measured.value, fifth.measured.n) == (pytest.approx(r), len(panel))
    harness = dynamics.load_figures("frontier_one_harness")
    beside = shipped.beside.standings[4].measured
    r = harness["swe_bench_verified"].corr(harness["gpqa_diamond"])
    assert (beside.value, beside.n) == (pytest.approx(r), 20)


def test_a_later_day_does_not_decide_on_old_data():
    later = track(as_of=LATE)
    assert set(statuses(later).values()) == {"open"}
    assert later.standings[0].reason == "the data end 2026-04-24, before the deadline"


def test_an_earlier_day_takes_later_models_off(shipped):
    before = track(as_of=datetime.date(2026, 3, 31))
    assert before.models + before.later == shipped.models
    assert before.later > 0
    assert before.standings[4].measured.n < shipped.standings[4].measured.n
    with pytest.raises(ValueError, match="no model is as old as 1999-01-01; give a later as_of"):
        track(as_of=datetime.date(1999, 1, 1))


# What moves a status


def test_all_that_can_pass(tmp_path):
    found = tracked(tmp_path, rows(**scores(40)))
    assert statuses(found) | {3: "-", 4: "-"} == {
        1: "between", 2: "pass", 3: "-", 4: "-", 5: "pass", 6: "pass", 7: "pass",
    }  # fmt: skip
    # The five best of SWE-bench lie within 2 pp, and their GPQA must lie apart.
    wide = scores(40)
    wide["gpqa_diamond"][-5:] = [0.80, 0.83, 0.86, 0.9, 0.95]
    assert statuses(tracked(tmp_path, rows(**wide)))[1] == "pass"


def test_all_that_can_fail(tmp_path):
    found = tracked(tmp_path, rows(**scores(40, up=False, swe_spread=0.08, ifeval_spread=0.15)))
    assert {i: s for i, s in statuses(found).items() if i not in (3, 4)} == {
        1: "fail", 2: "fail", 5: "fail", 6: "fail", 7: "fail",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("deepseek", "google", "third", "fourth"),
    [
        ((-0.04, -0.02), (0.05, 0.06), "pass", "pass"),
        ((-0.04, 0.08), (0.05, -0.02), "fail", "fail"),
        ((-0.04, 0.02), (0.05, 0.01), "between", "between"),
        ((-0.04,), (0.05,), "open", "open"),
        ((0.08,), (-0.02,), "fail", "fail"),  # one release beyond the bound is enough
    ],
)
def test_the_next_two_releases_of_a_lab(tmp_path, deepseek, google, third, fourth):
    frozen = dynamics.load_figures("frontier").query("panel == 'frozen'")
    slope, intercept = np.polyfit(frozen["swe_bench_verified"], frozen["gpqa_diamond"], 1)
    told = [("DeepSeek", "2026-05-30", 0.15), ("Google", "2026-05-30", -0.3)]  # not after May
    told += [("DeepSeek", f"2026-0{7 + i}-01", h) for i, h in enumerate(deepseek)]
    told += [("Google DeepMind", f"2026-0{7 + i}-01", h) for i, h in enumerate(google)]
    told += [("DeepSeek", "2026-11-01", 0.15), ("Google", "2026-11-01", -0.3)] * (len(google) == 2)
    frame = pd.DataFrame(told, columns=["lab", "date", "h"])
    frame["model"] = [f"m{i}" for i in range(len(frame))]
    frame["swe_bench_verified"] = 0.7
    frame["gpqa_diamond"] = intercept + slope * 0.7 + frame.pop("h")
    found = statuses(tracked(tmp_path, frame, as_of=None))
    assert (found[3], found[4]) == (third, fourth)


def test_open_while_the_models_are_too_few(tmp_path):
    few = tracked(tmp_path, rows(**scores(40)).iloc[-20:])
    assert statuses(few)[5] == "open"
    assert few.standings[4].reason == "n = 20, at least 30"
    assert few.standings[4].leaning == "pass"


def test_a_value_on_the_bound_is_between(tmp_path):
    exact = scores(40)
    exact["swe_bench_verified"][-5:] = [0.90, 0.90, 0.90, 0.90, 0.95]
    assert statuses(tracked(tmp_path, rows(**exact)))[1] == "between"


def test_spreads_are_settled_only_when_items_allow(tmp_path):
    """500 items tell a spread of 1 pp from 2 as little as 1 from 0; a stated error may."""
    wide = scores(40)
    wide["gpqa_diamond"][-5:] = [0.75, 0.80, 0.86, 0.9, 0.98]
    plain = tracked(tmp_path, rows(**wide)).standings[0]
    assert plain.status == "pass"
    assert not plain.settled
    sure = tracked(tmp_path, rows(**wide, swe_bench_verified_stderr=0.002)).standings[0]
    assert sure.settled
    assert sure.measured.high < 0.02


# What a user gives


def test_a_table_of_other_columns_says_what_is_not_there(tmp_path, capsys):
    frame = rows(12, mmlu=np.linspace(0.4, 0.8, 12))
    path = tmp_path / "mine.csv"
    frame.drop(columns="lab").to_csv(path, index=False)
    assert main(["predictions", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["predictions"]
    assert {p["status"] for p in found} == {"open"}
    assert all(p["reason"].startswith("not in the table: ") for p in found)
    assert all(p["value"] is None and p["n"] == 0 for p in found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "nowhere.csv: there is no such file"),
        (["data/uniform.csv"], "uniform: no model has a date that can be read; give --as-of DAY"),
        (["--as-of", "soon"], "--as-of soon: give a day such as 2026-12-31"),
        (["a.csv", "b.csv"], "give one table"),
    ],
)
def test_what_cannot_be_read_costs_one_line(arguments, said, capsys):
    assert main(["predictions", *arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "0.0 s" not in line]
    assert len(lines) == 1
    assert said in lines[0]


def test_a_model_that_is_there_twice_is_no_second_release(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    line = "A,DeepSeek,2026-08-01,0.5,0.5\n"
    path.write_text("model,lab,date,swe_bench_verified,gpqa_diamond\n" + line + line)
    assert main(["predictions", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith(
        "mine.csv, row 3: model 'A' is in the table twice; keep one row for each model"
    )


def test_tables_of_gaps_and_odd_dates(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "model,lab,date,swe_bench_verified,gpqa_diamond\n"
        "A,DeepSeek,2026-08-01,0.5,\nB,DeepSeek,0000,,0.5\nC,DeepSeek,2026-13,,0.5\n"
    )
    found = track(dynamics.read_panel(path))
    assert found.undated == 2
    assert found.standings[0].reason == "too few models with the scores"
    assert found.standings[2].reason == "no model of DeepSeek after 2026-05-31"
    assert "–  pp" not in tracker_to_text(found)


def test_other_headings_units_and_dates(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "Model,Organization,Release date,SWE-bench Verified (%),GPQA Diamond,HLE\n"
        "A,Google DeepMind,2 November 2026,81.2,92,40\n"
        "B,DeepSeek,2026-12,77,90,30\n"
        "C,xAI,03/04/2026,70,80,20\n"
        "D,xAI,2026,60.5,70,10\n"
    )
    found = track(dynamics.read_panel(path))
    assert (found.as_of, found.undated) == (datetime.date(2026, 12, 1), 1)
    assert found.standings[0].measured.value == pytest.approx(0.207)
    assert [found.standings[i].measured.n for i in (2, 3, 6)] == [1, 1, 4]


def test_json_has_the_named_keys(shipped):
    result = tracker_to_dict(shipped)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    keys = {"id", "name", "deadline", "status", "value", "low", "high", "as_of", "n"}
    assert all(keys <= set(prediction) for prediction in result["predictions"])


def test_text_begins_with_the_answer_and_fits(shipped, tmp_path):
    for tracker in (shipped, tracked(tmp_path, rows(**scores(40)))):
        text = tracker_to_text(tracker)
        assert "predictions are decided as of" in text.splitlines()[0]
        assert max(map(len, text.splitlines())) <= 80
        assert "nan" not in text


# The numbers behind them


def test_the_spread_of_equal_models_is_covered():
    """Five models of one skill: the interval holds 0 in at least 95 of 100 draws, less what 400
    draws may miss by chance (3 standard errors, .033)."""
    generator = np.random.default_rng(1)
    draws = generator.binomial(500, 0.8, (400, 5)) / 500
    stderr = np.full(5, np.sqrt(0.8 * 0.2 / 500))
    held = [dynamics.controls.spread(draw, stderr).low == 0 for draw in draws]
    assert np.mean(held) >= 0.95 - 0.033
    apart = dynamics.controls.spread(np.array([0.5, 0.9]), np.array([0.01, 0.01]))
    assert apart.low > 0.3
    assert np.isnan(dynamics.controls.spread(np.array([0.5]), np.array([0.01])).value)


def test_h_of_a_new_model_by_the_formula_of_prediction():
    generator = np.random.default_rng(2)
    x = generator.uniform(0.2, 0.8, 30)
    y = 0.4 + 0.5 * x + generator.normal(0, 0.05, 30)
    new = {"new_x": np.array([0.9]), "new_y": np.array([0.9])}
    exact = {"new_x_stderr": np.zeros(1), "new_y_stderr": np.zeros(1)}
    found = dynamics.controls.new_residuals(x, y, **new, **exact)
    (slope, intercept), covariance = np.polyfit(x, y, 1, cov=True)
    gradient = np.array([0.9, 1.0])
    assert found.residual[0] == pytest.approx(0.9 - intercept - slope * 0.9)
    assert found.stderr[0] == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-6)
    errors = {"new_x_stderr": np.array([0.02]), "new_y_stderr": np.array([0.03])}
    more = dynamics.controls.new_residuals(x, y, **new, **errors)
    own = np.hypot(0.02 * slope, 0.03)
    assert more.stderr[0] == pytest.approx(np.hypot(found.stderr[0], own))
    with pytest.raises(ValueError, match="three models"):
        dynamics.controls.new_residuals(x[:2], y[:2], **new, **exact)
