"""Cohorts, groups and scores, checked by hand on small tables."""

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics._forecast.protocol import family_errors, held_out_groups, relative_error

THREE = """family,model,params,active_params,lab,hellaswag,truthfulqa_mc2
Ash,a1,1e9,,North,0.40,0.40
Ash,a2,2e9,,North,0.50,0.38
Ash,a4,4e9,,North,0.60,0.37
Birch,b1,1e9,,North,0.30,0.45
Birch,b3,3e9,,North,0.45,0.41
Birch,b9,9e9,,North,0.55,0.39
Cedar,c1,1e9,,South,0.35,0.44
Cedar,c2,2e9,,South,0.45,0.40
Cedar,c8,8e9,,South,0.65,0.36
Cedar,c8b,8e9,,South,0.66,0.35
Doom,d1,1e9,,South,0.30,0.42
Doom,d5,5e9,,South,,0.40
Elm,e1,1e9,,East,0.30,0.42
Elm,e4,4e9,,East,0.40,0.41
Elm,e8,8e9,2e9,East,0.50,0.41
Fir,f1,1e9,,East,0.31,0.43
Fir,f4,4e9,,East,0.42,0.40
Fir,f8,8e9,,East,0.51,0.38
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "three.csv"
    path.write_text(THREE)
    return dynamics.read_scores(path)


def test_cohort_keeps_single_recipe_families_of_three_sizes(table):
    cohort = dynamics.held_out_cohort(table)
    assert [family.name for family in cohort.families] == ["Ash", "Birch", "Fir"]
    assert cohort.models == 9
    assert dict(cohort.left_out) == {
        "Cedar": "several_models_of_one_size",
        "d5": "incomplete_scores",
        "Doom": "too_few_sizes",
        "e8": "mixture_of_experts",
        "Elm": "too_few_sizes",
    }
    np.testing.assert_allclose(cohort.families[1].log10_n, np.log10([1e9, 3e9, 9e9]))
    np.testing.assert_array_equal(cohort.families[1].scores[:, 0], [0.30, 0.45, 0.55])


def test_first_of_each_size_and_mixtures_on_request(table):
    cohort = dynamics.held_out_cohort(table, same_size="first", mixtures=True)
    cedar = cohort.families[cohort.index("cedar")]
    assert cedar.models == ("c1", "c2", "c8")
    assert "e8" in cohort.families[cohort.index("Elm")].models


def test_uniform_table_gives_22_families_of_98_models():
    cohort = dynamics.held_out_cohort(dynamics.load_table("uniform"))
    assert (len(cohort.families), cohort.models) == (22, 98)
    assert cohort.benchmarks == (
        "hellaswag",
        "truthfulqa_mc2",
        "arc_challenge",
        "winogrande",
        "mmlu",
    )
    reasons = dict(cohort.left_out)
    assert reasons["StableLM"] == reasons["H2O-Danube"] == "several_models_of_one_size"
    assert reasons["RWKV/rwkv-raven-14b"] == "instruct_model"


def test_a_missing_family_says_why(table):
    cohort = dynamics.held_out_cohort(table)
    with pytest.raises(ValueError, match="Cedar cannot be held out: several of its models"):
        cohort.index("Cedar")
    with pytest.raises(ValueError, match="Doom cannot be held out: it has too few sizes"):
        cohort.index("Doom")
    with pytest.raises(ValueError, match="no family 'Gum'; there are Ash, Birch, Fir"):
        cohort.index("Gum")
    with pytest.raises(ValueError, match="no benchmark 'mmlu'"):
        dynamics.held_out_cohort(table, benchmarks=["mmlu"])
    with pytest.raises(ValueError, match="Doom cannot be used: it has too few sizes"):
        dynamics.held_out_cohort(table.select(["Doom"]))


def test_groups_are_families_or_labs(table):
    families = dynamics.held_out_cohort(table, same_size="first").families
    assert held_out_groups(families, leave="family", given=1) == ((0,), (1,), (2,), (3,))
    assert held_out_groups(families, leave="lab", given=1) == ((0, 1), (2,), (3,))
    with pytest.raises(ValueError, match="at least 3"):
        held_out_groups(families[:2], leave="family", given=1)
    with pytest.raises(ValueError, match="nothing is left to predict"):
        held_out_groups(families, leave="family", given=3)


def test_errors_by_hand(table):
    families = dynamics.held_out_cohort(table).families[:1]
    predicted = np.array([[0.52, 0.40], [0.60, 0.33]])
    # |.02| + |.02| + 0 + |.04| over four numbers.
    assert family_errors(families, [predicted], given=1)[0] == pytest.approx(0.02)
    assert relative_error(np.array([[0.5]]), np.array([[0.4]])) == pytest.approx(0.25)
    assert np.isnan(relative_error(np.array([[0.5]]), np.array([[0.0]])))


def test_family_interval_covers_the_mean_of_families():
    rng = np.random.default_rng(1)
    inside = 0
    for seed in range(200):
        low, high = dynamics.forecast.family_interval(rng.normal(size=20), n_boot=400, seed=seed)
        inside += low <= 0 <= high
    # A percentile interval of 20 values is a little short of 95 %; 0.86 is 4 standard errors
    # (1.7 % each) below the 93 % that such intervals have.
    assert inside / 200 > 0.86
