"""Who teaches a prediction, who judges its bands, and how far a family lies from them."""

import dataclasses

import numpy as np
import pytest
from planted_families import PLANTED, planted

from nullcline import dynamics


@pytest.fixture(scope="module")
def uniform():
    return dynamics.load_table("uniform")


def renamed_pythia(tmp_path, uniform):
    """Pythia's rows as a user would hold them, under another name of the family."""
    rows = uniform.frame[uniform.frame["family"] == "Pythia"]
    path = tmp_path / "mine.csv"
    names = ["model", "params", *dynamics.forecast.HELD_OUT_BENCHMARKS]
    rows[names].assign(family="My suite").to_csv(path, index=False)
    return dynamics.read_scores(path)


@pytest.mark.slow(reason="fits forecasters with and without the shipped table")
def test_shipped_families_teach_a_users_table_but_never_the_same_models(tmp_path, uniform):
    mine = renamed_pythia(tmp_path, uniform)
    found = dynamics.hold_out(mine, "My suite")
    assert found.teacher == "both"
    assert "Pythia" not in found.trained_on + found.judges
    assert "OPT" in found.trained_on
    # The families that taught and those that judge are apart.
    assert not set(found.trained_on) & set(found.judges)
    # What the uniform table's own study says of Pythia rests on the same 21 families.
    again = dynamics.hold_out(uniform, "Pythia")
    assert again.teacher == "own"
    assert again.judges == ()
    assert set(again.trained_on) == set(found.trained_on)
    np.testing.assert_allclose(found.predicted, again.predicted, atol=1e-4)


def test_own_families_alone_teach_where_it_is_wanted(tmp_path, uniform):
    mine = renamed_pythia(tmp_path, uniform)
    with pytest.raises(ValueError, match="0 to leave out by family; at least 3"):
        dynamics.hold_out(mine, "My suite", trained_on="own")


def test_a_table_without_a_shipped_benchmark_says_what_to_do(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("family,model,params,myscore\na,a1,1B,0.4\na,a2,2B,0.5\na,a3,3B,0.6\n")
    with pytest.raises(ValueError, match=r"mine\.csv has none of hellaswag.*trained_on=own"):
        dynamics.hold_out(dynamics.read_scores(path), "a")


def test_families_that_err_more_widen_the_bands():
    cohort, noisy = planted(count=8, noise=0.005, seed=1), planted(count=8, noise=0.05, seed=2)
    alone = dynamics.fit_forecaster(cohort, settings=[PLANTED])
    judged = dynamics.fit_forecaster(cohort, settings=[PLANTED], judges=noisy.families)
    np.testing.assert_array_equal(alone.members[0].drift, judged.members[0].drift)
    assert (judged.band > alone.band).all()


@pytest.mark.slow(reason="fits a forecaster for each model left out")
def test_an_extension_is_checked_on_the_familys_own_models(tmp_path, uniform):
    mine = renamed_pythia(tmp_path, uniform)
    further = dynamics.extend(mine, "My suite", params="30B")
    ode = dynamics.forecast.ODE
    assert set(further.check) == {ode, *dynamics.hold_out(mine, "My suite").baselines}
    assert further.beaten_by == tuple(
        name for name, mae in further.check.items() if mae < further.check[ode]
    )
    assert np.isnan(further.mae)


def test_distance_grows_as_a_family_leaves_the_others(uniform):
    cohort = dynamics.held_out_cohort(uniform)
    others, family = cohort.families[1:], cohort.families[0]
    distances = []
    for shift in (0.0, 0.1, 0.2):
        scores = family.scores + shift * np.array([1, -1, 1, -1, 1])
        moved = dataclasses.replace(family, scores=scores)
        found = dynamics.forecast.family_distance(moved, others, cohort.benchmarks)
        distances.append(found.value)
        assert 0 <= found.farther <= 1
    assert distances[0] < distances[1] < distances[2]
    # A family of the table is as far from the others as they are from one another.
    assert 0.2 < distances[0] < 3


def without_scores(cohort, cells):
    """The cohort with the scores at (family, model, benchmark) taken away."""
    families = list(cohort.families)
    for index, model, benchmark in cells:
        scores = families[index].scores.copy()
        scores[model, benchmark] = np.nan
        families[index] = dataclasses.replace(families[index], scores=scores)
    return dataclasses.replace(cohort, families=tuple(families))


def test_missing_scores_leave_a_planted_system_as_it_is():
    # Exact data: what is left says the same.
    cells = [(0, 1, 0), (0, 2, 2), (3, 1, 1), (5, 2, 0), (5, 2, 1)]
    gaps = without_scores(planted(), cells)
    drift = dynamics.forecast.fit_setting(gaps, PLANTED)
    np.testing.assert_allclose(drift, dynamics.forecast.fit_setting(planted(), PLANTED), atol=1e-3)
    forecaster = dynamics.fit_forecaster(gaps, settings=[PLANTED])
    assert forecaster.validation_mae < 1e-3
    assert np.isfinite(forecaster.band).all()


def test_every_method_takes_a_cohort_with_gaps():
    gaps = without_scores(planted(noise=0.01), [(0, 1, 0), (1, 2, 2), (2, 1, 1)])
    for method in dynamics.forecast.baseline_methods():
        predictor, error = dynamics.forecast.fit_method(method, gaps)
        assert np.isfinite(error), method.name
        family = gaps.families[0]
        predicted = predictor(family.scores[:1], family.log10_n[:1], family.log10_n[1:])
        assert np.isfinite(predicted).all(), method.name


@pytest.mark.slow(reason="fits forecasters with and without some models")
def test_a_users_models_without_one_score_teach_and_are_predicted(tmp_path, uniform):
    rows = uniform.frame[uniform.frame["family"].isin(["Pythia", "OPT", "BLOOM", "XGLM", "RWKV"])]
    rows = rows.assign(model=[f"own-{i}" for i in range(len(rows))])
    names = ["family", "model", "params", "hellaswag", "truthfulqa_mc2", "winogrande"]
    rows = rows[names].copy()
    largest = rows.groupby("family")["params"].idxmax()
    rows.loc[largest, "winogrande"] = np.nan
    path = tmp_path / "mine.csv"
    rows.to_csv(path, index=False)
    mine = dynamics.read_scores(path)
    found = dynamics.hold_out(mine, "OPT", trained_on="own")
    assert found.models[-1] == rows.loc[largest["OPT"], "model"]
    assert np.isnan(found.observed[-1]).tolist() == [False, False, True]
    assert np.isfinite([found.mae, found.mae_relative]).all()
    assert np.isfinite(found.predicted).all()
    scored = dynamics.cross_validate(mine, forecasters=(("coupled", "full"),))
    assert scored.models == len(rows)
    assert all(np.isfinite(method.mae) for method in scored.methods)
