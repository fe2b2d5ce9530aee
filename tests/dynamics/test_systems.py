"""Any system from its trajectories: planted equations come back, whatever the units; what is not
in the library is not praised."""

import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from planted_systems import forced_oscillator, lotka_volterra, measured, pendulum
from scipy.integrate import quad

from nullcline import dynamics
from nullcline.dynamics._systems.simulate import simulate

TRUTH = {
    ("prey", "prey"): 1.1,
    ("prey", "prey*predator"): -0.4,
    ("predator", "predator"): -0.4,
    ("predator", "prey*predator"): 0.1,
}
NAMES = ("prey", "predator")


def uneven(count=90, end=20.0, seed=0):
    return np.sort(np.random.default_rng(seed).uniform(0, end, count))


@pytest.fixture(scope="module")
def noisy():
    """Two trajectories at uneven times, 3 % noise, a tenth of the cells missing."""
    times = [uneven(seed=1), uneven(seed=2)]
    states = [
        measured(lotka_volterra, x0, t, noise=0.03, seed=i)
        for i, (x0, t) in enumerate(zip(([10, 5], [4, 2]), times, strict=True))
    ]
    rng = np.random.default_rng(5)
    for x in states:
        x[rng.random(x.shape) < 0.1] = np.nan
    return times, states


@pytest.fixture(scope="module")
def plain(noisy):
    series = dynamics.TimeSeries.from_arrays(*noisy, names=NAMES)
    return dynamics.fit_system(series, degree=2, members=50)


def coefficients(fit):
    return {(one.state, term): v for one in fit.system for term, v in one.terms.items()}


def test_planted_equations_come_back_from_uneven_noisy_rows_with_gaps(plain):
    assert plain.result == "successful"
    found = coefficients(plain)
    assert found.keys() == TRUTH.keys()
    for key, value in TRUTH.items():
        i, j = NAMES.index(key[0]), plain.term_names.index(key[1])
        # Standard errors are of least squares with 3 % noise; four of them hold 99.99 %.
        assert abs(found[key] - value) < 4 * plain.standard_error[i, j], key
        assert plain.standard_error[i, j] < 0.03 * abs(value)
    assert plain.held_out is not None
    assert plain.held_out.least > 0.95
    assert np.all((plain.left_over > 0.5) & (plain.left_over < 1.6))
    assert (plain.inclusion[plain.coefficients != 0] > 0.9).all()


def same(fit, other, factor, rel):
    assert fit.result == other.result == "successful"
    ours, theirs = coefficients(fit), coefficients(other)
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert theirs[key] == pytest.approx(value * factor(*key), rel=rel), key


def test_unix_seconds_give_the_same_equations_per_second(noisy, plain):
    times, states = noisy
    seconds = [1.7e9 + 86_400 * t for t in times]
    series = dynamics.TimeSeries.from_arrays(seconds, states, names=NAMES)
    other = dynamics.fit_system(series, degree=2, members=0)
    # 64-bit seconds since 1970 are exact to 2e-7 s, 3e-12 of a day here.
    same(plain, other, lambda *_: 1 / 86_400, rel=1e-6)


def test_other_units_of_the_states_give_the_transformed_equations(noisy, plain):
    times, states = noisy
    unit = {"prey": 1000.0, "predator": 0.01}
    scaled = [x * [unit["prey"], unit["predator"]] for x in states]
    series = dynamics.TimeSeries.from_arrays(times, scaled, names=NAMES)
    other = dynamics.fit_system(series, degree=2, members=0)

    def factor(state, term):
        return unit[state] / np.prod([unit[name] for name in term.split("*")])

    same(plain, other, factor, rel=1e-6)


def test_the_order_of_rows_and_of_trajectories_does_not_matter(noisy, plain):
    times, states = noisy
    order = np.random.default_rng(0).permutation(len(times[0]))
    series = dynamics.TimeSeries.from_arrays(
        [times[1], times[0][order]], [states[1], states[0][order]], names=NAMES
    )
    same(plain, dynamics.fit_system(series, degree=2, members=0), lambda *_: 1, rel=1e-6)


def test_a_weight_of_two_is_a_row_that_counts_twice(noisy, plain):
    times, states = noisy
    double = [np.full(len(t), 2.0) for t in times]
    series = dynamics.TimeSeries.from_arrays(times, states, weights=double, names=NAMES)
    other = dynamics.fit_system(series, degree=2, members=0)
    same(plain, other, lambda *_: 1, rel=1e-3)  # the criterion sees other squares, not the minimum
    heavy = [w.copy() for w in double]
    heavy[0][:] = 0
    alone = dynamics.TimeSeries.from_arrays(times[1:], states[1:], names=NAMES)
    with pytest.raises(ValueError, match="trajectory 0 has 0 points"):
        dynamics.TimeSeries.from_arrays(times, states, weights=heavy, names=NAMES)
    assert alone.points < series.points


@pytest.mark.slow(reason="searches an equation among terms with functions")
def test_sine_is_found_where_polynomials_do_not_hold():
    t = np.linspace(0, 12, 200)
    series = dynamics.TimeSeries.from_arrays([t], [measured(pendulum, [2.9, 0], t)])
    square = dynamics.fit_system(series, degree=2, members=0)
    assert square.result == "no_structure_found"
    assert square.reason
    found = dynamics.fit_system(series, members=0)
    assert found.result == "successful"
    assert coefficients(found) == pytest.approx(
        {("x0", "x1"): 1, ("x1", "x1"): -0.05, ("x1", "sin(x0)"): -2}, rel=1e-3
    )


@pytest.mark.slow(reason="searches equations of long series")
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_clock_in_the_equation_is_no_structure(noise):
    t = np.linspace(0, 20, 100)
    x = measured(forced_oscillator, [0.5, 0.1], t, noise=noise)
    fit = dynamics.fit_system(dynamics.TimeSeries.from_arrays([t], [x]), degree=1, members=0)
    assert fit.result == "no_structure_found"
    with pytest.raises(dynamics.DynamicsError, match="No terms of the library") as error:
        dynamics.fit_ode(
            dynamics.TimeSeries.from_arrays([t], [x]), dynamics.PolynomialLibrary(1), members=0
        )
    assert error.value.result == dynamics.RESULTS.no_structure_found


def test_walks_and_white_noise_have_no_structure():
    rng = np.random.default_rng(0)
    t = np.arange(150.0)
    for x in (np.cumsum(rng.standard_normal((150, 2)), axis=0), rng.standard_normal((150, 2))):
        series = dynamics.TimeSeries.from_arrays([t], [x])
        assert dynamics.fit_system(series, degree=2, members=0).result == "no_structure_found"


def test_few_points_are_underdetermined_and_a_constant_state_is_named():
    t = np.linspace(0, 4, 5)
    x = measured(lotka_volterra, [10, 5], t)
    few = dynamics.fit_system(dynamics.TimeSeries.from_arrays([t], [x]), members=0)
    assert few.result == "underdetermined"
    t = np.linspace(0, 4, 40)
    flat = np.column_stack([np.exp(-t), np.full(40, 3.0)])
    fit = dynamics.fit_system(dynamics.TimeSeries.from_arrays([t], [flat]), members=0)
    assert fit.result == "constant_state"


def test_a_system_goes_on_as_text_latex_sympy_and_through_jax(plain):
    text = plain.equations()[0]
    assert text.startswith("d prey/dt = 1.1")
    assert "prey*predator" in text
    left, right = plain.sympy()[0].args
    assert isinstance(left, sympy.Derivative)
    t = sympy.Symbol("t", real=True)
    at = {sympy.Function("prey")(t): 2.0, sympy.Function("predator")(t): 3.0}
    velocity = plain.ode.velocity(jnp.array([2.0, 3.0]))
    assert float(right.subs(at)) == pytest.approx(float(velocity[0]), rel=1e-5)
    assert plain.latex()[0].startswith(r"\frac{d prey}{d t} =")
    grid = np.linspace(0, 5, 11)
    ours = plain.simulate([10, 5], grid)
    theirs = dynamics.integrate(plain.ode, [10.0, 5.0], log10_n=grid)
    np.testing.assert_allclose(ours, theirs.x, rtol=1e-4)


@pytest.mark.parametrize("times", [np.linspace(0, 10, 512), np.linspace(0, -10, 512)])
def test_a_solution_that_escapes_is_missing_from_there_on(times):
    """SciPy's search for the time at which this one escapes finds no sign change and raises."""
    sign = np.sign(times[-1])
    terms = dynamics.monomials(1, 3)
    weights = np.array([[1.2997492523514413, 0.0, -1.0282524395894383, 0.2910761823347362]])
    assert [term.powers for term in terms] == [(0,), (1,), (2,), (3,)]
    found = simulate(terms, sign * weights, [3.1], times)[:, 0]
    last = np.flatnonzero(np.isfinite(found))[-1]
    assert np.isnan(found[last + 1 :]).all()

    def rate(x):
        return weights[0] @ x ** np.arange(4)

    # Separated: the time to reach x from 3.1 is the integral of 1 / rate; infinity has a time too.
    # The rate at 3.1 is .1, so an error of 1e-7 in x is one of 1e-6 in time, and grows from there.
    for x, at in zip(found[1 : last + 1 : 20], np.abs(times)[1 : last + 1 : 20], strict=True):
        assert quad(lambda y: 1 / rate(y), 3.1, x)[0] == pytest.approx(at, abs=1e-4)
    pole = quad(lambda y: 1 / rate(y), 3.1, np.inf)[0]
    assert abs(times[last]) < pole < abs(times[last + 2])


def test_bounds_are_kept_and_bind():
    t = uneven(seed=3)
    x = measured(lotka_volterra, [10, 5], t, noise=0.02)
    series = dynamics.TimeSeries.from_arrays([t], [x], names=NAMES)
    bounds = dict(
        map(dynamics.parse_bound, ["prey: prey*predator <= -0.38", "prey: 1.1 <= prey <= 1.1"])
    )
    fit = dynamics.fit_system(series, degree=2, bounds=bounds, members=0)
    found = coefficients(fit)
    assert found["prey", "prey"] == pytest.approx(1.1, rel=1e-9)
    assert found["prey", "prey*predator"] <= -0.38
    wrong = {("prey", "predator*prey"): (0.0, None)}  # factors in another order
    fit = dynamics.fit_system(series, degree=2, bounds=wrong, members=0)
    assert coefficients(fit).get(("prey", "prey*predator"), 0.0) >= 0
    assert fit.result == "no_structure_found"


@pytest.mark.parametrize(
    ("text", "key", "span"),
    [
        ("a: a*b <= 0", ("a", "a*b"), (None, 0.0)),
        ("a: a * b >= 0.5", ("a", "a*b"), (0.5, None)),
        ("a: 0.5 <= a^2 <= 2e1", ("a", "a^2"), (0.5, 20.0)),
        ("a: 1 <= 0", ("a", "1"), (None, 0.0)),
    ],
)
def test_a_bound_is_read_as_it_is_written(text, key, span):
    assert dynamics.parse_bound(text) == (key, span)


@pytest.mark.parametrize("text", ["a*b <= 0", "a: b", "a: <= 0", ""])
def test_what_is_no_bound_is_refused(text):
    with pytest.raises(ValueError, match="not understood"):
        dynamics.parse_bound(text)


def test_penalties_take_series_too(noisy):
    series = dynamics.TimeSeries.from_arrays(*noisy, names=NAMES)
    fit = dynamics.fit_ode(series, penalty=dynamics.STLSQ(0.3), members=20, throw=False)
    found = coefficients(fit)
    assert found.keys() == TRUTH.keys()
    for key, value in TRUTH.items():
        assert found[key] == pytest.approx(value, rel=0.05)
    assert fit.result == "successful"
    assert fit.settings["penalty"] == "STLSQ"
    assert (fit.inclusion[fit.coefficients != 0] > 0.9).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"degree": 0}, "at least 1"),
        ({"members": -1}, "members is -1"),
        ({"degree": 2, "bounds": {("fox", "1"): (0, None)}}, "no such state"),
        ({"degree": 2, "bounds": {("prey", "fox"): (0, None)}}, "no such term"),
        ({"degree": 2, "bounds": {("prey", "1"): (2, 1)}}, "2 is above 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(noisy, change, words):
    series = dynamics.TimeSeries.from_arrays(*noisy, names=NAMES)
    with pytest.raises(ValueError, match=words):
        dynamics.fit_system(series, **change)


@pytest.mark.parametrize(
    ("times", "states", "words"),
    [
        ([[0, 1, 2]], [np.zeros((3, 1))], "has 3 points"),
        ([[0, 1, 1, 2]], [np.zeros((4, 1))], "time 1 occurs twice"),
        ([[0, 1, np.nan, 2]], [np.zeros((4, 1))], "not finite"),
        ([[0, 1, 2, 3]], [np.zeros((3, 1))], "expected"),
        ([[0, 1, 2, 3]], [np.full((4, 1), np.inf)], "infinite"),
        ([np.float32(20_000) + np.arange(8, dtype=np.float32) / 100], [np.ones((8, 1))], "32-bit"),
    ],
)
def test_bad_series_are_refused(times, states, words):
    with pytest.raises(ValueError, match=words):
        dynamics.TimeSeries.from_arrays(times, states)
