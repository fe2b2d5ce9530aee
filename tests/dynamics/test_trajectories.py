"""Trajectories: what is taken from a table, what is refused, and the integral form."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from planted_ode import linear
from scipy.integrate import quad

from nullcline import dynamics


def test_padding_repeats_the_last_model():
    data = dynamics.Trajectories.from_arrays(
        [np.array([8.0, 9.0]), np.array([7.0, 8.0, 10.0])],
        [np.array([[0.1], [0.2]]), np.array([[0.3], [0.4], [0.5]])],
        benchmarks=["a"],
    )
    np.testing.assert_array_equal(data.s, [[8, 9, 9], [7, 8, 10]])
    np.testing.assert_array_equal(data.x[0, :, 0], [0.1, 0.2, 0.2])
    np.testing.assert_array_equal(data.mask, [[True, True, False], [True, True, True]])
    assert data.sizes == (2, 3)
    assert data.take([1]).families == ("family 1",)


def test_counts_and_rounded_times_are_refused_with_the_mend():
    x = np.array([[0.1], [0.2], [0.3]])
    with pytest.raises(ValueError, match=r"give np\.log10"):
        dynamics.Trajectories.from_arrays([np.array([7e7, 1e9, 12e9])], [x])
    days = 738_000 + np.array([0.0, 0.1, 0.2])
    with pytest.raises(ValueError, match=r"steps of 0\.0625; subtract"):
        dynamics.Trajectories.from_arrays([days.astype(np.float32)], [x])
    # In 64 bits a far origin is exact: days are 1e-10 apart there.
    found = dynamics.Trajectories.from_arrays([days], [x])
    np.testing.assert_allclose(np.diff(found.s[0]), 0.1, atol=2e-10)


@pytest.mark.parametrize(
    ("s", "x", "message"),
    [
        ([8.0], [[0.1]], "1 model"),
        ([8.0, 8.0], [[0.1], [0.2]], "rise strictly"),
        ([8.0, 9.0], [[0.1], [np.nan]], "not finite"),
        ([8.0, 9.0], [[0.1]], "expected"),
    ],
)
def test_bad_families_are_refused_by_name(s, x, message):
    good = np.array([7.0, 8.0]), np.array([[0.1], [0.2]])
    with pytest.raises(ValueError, match=message) as error:
        dynamics.Trajectories.from_arrays(
            [good[0], np.array(s)], [good[1], np.array(x)], families=["good", "bad"]
        )
    assert "bad" in str(error.value)


def small_table(tmp_path, rows):
    path = tmp_path / "scores.csv"
    path.write_text("family,model,params,hellaswag,truthfulqa_mc2\n" + "\n".join(rows) + "\n")
    return dynamics.read_scores(path)


def test_table_leaves_out_what_is_no_trajectory_and_says_so(tmp_path):
    table = small_table(
        tmp_path,
        [
            "A,a1,1e9,0.40,0.42",
            "A,a3,3e9,0.50,0.40",
            "A,a3b,3e9,0.60,0.38",
            "A,a9,9e9,0.70,",
            "B,b1,1e9,0.30,0.45",
        ],
    )
    data = dynamics.Trajectories.from_table(table)
    assert data.families == ("A",)
    assert data.models == (("a1", "a3 | a3b"),)
    np.testing.assert_allclose(data.x[0], [[0.40, 0.42], [0.55, 0.39]], rtol=1e-15)
    np.testing.assert_allclose(data.s[0], [9, np.log10(3e9)], rtol=1e-15)
    assert data.left_out == (("a9", "incomplete_scores"), ("B", "too_few_sizes"))
    with pytest.raises(ValueError, match="have one size"):
        dynamics.Trajectories.from_table(table, same_size="error")
    with pytest.raises(ValueError, match="no benchmark 'mmlu'"):
        dynamics.Trajectories.from_table(table, benchmarks=["mmlu"])
    with pytest.raises(ValueError, match="no family has 4 sizes"):
        dynamics.Trajectories.from_table(table, min_models=4)


def test_a_model_without_one_score_stays_for_the_others(tmp_path):
    rows = ["A,a1,1e9,0.40,0.42", "A,a10,1e10,0.60,", "A,a100,1e11,0.70,0.36", "A,a2,2e9,,0.41"]
    data = dynamics.Trajectories.from_table(small_table(tmp_path, rows))
    assert data.models == (("a1", "a2", "a10", "a100"),)
    assert set(data.interpolated) == {("a10", "truthfulqa_mc2"), ("a2", "hellaswag")}
    # Along log10 N: from 9 to 10 of 0.40 to 0.60, and from log10 2e9 to 11 of 0.41 to 0.36.
    step = np.log10(2)
    np.testing.assert_allclose(data.x[0, 1, 0], 0.4 + 0.2 * step, rtol=1e-12)
    np.testing.assert_allclose(data.x[0, 2, 1], 0.41 - 0.05 * (1 - step) / (2 - step), rtol=1e-12)
    np.testing.assert_allclose(data.x[0, 2, 0], 0.6, rtol=1e-15)
    assert data.left_out == ()
    # At the end of a family nothing lies on either side.
    ends = small_table(tmp_path, [*rows, "A,a0,1e8,0.30,"])
    assert dynamics.Trajectories.from_table(ends).left_out == (("a0", "incomplete_scores"),)


def test_shipped_table_has_the_trajectories_of_its_families():
    table = dynamics.load_table("uniform")
    names = ("hellaswag", "truthfulqa_mc2")
    data = dynamics.Trajectories.from_table(table, benchmarks=names, min_models=3)
    frame = table.frame
    sizes = frame.dropna(subset=list(names)).groupby("family")["params"].nunique()
    assert set(data.families) == set(sizes.index[sizes >= 3])
    pythia = frame[frame["family"] == "Pythia"].sort_values("params")
    np.testing.assert_allclose(
        data.x[data.index("pythia")][: len(pythia)], pythia[list(names)], rtol=1e-15
    )


def test_integrals_of_the_library_are_those_of_the_path():
    # Points on a parabola: the path is the parabola itself, so its integrals are known.
    s = np.array([8.0, 8.3, 9.1, 10.0])
    parabola = np.polynomial.Polynomial([0.2, 0.1, 0.05])
    x = parabola(s - 8)[:, None]
    data = dynamics.Trajectories.from_arrays([s], [x])
    form = dynamics.ode.integral_form(
        data, dynamics.PolynomialLibrary(3), dynamics.ode.Unbounded(), noise="increment"
    )
    for power in range(4):
        exact = [
            quad(lambda t, p=power: parabola(t - 8) ** p, a, b, epsabs=1e-14)[0]
            for a, b in itertools.pairwise(s)
        ]
        # Gauss-Legendre with 5 nodes is exact for the cube of a parabola; rounding is left.
        np.testing.assert_allclose(form.design[0, 1:, power], exact, rtol=1e-12)
    np.testing.assert_allclose(form.target[0, 1:, 0], np.diff(x[:, 0]), rtol=1e-12)


def test_centring_is_generalised_least_squares_of_increments():
    data, _ = linear(np.random.default_rng(0), noise=0.02)
    library, box = dynamics.PolynomialLibrary(1), dynamics.ode.Unbounded()
    steps = dynamics.ode.integral_form(data, library, box, noise="increment")
    gram, moment = 0, 0
    for f, size in enumerate(data.sizes):
        rows = slice(1, size)
        design, target = np.asarray(steps.design[f, rows]), np.asarray(steps.target[f, rows])
        # Increments of independent errors: variance 2, neighbours -1.
        n = size - 1
        inverse = np.linalg.inv(2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
        gram, moment = gram + design.T @ inverse @ design, moment + design.T @ inverse @ target
    centred = dynamics.ode.integral_form(data, library, box).normal_equations()
    np.testing.assert_allclose(centred.gram, gram, rtol=1e-9)
    np.testing.assert_allclose(centred.moment, moment, rtol=1e-9, atol=1e-12)
    assert float(centred.rows) == sum(data.sizes) - len(data.sizes)


def test_weights_count_families():
    data, _ = linear(np.random.default_rng(1))
    form = dynamics.ode.integral_form(data, dynamics.PolynomialLibrary(2), dynamics.ode.UnitBox())
    weights = jnp.array([2.0, 0.0, 1.0] + [0.0] * (len(data.families) - 3))
    twice = form.normal_equations(weights)
    parts = dynamics.ode.integral_form(
        data.take([0, 0, 2]), dynamics.PolynomialLibrary(2), dynamics.ode.UnitBox()
    ).normal_equations()
    for name in ("gram", "moment", "total", "rows"):
        np.testing.assert_allclose(getattr(twice, name), getattr(parts, name), rtol=1e-12)
