"""Nested validation: nothing of a held-out family may reach what predicts it."""

import dataclasses

import numpy as np
import pytest
from planted_families import planted

from nullcline import dynamics
from nullcline.dynamics._forecast.baselines import Method, baseline_methods
from nullcline.dynamics._forecast.cross_validate import FORECASTERS, folds

COUPLED = FORECASTERS[-1:]


def few_methods():
    keep = ("persistence", "anchored slope", "ridge linear ODE")
    return [method for method in baseline_methods() if method.name in keep]


@pytest.fixture(scope="module")
def crossed():
    seen = []
    result = dynamics.cross_validate(
        planted(count=8, noise=0.01),
        methods=few_methods(),
        n_boot=500,
        on_progress=lambda *at: seen.append(at[1:]),
    )
    return result, seen


@pytest.mark.slow(reason="cross-validates with every method")
def test_table_of_methods(crossed):
    result, seen = crossed
    assert (result.folds, len(result.families)) == (8, 8)
    assert seen[-1] == (24, 24)
    assert [method.kind for method in result.methods].count("baseline") == 2
    assert sum(method.chosen for method in result.methods) == 8
    assert sum(method.selected for method in result.methods) == 1
    for method in result.methods:
        assert method.low <= method.mae <= method.high
        assert method.mae == pytest.approx(method.family_mae.mean())
        gap = method.family_mae - result.selected.family_mae
        assert method.difference[0] == pytest.approx(gap.mean())
    # The data follow a coupled system in log odds, with little noise.
    assert result.method("coupled log-odds ODE").mae < result.method("anchored slope").mae / 2
    assert result.selected.name.endswith("ODE") or "reasoning" in result.selected.name
    assert result.skill("anchored slope") == 0
    assert result.difference("persistence", "persistence") == (0, 0, 0)
    with pytest.raises(ValueError, match="no method 'magic'"):
        result.method("magic")


def test_persistence_by_hand(crossed):
    result, _ = crossed
    expected = [
        np.abs(family.scores[0] - family.scores[1:]).mean()
        for family in planted(count=8, noise=0.01).families
    ]
    np.testing.assert_allclose(result.method("persistence").family_mae, expected, atol=1e-12)


@pytest.mark.slow(reason="cross-validates once for each family")
@pytest.mark.parametrize("leave", ["family", "lab"])
def test_held_out_scores_never_reach_their_own_prediction(leave):
    cohort = planted(count=8, noise=0.01, lab_size=2)
    target = cohort.families[3]
    moved = target.scores.copy()
    moved[1:] = 0.9
    families = list(cohort.families)
    families[3] = dataclasses.replace(target, scores=moved)
    settings = {
        "methods": few_methods(),
        "forecasters": COUPLED,
        "leave": leave,
        "n_boot": 100,
    }
    before = dynamics.cross_validate(cohort, **settings)
    changed = dataclasses.replace(cohort, families=tuple(families))
    after = dynamics.cross_validate(changed, **settings)
    for one, other in zip(before.methods, after.methods, strict=True):
        same = [
            np.array_equal(p, q) for p, q in zip(one.predictions, other.predictions, strict=True)
        ]
        # Families 2 and 3 are of one lab.
        unseen = {3} if leave == "family" else {2, 3}
        assert all(same[place] for place in unseen), one.name
        if one.name != "persistence":
            assert not any(same[place] for place in range(8) if place not in unseen), one.name


def test_a_method_sees_only_weights_without_the_held_out_groups():
    cohort = planted(count=6, noise=0.01, lab_size=2)
    asked = []

    def spy(given_cohort, weights):
        asked.append(weights)
        return baseline_methods()[1].fit(given_cohort, weights)

    dynamics.cross_validate(
        planted(count=8, noise=0.01, lab_size=2),
        leave="lab",
        methods=[Method("spy", "baseline", spy), *few_methods()[:2]],
        forecasters=COUPLED,
        n_boot=100,
    )
    rows = asked[0]
    # Four labs of two families: each alone, and each pair.
    assert rows.shape == (4 + 6, 8)
    assert (rows.reshape(10, 4, 2).std(axis=2) == 0).all()
    assert ((rows == 0).sum(axis=1) == [2] * 4 + [4] * 6).all()
    with pytest.raises(ValueError, match="nested validation needs 4"):
        dynamics.cross_validate(cohort, leave="lab", methods=few_methods())


def test_many_families_are_left_out_in_groups():
    cohort = planted(count=61, noise=0.01)
    found = dynamics.cross_validate(cohort, methods=few_methods(), forecasters=(), n_boot=200)
    assert (found.folds, found.grouped) == (20, True)
    groups = folds([(i,) for i in range(61)])
    assert sorted(i for group in groups for i in group) == list(range(61))
    assert {len(group) for group in groups} == {3, 4}
    # Each family is predicted by a slope of the families outside its group.
    family, group = 7, next(group for group in groups if 7 in group)
    others = [cohort.families[i] for i in range(61) if i not in group]
    time = np.concatenate([f.log10_n - f.log10_n.mean() for f in others])
    slope = time @ np.concatenate([f.scores for f in others]) / (time @ time)
    target = cohort.families[family]
    line = target.scores[:1] + (target.log10_n[1:] - target.log10_n[0])[:, None] * slope
    predicted = found.method("anchored slope").predictions[family]
    np.testing.assert_allclose(predicted, np.clip(line, 0, 1), atol=1e-12)


def test_up_to_fifty_families_are_left_out_one_by_one():
    assert len(folds([(i,) for i in range(50)])) == 50
    assert len(folds([(i,) for i in range(51)])) == 20
