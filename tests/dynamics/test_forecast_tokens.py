"""The number of tokens that a family was trained on as an input of the dynamics."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from planted_families import DRIFT, PLANTED, TOKEN_EFFECT, planted

from nullcline import dynamics
from nullcline.dynamics._forecast.cross_validate import FORECASTERS


def without_tokens(cohort):
    return dataclasses.replace(
        cohort, families=tuple(dataclasses.replace(f, tokens=None) for f in cohort.families)
    )


def test_a_planted_effect_of_tokens_is_recovered():
    drift = dynamics.forecast.fit_setting(planted(tokens=True), PLANTED)
    # Exact data; what remains is the ridge of 1e-9 along weakly determined directions.
    np.testing.assert_allclose(drift[:, 1], TOKEN_EFFECT, atol=1e-3)
    np.testing.assert_allclose(np.delete(drift, 1, axis=1), DRIFT, atol=1e-3)


def test_a_family_is_predicted_from_its_tokens():
    cohort = planted(count=13, tokens=True)
    target = cohort.families[-1]
    rest = dataclasses.replace(cohort, families=cohort.families[:-1])
    start = target.scores[:1], target.log10_n[:1], target.log10_n[1:]
    knows = dynamics.fit_forecaster(rest, settings=[PLANTED])
    predicted = knows.scores(*start, tokens=target.tokens)
    np.testing.assert_allclose(predicted, target.scores[1:], atol=2e-3)
    plain = dynamics.fit_forecaster(without_tokens(rest), settings=[PLANTED])
    blind = plain.scores(*start)
    assert (
        np.abs(blind - target.scores[1:]).mean() > 10 * np.abs(predicted - target.scores[1:]).mean()
    )
    # One of the systems for itself is the same system.
    clock = PLANTED.time(target.log10_n)
    ode = knows.ode(tokens=target.tokens)
    along = dynamics.integrate(ode, target.scores[0], log10_n=clock)
    np.testing.assert_allclose(along.x[1:], predicted, atol=1e-5)
    with pytest.raises(ValueError, match="fitted with tokens"):
        knows.scores(*start)
    with pytest.raises(ValueError, match="fitted without tokens"):
        plain.scores(*start, tokens=1e12)


@pytest.mark.slow(reason="fits and validates a forecaster")
def test_the_validation_inside_uses_each_familys_own_tokens():
    cohort = planted(count=9, noise=0.005, tokens=True)
    knows, blind = (
        dynamics.cross_validate(c, methods=(), forecasters=FORECASTERS[-1:], n_boot=200)
        for c in (cohort, without_tokens(cohort))
    )
    assert knows.selected.mae < blind.selected.mae
    assert knows.selected.validation_mae < blind.selected.validation_mae


def frame():
    rows = [
        {"family": f, "model": f"{f}-{n}b", "params": n * 1e9, "tokens": tokens,
         "hellaswag": 0.3 + n / 50, "winogrande": 0.5 + n / 60}
        for f, tokens in (("a", 1e12), ("b", 2e12), ("c", np.nan))
        for n in (1, 3, 7)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_families_of_unknown_tokens_are_left_out_and_named():
    table = dynamics.read_scores(frame(), name="three")
    plain = dynamics.held_out_cohort(table)
    assert [family.tokens for family in plain.families] == [None] * 3
    cohort = dynamics.held_out_cohort(table, tokens=True)
    assert [family.tokens for family in cohort.families] == [1e12, 2e12]
    assert cohort.left_out == (("c", "unknown_tokens"),)
    with pytest.raises(ValueError, match=r"^c cannot be held out: it is not known on how many"):
        cohort.index("c")
