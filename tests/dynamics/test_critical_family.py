import numpy as np
import pytest

from nullcline.dynamics import critical_points_by_family, u_test


def test_lind_mehlum_and_fieller_by_hand():
    """Five points at -2..2, where the columns are orthogonal and everything can be done by hand.

    b1 = -3/10, b2 = 13/14, residual sum of squares 8/35 on 2 degrees of freedom, so s² = 4/35.
    Slopes at the ends: -.3 ∓ 4 · 13/14 with variance s² (1/10 + 16/14), so t = -10.6513 and 9.0593.
    With 2 degrees of freedom P(T > t) = (1 - t / sqrt(t² + 2)) / 2 = .0059832 for the smaller.
    Fieller: 2.844480 θ² - 1.114286 θ - .121575 <= 0 at t = 4.302653.
    """
    found = u_test(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.array([5.0, 2.0, 1.0, 1.0, 4.0]))
    assert found.status == "bracketed"
    # Six figures were carried by hand.
    assert found.vertex == pytest.approx(0.3 / (13 / 7), abs=1e-12)
    assert found.p_value == pytest.approx(0.0059832, abs=2e-7)
    assert (found.low, found.high) == pytest.approx((-0.088921, 0.480657), abs=2e-6)
    assert found.curvature == pytest.approx(13 / 14, abs=1e-12)
    assert found.degrees_of_freedom == 2


def test_the_interval_does_not_depend_on_the_unit_of_the_axis():
    x, y = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.array([5.0, 2.0, 1.0, 1.0, 4.0])
    found, moved = u_test(x, y), u_test(3 * x + 20, y / 7)
    for name in ("vertex", "low", "high"):
        # Only rounding may differ.
        assert getattr(moved, name) == pytest.approx(3 * getattr(found, name) + 20, rel=1e-10)
    assert moved.p_value == pytest.approx(found.p_value, rel=1e-8)


SIZES = np.linspace(8, 11, 8)
JITTER = 0.002 * np.array([1, -1, -1, 1, 1, -1, -1, 1.0])


@pytest.mark.parametrize(
    ("scores", "status"),
    [
        (0.35 + 0.04 * (SIZES - 9.5) ** 2, "bracketed"),
        (0.35 + 0.05 * (SIZES - 9.5), "monotone"),
        (0.55 - 0.05 * (SIZES - 7.5), "monotone"),
        (0.35 + 0.04 * (SIZES - 11) ** 2, "not_bracketed"),
        (0.45 - 0.04 * (SIZES - 9.5) ** 2, "not_bracketed"),
    ],
)
def test_status_of_planted_shapes(scores, status):
    assert u_test(SIZES, scores + JITTER).status == status


def test_a_decline_that_flattens_bounds_the_vertex_on_one_side_only():
    sizes = np.linspace(8, 10, 6)
    noise = 0.004 * np.array([1, -1, 1, -1, 1, -1.0])
    found = u_test(sizes, 0.35 + 0.01 * (sizes - 11) ** 2 + noise)
    assert found.status in ("not_bracketed", "monotone")
    assert found.high == np.inf
    # The planted vertex is 11; the last size, 10, lies before it.
    assert 9 < found.low < 11


def test_too_few_models_are_underdetermined():
    found = u_test(np.array([8.0, 9.0, 10.0]), np.array([0.4, 0.3, 0.4]))
    assert found.status == "underdetermined"
    assert np.isnan(found.vertex)
    assert (found.low, found.high) == (-np.inf, np.inf)
    twice = u_test(np.array([8.0, 9.0, 9.0, 10.0]), np.array([0.4, 0.3, 0.3, 0.4]))
    assert twice.status == "underdetermined"


def test_an_exact_fit_is_judged_only_with_known_noise():
    x = np.array([8.0, 9.0, 10.0, 11.0])
    y = 0.3 + 0.05 * (x - 9.4) ** 2
    assert u_test(x, y).status == "underdetermined"
    found = u_test(x, y, y_stderr=np.full(4, 0.005))
    assert found.status == "bracketed"
    assert found.vertex == pytest.approx(9.4, abs=1e-9)
    assert found.degrees_of_freedom == 9


def test_known_noise_is_a_floor_and_adds_degrees_of_freedom():
    # Alternating signs: four equal steps with signs + - - + would be fitted by a parabola exactly.
    scores = 0.35 + 0.04 * (SIZES[:4] - 8.6) ** 2 + 0.002 * np.array([1, -1, 1, -1.0])
    alone = u_test(SIZES[:4], scores)
    helped = u_test(SIZES[:4], scores, y_stderr=np.full(4, 0.002))
    larger = u_test(SIZES[:4], scores, y_stderr=np.full(4, 0.02))
    # One residual degree of freedom has a t quantile of 12.7; nine have 2.3.
    assert helped.p_value < alone.p_value
    assert larger.p_value > helped.p_value


def test_coverage_of_fieller_on_one_family():
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(1000):
        y = 0.35 + 0.04 * (SIZES - 9.5) ** 2 + 0.01 * generator.standard_normal(8)
        found = u_test(SIZES, y)
        hits += found.low <= 9.5 <= found.high
    # Fieller's set is exact; four standard errors of 1,000 draws are .028.
    assert hits / 1000 == pytest.approx(0.95, abs=0.028)


def test_false_alarm_of_the_u_test_is_at_most_nominal():
    generator = np.random.default_rng(6)
    rejected = [
        u_test(SIZES, 0.5 + 0.01 * generator.standard_normal(8)).status == "bracketed"
        for _ in range(1000)
    ]
    # A flat line is inside the null; four standard errors above 5 %.
    assert np.mean(rejected) < 0.05 + 0.028


def test_families_come_in_order_of_first_appearance():
    x, family = np.tile(SIZES, 2), np.repeat(["late", "early"], 8)
    y = 0.4 + 0.03 * (x - 9.5) ** 2 + np.tile(JITTER, 2)
    found = critical_points_by_family(x, y, family)
    assert [f.family for f in found] == ["late", "early"]
    assert found[0].vertex == u_test(SIZES, y[:8]).vertex


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"level": 1.0}, "level"), ({"y_stderr": np.zeros(8)}, "not positive")],
)
def test_misuse_says_the_mend(settings, message):
    with pytest.raises(ValueError, match=message):
        u_test(SIZES, 0.4 + JITTER, **settings)
