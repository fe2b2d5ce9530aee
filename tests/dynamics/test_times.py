"""Days, seconds since 1970 and raw counts as time: exact, or refused with the mend."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest
from planted_families import planted
from planted_ode import linear

from nullcline import dynamics
from nullcline.dynamics._forecast.forecast import fit_forecaster

YEAR = 365.25
#: What a unit of the planted system's time is called, its length, and where the clock starts.
CLOCKS = {
    "days": (YEAR, 45_000.0),
    "days of the common era": (YEAR, 738_000.0),
    "seconds since 1970": (86_400 * YEAR, 1.7e9),
    "nanoseconds since 1970": (86_400e9 * YEAR, 1.7e18),
}


def data():
    found, _ = linear(np.random.default_rng(0), families=6, points=(5, 6), noise=0.002)
    mask = np.asarray(found.mask)
    rows = [np.asarray(s)[m] - 8 for s, m in zip(found.s, mask, strict=True)]
    return rows, [np.asarray(x)[m] for x, m in zip(found.x, mask, strict=True)]


def along(times, states, unit=1.0, origin=0.0):
    return dynamics.Trajectories.from_arrays([origin + unit * t for t in times], states)


@functools.cache
def fit_in_years(method):
    """What every other clock is compared with; made once for all of them."""
    return dynamics.fit_ode(along(*data()), method=method, throw=False)


@functools.cache
def series_in_years():
    return dynamics.fit_ode(dynamics.TimeSeries.from_arrays(*data()), members=0, throw=False)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("method", ["integral", "trajectory"])
def test_a_fit_does_not_depend_on_the_clock(clock, method):
    times, states = data()
    unit, origin = CLOCKS[clock]
    plain = fit_in_years(method)
    other = dynamics.fit_ode(along(times, states, unit, origin), method=method, throw=False)
    assert other.result == plain.result
    # 64 bits hold 1.7e18 ns to 256 ns, a part of 1e-14 of a year; matching stops at 1e-4.
    tolerance = 1e-10 if method == "integral" else 1e-6
    np.testing.assert_allclose(
        unit * np.asarray(other.coefficients), plain.coefficients, atol=tolerance
    )


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_solution_does_not_depend_on_the_clock(clock):
    times, states = data()
    unit, origin = CLOCKS[clock]
    plain = dynamics.fit_ode(along(times, states), throw=False)
    other = dynamics.fit_ode(along(times, states, unit, origin), throw=False)
    grid = np.linspace(0.1, 2, 8)
    start = [0.3, 0.6]
    expected = dynamics.integrate(plain.ode, start, log10_n=grid, start=0.0).x
    moved = origin + unit * grid
    found = dynamics.integrate(other.ode, start, log10_n=moved, start=origin)
    # The solver's tolerance is 1e-6, and its first step another in other units.
    np.testing.assert_allclose(found.x, expected, atol=3e-6)
    np.testing.assert_array_equal(found.log10_n, moved)
    predicted = dynamics.predict(other, start, log10_n=moved, start=origin)
    np.testing.assert_allclose(predicted.scores, expected, atol=3e-6)


@pytest.mark.slow(reason="searches an equation anew for each clock")
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_series_does_not_depend_on_the_clock(clock):
    times, states = data()
    unit, origin = CLOCKS[clock]
    plain = series_in_years()
    series = dynamics.TimeSeries.from_arrays([origin + unit * t for t in times], states)
    other = dynamics.fit_ode(series, members=0, throw=False)
    assert other.result == plain.result
    scaled = unit * np.asarray(other.coefficients)
    np.testing.assert_allclose(scaled, plain.coefficients, atol=1e-6)


def test_a_grid_of_days_that_32_bits_have_rounded_is_refused():
    fit = dynamics.fit_ode(along(*data()), throw=False)
    grid = 738_000 + 0.1 * np.arange(1, 9)
    narrow = jnp.asarray(grid, jnp.float32)
    assert np.unique(np.diff(np.asarray(narrow))).max() == 0.125  # what 32 bits make of .1
    message = "log10_n: 32-bit times near 738000.*steps of 0.0625; subtract the first time"
    with pytest.raises(ValueError, match=message):
        dynamics.integrate(fit.ode, [0.3, 0.6], log10_n=narrow)
    with pytest.raises(ValueError, match=message):
        dynamics.predict(fit, [0.3, 0.6], log10_n=narrow, start=738_000.0)
    # log10 N in 32 bits is as good as any.
    found = dynamics.integrate(fit.ode, [0.3, 0.6], log10_n=jnp.linspace(8, 12, 401))
    assert found.x.shape == (401, 2)


def test_counts_are_refused_where_their_log10_is_meant():
    fit = dynamics.fit_ode(along(*data(), origin=8.0), throw=False)
    mend = "sizes go from .* which are counts; give np.log10 of them"
    with pytest.raises(ValueError, match=mend):
        dynamics.predict(fit, [0.3, 0.6], log10_n=[2e9, 7e9], start=9.0)
    with pytest.raises(ValueError, match=mend):
        dynamics.predict(fit, [0.3, 0.6], log10_n=[2e9, 7e9], start=1e9)
    with pytest.raises(ValueError, match=mend):
        dynamics.integrate(fit.ode, [0.3, 0.6], log10_n=[1e8, 7e9])
    forecaster = fit_forecaster(planted(6))
    with pytest.raises(ValueError, match=mend):
        dynamics.predict(forecaster, [0.4, 0.4, 0.6], log10_n=[7e10], start=9.0)
