"""The interval of a shared turn holds it, and is without an end where there is none."""

import numpy as np
import pytest

from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._phases.natural_spline import natural_basis, natural_slopes
from nullcline.dynamics._phases.spline import spline_place
from nullcline.dynamics._phases.turn_interval import turn_interval

ERROR = 0.02
PLACE = 0.6
FAMILIES = 20


def families(curve, seed, count=FAMILIES):
    """`count` families of five models on `curve`, from low to high ones."""
    generator = np.random.default_rng(seed)
    x = np.concatenate([np.linspace(low, low + 0.25, 5) for low in np.linspace(0.3, 0.65, count)])
    family = np.repeat(np.arange(count), 5)
    y = curve(x) + 0.04 * generator.standard_normal(count)[family]
    return within_families(x, y + ERROR * generator.standard_normal(x.size), family)


def sharp(x):
    """Six times as curved above the place as below it."""
    return np.where(x < PLACE, 0.5, 3.0) * (x - PLACE) ** 2


def smooth(x):
    """Curvature grows e-fold per .2 of the scale."""
    d = (x - PLACE) / 0.2
    return 0.1 * (np.exp(d) - d - 1)


@pytest.mark.parametrize("curve", [sharp, smooth])
def test_the_interval_holds_a_sharp_and_a_smooth_turn(curve):
    ends = [turn_interval(families(curve, s), noise=ERROR**2, level=0.95) for s in range(40)]
    held = sum(low <= PLACE <= high for low, high in ends)
    # At 95 % thirty-four or fewer of forty happen in 1.4 % of runs.
    assert held >= 35
    # Half of the data's range would be no answer.
    assert np.median([high - low for low, high in ends]) < 0.2


def test_a_lower_level_gives_an_interval_inside():
    data = families(sharp, 1)
    wide, narrow = (turn_interval(data, noise=ERROR**2, level=level) for level in (0.95, 0.8))
    assert wide[0] <= narrow[0] < narrow[1] <= wide[1]
    assert wide != narrow


@pytest.mark.parametrize("slope", [-0.3, 0.3])
def test_a_straight_line_has_no_turn_inside_two_ends(slope):
    low, high = turn_interval(families(lambda x: slope * x, 2), noise=ERROR**2, level=0.95)
    assert not np.isfinite([low, high]).all()


def test_noise_that_is_known_widens_it():
    data = families(smooth, 3)
    agree, known = (turn_interval(data, noise=noise, level=0.95) for noise in (0.0, 0.06**2))
    assert known[0] < agree[0]
    assert known[1] > agree[1]


def test_three_families_give_no_ends():
    """Five terms leave them no degree of freedom to speak of."""
    low, high = turn_interval(families(sharp, 4, count=3), noise=ERROR**2, level=0.95)
    assert not np.isfinite([low, high]).any()


def test_the_place_that_is_drawn_is_held():
    data = families(sharp, 6)
    place = spline_place(data)
    assert place is not None
    low, high = turn_interval(data, noise=ERROR**2, place=place.place)
    assert low <= place.place <= high
    assert turn_interval(data, noise=ERROR**2, place=0.2)[0] == 0.2


def test_the_slopes_of_the_natural_basis_are_its_derivative():
    knots = np.array([0.0, 0.2, 0.5, 0.7, 1.0])
    x = np.linspace(-0.3, 1.3, 60)
    step = 1e-6
    by_difference = (natural_basis(x + step, knots) - natural_basis(x - step, knots)) / (2 * step)
    # Central differences of cubics err by step² beside the rounding of 1e-16 / step.
    assert natural_slopes(x, knots) == pytest.approx(by_difference, abs=1e-8)


def test_the_interval_does_not_depend_on_offsets_or_on_order():
    data = families(sharp, 5)
    shifted = data.y + np.linspace(-1, 1, FAMILIES)[data.index]
    order = np.random.default_rng(0).permutation(data.x.size)
    other = within_families(data.x[order], shifted[order], data.index[order])
    first = turn_interval(data, noise=ERROR**2, level=0.95)
    # Ends are candidates, which only rounding could change.
    assert turn_interval(other, noise=ERROR**2, level=0.95) == pytest.approx(first, abs=1e-12)


def test_the_ends_are_the_nearest_places_that_fall_and_rise_beyond_doubt():
    from nullcline.dynamics._phases.turn_interval import _accepted, _Slopes

    candidates = np.linspace(0.0, 0.8, 9)
    # Student's t of many degrees: 1.645 at .95. Units of the error, which differs.
    t = np.array([-3.0, -2.0, -1.7, -1.6, 0.1, 1.6, 1.7, 2.0, 1.0])
    error = np.linspace(0.5, 2.0, 9)
    at = _Slopes(t * error, error, np.full(9, 1e6), np.ones(9))
    assert _accepted(candidates, at, 0.95, 4) == (candidates[2], candidates[6])
    assert _accepted(candidates, at, 0.975, 4) == (candidates[1], candidates[7])
    assert _accepted(candidates, at, 0.9999, 4) == (-np.inf, np.inf)
    assert _accepted(candidates, at, 0.95, None) == (-np.inf, np.inf)
    assert _accepted(candidates, at, 0.95, 2) == (candidates[2], candidates[6])
    assert _accepted(candidates, at, 0.95, 6) == (candidates[2], candidates[6])
    few = _Slopes(t * error, error, np.full(9, 3.0), np.ones(9))  # 2.353 of three
    assert _accepted(candidates, few, 0.95, 4) == (candidates[0], np.inf)
