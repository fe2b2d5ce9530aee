"""The band of the pooled curve: as wide as families differ, and right as often as it says."""

import numpy as np
from scipy import stats

from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._phases.spline import spline_place
from nullcline.dynamics.phases import curve_band

FAMILIES, SIZES = 14, 6


def families(seed, *, spread=0.02, noise=0.015, count=FAMILIES):
    """Families with an offset each about one bent curve."""
    generator = np.random.default_rng(seed)
    starts = np.linspace(0.3, 0.55, count)
    x = np.concatenate([np.linspace(low, low + 0.3, SIZES) for low in starts])
    family = np.repeat(np.arange(count), SIZES)
    offset = spread * generator.standard_normal(count)
    offset -= offset.mean()
    y = planted(x) + offset[family] + noise * generator.standard_normal(x.size)
    return x, y, family.astype(str)


def planted(x):
    return 0.4 + 0.8 * (x - 0.55) ** 2


def fitted(x, y, family):
    found = spline_place(within_families(x, y, family))
    assert found is not None
    return found.curve


def test_it_holds_the_planted_curve_as_often_as_it_says():
    at = np.array([0.4, 0.55, 0.7])
    held = []
    for seed in range(200):
        x, y, family = families(seed)
        low, high = curve_band(fitted(x, y, family), x, y, family, at=at)
        held.append((low <= planted(at)) & (planted(at) <= high))
    # Offsets that sum to zero make the band wide; 200 draws at .95 have a standard error of .015.
    assert np.mean(held) >= 0.9


def test_it_is_as_wide_as_resampled_families_say():
    x, y, family = families(0, spread=0.05)
    at = np.linspace(0.38, 0.75, 5)
    low, high = curve_band(fitted(x, y, family), x, y, family, at=at)
    generator = np.random.default_rng(1)
    curves = []
    for _ in range(300):
        drawn = generator.integers(FAMILIES, size=FAMILIES)
        rows = [np.flatnonzero(family == str(f)) for f in drawn]
        names = np.repeat([f"{i}" for i in range(FAMILIES)], SIZES)
        rows = np.concatenate(rows)
        curves.append(fitted(x[rows], y[rows], names)(at))
    # The resamples move the knots too, and Student's factor is not in them: a third is allowed.
    width = 2 * 1.96 * np.std(curves, axis=0)
    assert np.all((high - low > 0.67 * width) & (high - low < 1.5 * width))


def test_levels_are_those_of_student_with_one_degree_less_than_families():
    x, y, family = families(2, count=4)
    at, widths = np.array([0.4, 0.55]), []
    for level in (0.8, 0.99):
        low, high = curve_band(fitted(x, y, family), x, y, family, at=at, level=level)
        widths.append(high - low)
    narrow, wide = stats.t.ppf([0.9, 0.995], 4 - 1)
    np.testing.assert_allclose(widths[1] / widths[0], wide / narrow, rtol=1e-6)


def test_it_follows_its_data():
    at = np.linspace(0.38, 0.75, 5)
    widths = []
    for noise in (0.005, 0.03):
        x, y, family = families(3, noise=noise)
        low, high = curve_band(fitted(x, y, family), x, y, family, at=at)
        widths.append(high - low)
    assert np.all(widths[1] > widths[0])


def test_one_family_has_no_band():
    x, y, family = families(0)
    curve = fitted(x, y, family)
    one = family == "3"
    low, high = curve_band(curve, x[one], y[one], family[one], at=np.array([0.5]))
    assert np.isnan([low, high]).all()
