"""Gain, its growth and couplings before and after tuning: planted truth and the shipped pairs."""

import numpy as np
import pandas as pd
import pytest
from planted_tuning import planted_pairs, planted_tunes

from nullcline import dynamics
from nullcline.dynamics import phases


def covered(estimates, planted):
    return np.mean([low <= planted <= high for low, high in estimates])


def test_the_gain_is_a_mean_over_families_with_students_interval():
    gain = np.array([0.01, 0.03, 0.08, 0.02])
    found = phases.mean_gain(gain, np.array(["a", "a", "b", "c"]))
    means = np.array([0.02, 0.08, 0.02])
    half = 4.302653 * means.std(ddof=1) / np.sqrt(3)  # t with two degrees of freedom
    assert (found.families, found.pairs) == (3, 4)
    assert found.mean == pytest.approx(0.04)
    assert (found.low, found.high) == pytest.approx((0.04 - half, 0.04 + half), rel=1e-5)


def test_growth_is_the_slope_within_families():
    size = np.array([8.0, 9, 10, 8, 9, 10, 9, 10, 11])
    family = np.repeat(["a", "b", "c"], 3)
    offset = np.repeat([0.0, 0.3, -0.1], 3)
    found = phases.gain_per_decade(offset + 0.04 * size, size, family)
    assert found.slope == pytest.approx(0.04)
    assert found.low == pytest.approx(0.04, abs=1e-6)
    assert found.families == 3
    of_two = phases.gain_per_decade(size[:6], size[:6], family[:6])
    assert (of_two.low, of_two.high) == (-np.inf, np.inf)


def test_intervals_of_gain_and_growth_cover_the_planted_ones():
    gains, growths = [], []
    for seed in range(400):
        frame = planted_pairs(gain=0.04, per_decade=0.03, seed=seed)
        base, tuned = (frame[frame["kind"] == kind].reset_index() for kind in ("base", "tuned"))
        gain = (tuned["truthfulqa_mc2"] - base["truthfulqa_mc2"]).to_numpy()
        size, family = np.log10(base["params"].to_numpy()), base["family"].to_numpy(str)
        of_all, growth = phases.mean_gain(gain, family), phases.gain_per_decade(gain, size, family)
        gains.append((of_all.low, of_all.high))
        growths.append((growth.low, growth.high))
    # The mean size is below 3B: the planted mean gain is what the sizes make of it.
    expected = 0.04 + 0.03 * (size.mean() - np.log10(3e9))
    # The binomial error of .95 over 400 is .011: less three of them.
    assert covered(gains, expected) > 0.917
    assert covered(growths, 0.03) > 0.917


@pytest.mark.slow(reason="rates over simulated tables")
def test_a_change_of_coupling_is_found_and_none_is_not():
    changed = [
        dynamics.compare_kinds(planted_pairs(12, change=0.3, before=-0.1, seed=seed))
        for seed in range(3)
    ]
    for found in changed:
        difference = found.coupling.difference
        assert difference.low < 0.3 < difference.high
        assert difference.low > 0
        assert found.coupling.before.mean == pytest.approx(-0.1, abs=0.05)
        assert found.coupling.after.mean == pytest.approx(0.2, abs=0.07)
    same = [
        dynamics.compare_kinds(planted_pairs(8, change=0.0, seed=seed)).coupling.difference
        for seed in range(12)
    ]
    assert covered([(one.low, one.high) for one in same], 0.0) >= 0.85


def test_one_family_alone_establishes_no_change():
    strong = planted_pairs(1, change=2.0, noise=0.0005, family_sd=0, seed=1)
    rest = planted_pairs(3, change=0.0, noise=0.01, seed=2)
    rest["family"] = "Oak " + rest["family"]
    found = dynamics.compare_kinds(pd.concat([strong, rest]))
    assert found.coupling.difference.mean > 0.2
    assert found.coupling.difference.low < 0


def test_what_hinges_on_a_family_is_not_established_without_it():
    table = planted_pairs(5, change=0.06, noise=0.008, seed=6)
    found = dynamics.compare_kinds(table)
    assert found.coupling.difference.low > 0
    assert sorted(found.hinges_on) == ["Elm 0", "Elm 1"]
    for name in table["family"].unique():
        without = dynamics.compare_kinds(table[table["family"] != name])
        assert (without.coupling.difference.low > 0) == (name not in found.hinges_on)


def test_a_change_of_many_families_hinges_on_none():
    shipped = dynamics.load_table("post_training")
    for table in (planted_pairs(12, change=0.4, noise=0.003), shipped):
        found = dynamics.compare_kinds(table)
        assert found.coupling.difference.low > 0
        assert found.hinges_on == ()
    without = shipped.select([f for f in shipped.families if f != "Qwen1.5"])
    assert dynamics.compare_kinds(without).coupling.difference.low > 0


def test_makers_are_the_unit_across_tunes():
    """Uploads of one maker are not independent; an interval that takes them so is too short."""
    robust, alone = [], []
    for seed in range(300):
        x, y, base, maker = planted_tunes(20, each=5, maker_sd=0.03, seed=seed)
        found = phases.coupling_across_tunes(x, y, base, maker)
        robust.append((found.low, found.high))
        each = phases.coupling_across_tunes(x, y, base, np.arange(x.size))
        alone.append((each.low, each.high))
    assert (found.models, found.makers, found.bases) == (100, 20, 1)
    assert covered(robust, 0.5) > 0.91  # binomial error .0126
    assert covered(alone, 0.5) < 0.8


def test_the_sizes_of_base_models_do_not_enter_the_coupling_across_tunes():
    """Base models fall by one point per point; their tunes rise by a half."""
    x, y, base, maker = planted_tunes(15, bases=(0.5, 0.6, 0.7, 0.8), noise=0.002, maker_sd=0.002)
    found = phases.coupling_across_tunes(x, y, base, maker)
    assert found.low < 0.5 < found.high
    assert found.bases == 4
    assert np.polyfit(x, y, 1)[0] < -0.5
    assert found.rank_r > 0.8
    few = phases.coupling_across_tunes(x[:6], y[:6], base[:6], maker[:6])
    assert (few.makers, few.low, few.high) == (2, -np.inf, np.inf)


def test_pairs_are_told_by_base_model_by_size_and_by_name():
    frame = pd.DataFrame(
        {
            "family": ["Elm"] * 5 + ["Elm tunes"] * 2 + ["Oak"],
            "model": ["elm-1b", "elm-7b", "elm-1b-chat", "elm-7b-x", "elm-70b-chat", "a/t-7b",
                      "b/t", "oak-3b-chat"],
            "params": [1e9, 7e9, 1.02e9, 7e9, 70e9, 7e9, 7e9, 3e9],
            "kind": ["base", "base", "chat", "tuned", "chat", "sft", "tuned", "chat"],
            "base_model": ["", "", "", "acme/Elm_7B", "", "elm-7b", "ash-7b", ""],
            "hellaswag": [0.4, 0.6, 0.41, 0.59, 0.8, 0.58, 0.57, 0.5],
            "truthfulqa_mc2": [0.4, 0.38, 0.45, 0.5, 0.6, 0.41, 0.42, 0.5],
        }
    )  # fmt: skip
    for table in (frame, dynamics.read_scores(frame)):  # the second has left tuned models out
        found = dynamics.compare_kinds(table)
        (elm,) = found.families
        assert elm.base == ("elm-1b", "elm-7b")
        assert elm.tuned == ("elm-1b-chat", "elm-7b-x")
        assert elm.gain == pytest.approx((0.05 + 0.12) / 2)
        assert elm.reasoning_gain == pytest.approx(0)
        assert set(found.unpaired) == {"elm-70b-chat", "b/t", "oak-3b-chat"}


def test_a_table_without_pairs_is_refused_in_one_line():
    with pytest.raises(dynamics.NoPairsError, match="add a column kind") as caught:
        dynamics.compare_kinds(dynamics.load_table("organisms"))
    assert "\n" not in str(caught.value)


def test_the_shipped_pairs():
    table = dynamics.load_table("post_training")
    found = dynamics.compare_kinds(table)
    assert found.gain.pairs == len(found.to_pandas()) >= 52
    # Other people's tunes are in no pair; every base model that a row names is in the table.
    assert not any("Tunes of" in family.family for family in found.families)
    assert found.unpaired == ()
    rows = table.all_rows
    assert set(rows["base_model"]) - {""} <= set(rows["model"])
    assert found.gain.low > 0
    assert found.per_decade.low > 0
    # No single sign holds from tune to tune; that of OPT appears only where its sizes are pooled
    # without offsets.
    assert found.across_tunes["OPT"].high > 0
    assert found.across_tunes["mistralai/Mistral-7B-v0.1"].low > 0
    assert set(found.broken) <= set(rows["model"])


def test_no_model_of_the_uniform_table_stands_again_in_the_leaderboards():
    uniform = dynamics.load_table("uniform").all_rows
    new = dynamics.load_table("leaderboard").all_rows
    short = {name.rpartition("/")[2].lower().removesuffix("-hf") for name in uniform["model"]}
    assert not short & {name.rpartition("/")[2].lower() for name in new["model"]}
    scores = ["hellaswag", "truthfulqa_mc2", "arc_challenge", "winogrande"]
    for row in new[scores].to_numpy():
        gap = np.abs(uniform[scores].to_numpy() - row).max(axis=1)
        assert np.nanmin(gap) > 5e-4
