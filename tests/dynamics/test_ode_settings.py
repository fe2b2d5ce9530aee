"""Settings of the ODEs: what is refused, in which words, and what the smallest ones do."""

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nullcline import dynamics

#: Without its types, which do not allow some of what is refused.
FIT: Any = dynamics.fit_ode
BOUNDS = {("a", "1"): (0.0, 1.0)}
BOX = dynamics.ode.UnitBox()
SERIES = dynamics.TimeSeries.from_arrays(
    [np.linspace(0, 2, 9)], [np.exp(-np.linspace(0, 2, 9))[:, None]], names=["a"]
)


class Sines(dynamics.ode.AbstractLibrary):
    """Terms that are no polynomials."""

    def __call__(self, z):
        return jnp.sin(z)

    def size(self, dims):
        return dims

    def names(self, variables):
        return tuple(f"sin {v}" for v in variables)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: dynamics.BestSubset(max_terms=0), "max_terms is 0; at least 1"),
        (lambda: dynamics.ode.UnitBox(rim=0.0), "rim is 0.0; it lies between 0 and 0.5"),
        (lambda: dynamics.ode.UnitBox(rim=0.5), "rim is 0.5; it lies between 0 and 0.5"),
        (lambda: dynamics.ode.LogOdds((0.2,), edge=0.0), "edge is 0.0; it lies between"),
        (lambda: dynamics.ode.LogOdds((0.2,), edge=0.5), "edge is 0.5; it lies between"),
        (lambda: dynamics.ode.LogOdds((1.0,)), "each value lies in 0 <= floor < 1"),
        (lambda: dynamics.ode.LogOdds((-0.1,)), "each value lies in 0 <= floor < 1"),
        (lambda: dynamics.ode.LogOdds((0.1, 0.2)).state(jnp.ones((3, 1)) / 2),
         "1 benchmarks but 2 floors"),
        (lambda: dynamics.TrajectorySelection(rounds=0), "rounds is 0; at least 1"),
        (lambda: FIT(SERIES, Sines()), "Sines: the search takes a PolynomialLibrary"),
        (lambda: FIT(SERIES, Sines(), penalty=dynamics.Ridge()),
         "Sines: series take polynomials"),
        (lambda: FIT(SERIES, coordinates=BOX), "go with Trajectories; fit"),
        (lambda: FIT(SERIES, penalty=dynamics.Ridge(), bounds=BOUNDS),
         "bounds go with the search; leave the penalty out"),
        (lambda: FIT(dynamics.load_table("uniform"), bounds=BOUNDS),
         "bounds go with a TimeSeries"),
        (lambda: dynamics.Trajectories.from_table(dynamics.load_table("uniform"), min_models=1),
         "min_models is 1; a trajectory has at least 2 sizes"),
        (lambda: dynamics.Trajectories.from_arrays([], []), "0 families of sizes, 0 of scores"),
        (lambda: dynamics.Trajectories.from_arrays([np.arange(3.0)], []), "1 families of sizes, 0"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(make, says):
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_the_smallest_and_largest_settings_are_taken():
    assert dynamics.BestSubset(max_terms=1).max_terms == 1
    assert dynamics.TrajectorySelection(rounds=1).rounds == 1
    assert dynamics.ode.LogOdds((0.0, 0.99), edge=0.49).floor == (0.0, 0.99)


def test_settings_of_coordinates_are_no_numbers_to_differentiate_by():
    for place in (BOX, dynamics.ode.UnitBox(rim=0.1), dynamics.ode.LogOdds((0.2, 0.1), edge=0.1)):
        assert jax.tree.leaves(place) == []
        # They can so be compared where a program is compiled: equal ones share it.
        assert jax.jit(lambda z, place=place: place.scores(z))(jnp.ones(2) / 2).shape == (2,)


def test_log_odds_are_those_over_the_floor_and_come_back():
    place = dynamics.ode.LogOdds((0.2, 0.0), edge=0.01)
    x = np.array([[0.4, 0.5], [0.9, 0.1]])
    floor = np.array([0.2, 0.0])
    state = np.asarray(place.state(jnp.asarray(x)))
    np.testing.assert_allclose(state, np.log((x - floor) / (1 - x)), rtol=1e-12)
    np.testing.assert_allclose(place.scores(jnp.asarray(state)), x, rtol=1e-12)
    np.testing.assert_allclose(place.rows(x), state, rtol=1e-12)
    # What lies at or below the floor, or at 1, is drawn in by a hundredth of the range.
    drawn = np.asarray(place.scores(place.state(jnp.array([[0.1, 1.0]]))))
    np.testing.assert_allclose(drawn, [[0.2 + 0.01 * 0.8, 0.99]], rtol=1e-12)
    # The velocity of a score is that of the state times the slope of the map.
    z, step = jnp.asarray(state[0]), 1e-6
    velocity = jnp.array([0.3, -0.7])
    moved = place.scores(z + step * velocity) - place.scores(z - step * velocity)
    np.testing.assert_allclose(place.score_velocity(z, velocity), moved / (2 * step), rtol=1e-6)


def test_a_wall_stops_what_points_out_and_nothing_else():
    box = dynamics.ode.UnitBox(rim=0.1)
    z = jnp.array([0.05, 0.05, 0.95, 0.975, 0.5, 0.0, 1.0, 0.2])
    velocity = jnp.array([1.0, -1.0, -2.0, 2.0, 3.0, -1.0, 1.0, -1.0])
    held = [1.0, -0.5, -2.0, 0.5, 3.0, 0.0, 0.0, -1.0]
    np.testing.assert_allclose(box.hold(z, velocity), held, atol=1e-12)
    np.testing.assert_allclose(box.scores(jnp.array([-0.1, 0.3, 1.2])), [0, 0.3, 1])
    np.testing.assert_array_equal(box.score_velocity(z, velocity), velocity)


def test_series_become_trajectories_in_their_own_units_and_say_what_was_missing():
    nan = np.nan
    series = dynamics.TimeSeries.from_arrays(
        [np.array([3.0, 4.0, 6.0, 7.0, 9.0]), np.array([2.0, 3.0, 4.0, 5.0])],
        [
            np.array([[nan, 5.0], [10.0, nan], [30.0, 7.0], [40.0, 8.0], [50.0, 9.0]]),
            np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]),
        ],
        names=["x", "y"],
        trajectories=["one", "two"],
    )
    found = dynamics.Trajectories.from_series(series)
    # At 3 the state x is not known; at 4, y lies on the line from (3, 5) to (6, 7).
    np.testing.assert_allclose(found.s[0], [0, 2, 3, 5])
    np.testing.assert_allclose(found.x[0], [[10, 17 / 3], [30, 7], [40, 8], [50, 9]])
    np.testing.assert_allclose(found.s[1], [0, 1, 2, 3])
    np.testing.assert_allclose(found.x[1], [[1, 2], [3, 4], [5, 6], [7, 8]])
    assert found.families == ("one", "two")
    assert found.benchmarks == ("x", "y")
    assert found.left_out == (("one at 3", "incomplete_states"),)
    assert found.interpolated == (("one at 4", "y"),)
    with pytest.raises(ValueError, match="no family chosen; name at least one"):
        found.take([])
    assert found.take([1, 0]).families == ("two", "one")
