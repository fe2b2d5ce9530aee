"""Families with several seeds of every size: the seeds say whether and where they turn."""

import json

import numpy as np
import pytest
from narrow import not_none

from nullcline import dynamics, organisms
from nullcline.dynamics._phases.seed_turn import turn_over_seeds
from nullcline.experiments.dashboard._family import family_view
from nullcline.experiments.dashboard._overview import turn_text, turning_points
from nullcline.experiments.studies.diagnosis import SEEDS_NOTE, diagnosis_to_dict, diagnosis_to_text

SIZES = np.array([1440, 2448, 3648, 6624, 10368, 17424, 26208, 48960])
LOG10 = np.log10(SIZES)
HEADER = "family,model,params,seed,world_reasoning,world_truth"


def written(path, families, drop=()):
    """A score table of families given as arrays (seeds, sizes); `drop`: (family, seed, size)."""
    rows = [
        f"{family},{family}-{size}-seed{seed},{params},{seed},{0.2 + 0.05 * size},{truth:.6f}"
        for family, scores in families.items()
        for seed, row in enumerate(scores)
        for size, (params, truth) in enumerate(zip(SIZES, row, strict=True))
        if (family, seed, size) not in drop
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return dynamics.read_scores(path)


def planted(seeds=6, scatter=0.02):
    """One family that turns at 10^3.9, one that falls and then stays."""
    generator = np.random.default_rng(2)
    curves = {
        "turning": 0.2 + 0.6 * (LOG10 - 3.9) ** 2,
        "staying": 0.15 + 0.4 * np.exp(-5 * (LOG10 - LOG10[0])),
    }
    return {
        name: curve + scatter * generator.standard_normal((seeds, 8))
        for name, curve in curves.items()
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    table = written(tmp_path_factory.mktemp("seeds") / "t.csv", planted())
    return dynamics.diagnose(table, n_boot=200)


def test_the_seeds_say_what_turns_and_the_curve_of_their_means_would_not(found):
    turning, staying = found.families
    assert turning.critical.status == "bracketed"
    assert turning.critical.low < 3.9 < turning.critical.high
    assert turning.about_turn[0].gamma < 0 < turning.about_turn[1].gamma
    # The quadratic of the means calls a U what only falls and stays.
    assert dynamics.u_test(LOG10, staying.truth, y_stderr=staying.truth_stderr).p_value < 0.05
    assert staying.critical.status == "not_bracketed"
    assert not_none(staying.critical.by_seeds).status == "no_rise"
    assert staying.about_turn is None
    assert found.turning.families == ("turning",)
    assert 0 < found.turning.power <= 1


@pytest.mark.slow(reason="coverage is counted over simulated families")
@pytest.mark.parametrize("scatter", [0.02, 0.08])
@pytest.mark.parametrize("place", [3.7, 3.9, 4.1])
def test_the_interval_of_the_place_covers(place, scatter):
    """A parabola with seeds that scatter little, and as much as the shipped ones do."""
    generator = np.random.default_rng(0)
    held = []
    for _ in range(300):
        scores = 0.2 + 0.6 * (LOG10 - place) ** 2 + scatter * generator.standard_normal((6, 8))
        found = turn_over_seeds(dynamics.u_test(LOG10, scores.mean(axis=0)), LOG10, scores)
        if found.status == "bracketed":
            held.append(found.low <= place <= found.high)
    # Of 95 % over about 300 the standard error is .013; three of them on either side.
    assert len(held) > 200
    assert 0.91 < np.mean(held) < 0.99


def test_text_json_and_dashboard_say_the_same(found):
    page = diagnosis_to_text(found)
    line = next(line for line in page.splitlines() if line.startswith("staying "))
    assert line.endswith("no rise over 6 seeds")
    assert SEEDS_NOTE in " ".join(page.split())
    record = json.loads(json.dumps(diagnosis_to_dict(found)))
    by_family = {f["family"]: f["critical"] for f in record["by_family"]}
    said = by_family["staying"]["by_seeds"]
    assert (said["status"], said["seeds"]) == ("no_rise", 6)
    assert by_family["staying"]["p"] == max(said["p_fall"], said["p_rise"]) > 0.05
    turning, staying = found.families
    assert turn_text(staying) == "no rise over 6 seeds"
    assert SEEDS_NOTE in str(turning_points(found))
    assert "judged over its 6 seeds" in str(family_view(found, turning))


def test_without_seeds_the_curve_decides(tmp_path):
    means = {name: scores.mean(axis=0, keepdims=True) for name, scores in planted().items()}
    found = dynamics.diagnose(written(tmp_path / "t.csv", means), n_boot=200)
    assert {f.critical.by_seeds for f in found.families} == {None}
    assert "over seeds" not in diagnosis_to_text(found).partition("Warnings")[0]


def test_seeds_that_lack_a_size_are_named(tmp_path):
    drop = {("turning", 2, 3), ("turning", 4, 0)}
    found = dynamics.diagnose(written(tmp_path / "t.csv", planted(), drop), n_boot=200)
    assert not_none(found.families["turning"].critical.by_seeds).seeds == 4
    said = [w.message for w in found.warnings if w.code == "incomplete_seeds"]
    assert len(said) == 1
    assert said[0].startswith("turning: no score at every size with seed 2, 4; ")
    # One whole seed is none to judge by.
    drop = {("turning", seed, 3) for seed in range(5)}
    found = dynamics.diagnose(written(tmp_path / "u.csv", planted(), drop), n_boot=200)
    assert found.families["turning"].critical.by_seeds is None


def test_a_diagnosis_and_a_comparison_of_the_shipped_families_agree():
    """The same families turn, at the same size with the same interval."""
    diagnosis = dynamics.diagnose(dynamics.load_table("organisms"), n_boot=100)
    rows = dynamics.load_figures("organism_families")
    compared = rows[rows["quantity"] == "log10_critical"].set_index("family")
    assert set(compared.index) == {f.family for f in diagnosis.families}
    for family in diagnosis.families:
        row, critical = compared.loc[family.family], family.critical
        assert not_none(critical.by_seeds).status == row["status"], family.family
        turns = str(row["status"]) == "ok"
        assert (critical.status == "bracketed") == turns, family.family
        if turns:
            here = (critical.vertex, critical.low, critical.high)
            # The table of the comparison has six digits.
            assert here == pytest.approx(tuple(row[["mean", "low", "high"]]), abs=1e-5)
    statuses = {
        family: organisms.dip_status([c for c in _shipped_curves() if c.family == family])
        for family in compared.index
    }
    assert statuses == compared["status"].to_dict()


def _shipped_curves():
    table = organisms.organisms_folder().parent / "organisms.csv"
    return organisms.curves(organisms.read_score_table(table))
