"""The main job on planted families, and on the shipped table."""

import json
import math

import numpy as np
import pytest
from narrow import not_none

from nullcline import dynamics
from nullcline.experiments.figures import write_diagnosis_figures
from nullcline.experiments.formats import to_json
from nullcline.experiments.studies.diagnosis import diagnosis_to_dict, diagnosis_to_text


def write_family(path, families, header="family,model,params,hellaswag,truthfulqa_mc2"):
    rows = [
        f"{family},{family}-{i},{10**s:.0f},{x:.5f},{y:.5f}"
        for family, (size, xs, ys) in families.items()
        for i, (s, x, y) in enumerate(zip(size, xs, ys, strict=True))
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return dynamics.read_scores(path)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Three families whose truth score turns at 3e9 parameters, where reasoning is .6."""
    generator = np.random.default_rng(0)
    families = {}
    for name, offset in (("a", 0.0), ("b", 0.02), ("c", -0.02)):
        size = np.linspace(8, 11, 8)
        xs = 0.6 + 0.12 * (size - math.log10(3e9))
        ys = 0.38 + offset + 0.05 * (size - math.log10(3e9)) ** 2
        families[name] = (size, xs, ys + generator.normal(0, 0.002, 8))
    return write_family(tmp_path_factory.mktemp("planted") / "t.csv", families)


@pytest.fixture(scope="module")
def found(planted):
    return dynamics.diagnose(planted, n_boot=500, seed=1)


def test_a_planted_turn_is_found_on_every_axis(found):
    assert 10 ** found.pooled["log10_params"].vertex == pytest.approx(3e9, rel=0.15)
    assert found.pooled["reasoning"].vertex == pytest.approx(0.6, abs=0.02)
    for family in found.families:
        assert family.critical.status == "bracketed"
        assert 10**family.critical.low < 3e9 < 10**family.critical.high


def test_after_a_planted_turn_the_phase_is_bonus(found):
    assert [f.phase for f in found.families] == ["bonus"] * 3


def test_a_planted_turn_is_established_and_drawn_where_it_is(found):
    turn = found.common_turn["reasoning"]
    assert turn.established
    assert turn.low < 0.6 < turn.high
    assert turn.place == pytest.approx(0.6, abs=0.02)
    assert turn.curve is not None
    first, last = turn.curve.span
    grid = np.linspace(first, last, 200)
    assert grid[np.argmin(turn.curve(grid))] == pytest.approx(turn.place, abs=0.01)


def test_the_same_seed_gives_the_same_result(planted, found):
    again = dynamics.diagnose(planted, n_boot=500, seed=1)
    assert to_json(diagnosis_to_dict(again)) == to_json(diagnosis_to_dict(found))


def test_the_order_of_rows_does_not_matter(planted, found, tmp_path):
    path = tmp_path / "t.csv"
    shuffled = planted.frame.sample(frac=1, random_state=3)
    columns = ["family", "model", "params", "hellaswag", "truthfulqa_mc2"]
    shuffled[columns].to_csv(path, index=False)
    other = dynamics.diagnose(dynamics.read_scores(path), n_boot=500, seed=1)
    ours = {f.family: not_none(f.slope).gamma for f in found.families}
    assert {f.family: not_none(f.slope).gamma for f in other.families} == pytest.approx(ours)


def test_json_has_the_promised_keys_and_only_finite_numbers(found):
    result = json.loads(to_json(diagnosis_to_dict(found)))
    assert result["schema_version"] == 1
    assert result["pair"] == {"reasoning": "hellaswag", "truth": "truthfulqa_mc2"}
    assert (result["models"], result["families"]) == (24, 3)
    family = result["by_family"][0]
    assert {"family", "models", "r", "partial_r", "phase", "steps", "critical"} <= set(family)
    step = {"from", "to", "gamma", "low", "high", "p_tax", "p_bonus", "phase"}
    assert step <= set(family["steps"][0])
    assert set(family["critical"]) >= {"status", "params", "low", "high"}
    pooled = {
        "axis",
        "vertex",
        "low",
        "high",
        "within_r2",
        "no_minimum_share",
        "models",
        "families",
    }
    assert pooled <= set(result["pooled"][0])
    assert [p["axis"] for p in result["pooled"]] == ["reasoning", "log10_params"]
    # A vertex along log10 N is a count.
    assert result["pooled"][1]["vertex"] == pytest.approx(3e9, rel=0.15)
    assert "by_family" in result["width"]


def test_text_names_families_phases_and_what_follows(found):
    text = diagnosis_to_text(found)
    assert "bonus" in text
    assert "What follows" in text
    assert max(len(line) for line in text.splitlines()) < 140


def test_figures_are_written_whole(found, tmp_path):
    empty = write_diagnosis_figures(found, tmp_path)
    names = {p.name for p in tmp_path.iterdir()}
    stems = {"phase_diagram", "coupling_by_reasoning", "critical_points"}
    assert set(empty) == {"width_null"}  # no model of this table says its width
    assert names == {f"{s}.{e}" for s in stems for e in ("png", "svg")}


def test_two_models_get_what_two_models_allow(tmp_path):
    table = write_family(tmp_path / "t.csv", {"a": ([9, 10], [0.5, 0.7], [0.4, 0.6])})
    found = dynamics.diagnose(table, n_boot=200)
    family = found.families[0]
    assert family.phase == "bonus"
    assert family.critical.status == "underdetermined"
    assert math.isnan(family.correlation.r)
    assert found.pooled["log10_params"].status == "underdetermined"
    diagnosis_to_text(found)
    json.loads(to_json(diagnosis_to_dict(found)))


def test_a_missing_score_drops_the_model_from_the_pair_only(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "family,model,params,hellaswag,truthfulqa_mc2,mmlu\n"
        "a,a-1,1e9,0.5,0.4,0.3\na,a-2,2e9,0.6,,0.4\na,a-3,4e9,0.7,0.3,0.5\n"
    )
    table = dynamics.read_scores(path)
    found = dynamics.diagnose(table, n_boot=200)
    assert found.families[0].models == ("a-1", "a-3")
    assert [(w.code, w.row) for w in found.warnings] == [("missing_score", 3)]
    other = dynamics.diagnose(table, truth="mmlu", n_boot=200)
    assert other.models == 3
    assert not other.warnings


def test_a_benchmark_of_unknown_error_leaves_phases_open(tmp_path):
    rows = {"a": ([8, 9, 10], [0.3, 0.5, 0.7], [0.5, 0.4, 0.3])}
    header = "family,model,params,hellaswag,honesty"
    found = dynamics.diagnose(
        write_family(tmp_path / "t.csv", rows, header), truth="honesty", n_boot=200
    )
    assert found.families[0].phase == "undetermined"
    assert [w.code for w in found.warnings] == ["unknown_stderr"]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ({"reasoning": "nothing"}, "no benchmark 'nothing'; there are hellaswag, truthfulqa_mc2"),
        ({"reasoning": "hellaswag", "truth": "hellaswag"}, "twice"),
    ],
)
def test_a_wrong_pair_is_named(planted, pair, message):
    with pytest.raises(ValueError, match=message):
        dynamics.diagnose(planted, n_boot=200, **pair)


def test_no_model_with_both_scores_is_an_error(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "family,model,params,hellaswag,truthfulqa_mc2\na,a-1,1e9,0.5,\na,a-2,2e9,,0.4\n"
    )
    with pytest.raises(dynamics.TableError, match="0 models have both"):
        dynamics.diagnose(dynamics.read_scores(path), n_boot=200)


def test_shipped_pythia_is_a_trend_with_nothing_left():
    """r near -1, and given size nothing: the trap of C02, on the shipped figures."""
    table = dynamics.load_table("uniform").select(["Pythia"])
    family = dynamics.diagnose(table, n_boot=500).families[0]
    assert len(family.models) == 8
    assert family.correlation.r < -0.97
    assert family.correlation.partial_p > 0.5
    assert "only_trend" in family.correlation.notes


def test_combined_tables_keep_the_first_of_a_model(tmp_path):
    one = write_family(tmp_path / "one.csv", {"a": ([9, 10], [0.5, 0.7], [0.4, 0.6])})
    two = write_family(
        tmp_path / "two.csv",
        {"a": ([9, 10], [0.3, 0.3], [0.45, 0.45]), "b": ([9, 10], [0.4, 0.6], [0.4, 0.3])},
    )
    both = dynamics.combine_tables([one, two])
    assert both.families == ("a", "b")
    assert list(both.frame["hellaswag"]) == pytest.approx([0.5, 0.7, 0.4, 0.6])
    assert [w.code for w in both.warnings] == ["conflicting_duplicate"] * 2
