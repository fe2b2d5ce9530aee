"""What a person types in Python: paths, DataFrames, names; and words that nobody knows."""

import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from narrow import not_none

from nullcline import dynamics

ROWS = pd.DataFrame(
    {
        "family": ["elm"] * 4,
        "model": [f"elm-{i}" for i in range(4)],
        "params": ["70M", "410M", "1.4B", "7B"],
        "hellaswag": [30.0, 40.0, 55.0, 75.0],
        "truthfulqa_mc2": [45.0, 41.0, 38.0, 39.0],
    }
)
S = [np.array([8.0, 9.0, 10.0]), np.array([8.5, 9.5, 10.5])]
X = [
    np.array([[0.3, 0.4], [0.4, 0.38], [0.6, 0.35]]),
    np.array([[0.32, 0.42], [0.5, 0.4], [0.7, 0.41]]),
]


def test_a_path_a_frame_and_a_table_give_the_same_diagnosis(tmp_path):
    path = tmp_path / "elm.csv"
    ROWS.to_csv(path, index=False)
    sources = (path, str(path), ROWS, dynamics.read_scores(path))
    found = [dynamics.diagnose(source, n_boot=200) for source in sources]
    slopes = {(not_none(d.families["elm"].slope).gamma, d.families["Elm"].phase) for d in found}
    assert len(slopes) == 1
    assert found[2].families[0].log10_params[0] == pytest.approx(np.log10(70e6))


def test_a_family_that_is_not_there_is_said_with_those_that_are():
    with pytest.raises(KeyError, match="no family 'oak'; there are elm"):
        dynamics.diagnose(ROWS, n_boot=200).families["oak"]


@pytest.mark.slow(reason="compiles two fits")
def test_a_penalty_may_be_its_name():
    data = dynamics.Trajectories.from_arrays(S, X)
    pairs: dict[dynamics.PenaltyName, dynamics.Ridge | dynamics.Lasso] = {
        "ridge": dynamics.Ridge(),
        "l1": dynamics.Lasso(),
    }
    for name, made in pairs.items():
        named = dynamics.fit_ode(data, penalty=name, throw=False)
        given = dynamics.fit_ode(data, penalty=made, throw=False)
        assert jnp.array_equal(named.coefficients, given.coefficients)
    assert dynamics.fit_ode(data, penalty="trajectory", throw=False).method == "trajectory"


@pytest.mark.slow(reason="a process that imports JAX")
def test_an_unknown_word_is_refused_with_the_choices():
    """In a process of its own: here the annotations run, and refuse it first."""
    script = (
        "from nullcline import dynamics\n"
        "data = dynamics.Trajectories.from_arrays([[8.0, 9.0, 10.0]], [[[0.3], [0.4], [0.6]]])\n"
        "for word in ('method', 'noise', 'penalty'):\n"
        "    try:\n        dynamics.fit_ode(data, **{word: 'integrals'})\n"
        "    except ValueError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    method, noise, penalty = done.stdout.splitlines()
    assert method == "no method 'integrals'; nearest: integral; there are integral, trajectory"
    assert noise == "no noise 'integrals'; there are measurement, increment"
    assert penalty.startswith("no penalty 'integrals'; there are ridge, l1, stlsq")


def test_two_families_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two families are called 'elm'"):
        dynamics.Trajectories.from_arrays(S, X, families=["elm", "elm"])


def test_a_table_and_a_fit_are_one_line():
    assert repr(dynamics.load_table("published")).startswith("ScoreTable(published: 60 models of ")
    fit = dynamics.fit_ode(dynamics.Trajectories.from_arrays(S, X), throw=False)
    assert repr(fit) == "ODEFit(successful: 6 terms of 6, 2 families)"


@pytest.mark.slow(reason="compiles a fit and two solves")
def test_a_result_is_shown_as_its_name():
    fit = dynamics.fit_ode(dynamics.Trajectories.from_arrays(S, X), throw=False)
    assert (str(fit.result), repr(fit.result)) == ("successful", "successful")
    assert repr(dynamics.RESULTS.underdetermined) == "underdetermined"
    # Of a compiled solve, and chosen by `where`.
    solution = dynamics.integrate(fit.ode, [0.9, 0.4], log10_n=[9.0, 20.0], throw=False)
    assert repr(solution.result) == dynamics.ode.result_name(solution.result) == "left_unit_box"
    many = jax.vmap(lambda x: dynamics.integrate(fit.ode, x, log10_n=[9.0, 9.5], throw=False))
    assert repr(many(jnp.full((2, 2), 0.4)).result) == "RESULTS([0 0])"


def test_a_fit_that_is_traced_can_be_shown():
    fit = dynamics.fit_ode(dynamics.Trajectories.from_arrays(S, X), throw=False)
    shown = []
    eqx.filter_jit(lambda traced: shown.append(repr(traced)))(fit)
    assert shown[0].startswith("ODEFit(")
