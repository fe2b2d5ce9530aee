import numpy as np
import pytest

from nullcline.dynamics import load_table
from nullcline.dynamics._phases.critical_published import _vertex
from nullcline.dynamics.phases import critical_point_published


def _fourteen():
    frame = load_table("published").frame
    wanted = frame["family"].isin(["Llama-1", "Llama-2"]) | frame["model"].str.startswith("Pythia-")
    chosen = frame[wanted]
    assert len(chosen) == 14
    # The published column, whatever its variant: that is what the procedure was applied to.
    return np.log10(chosen["params"].to_numpy(float)), chosen["truthfulqa_unknown"].to_numpy(float)


def test_published_critical_scale_is_of_the_published_order():
    x, y = _fourteen()
    found = critical_point_published(x, y)
    assert (found.status, found.models) == ("ok", 14)
    # Published: 3.5e9 [2.9e9, 13.4e9]. The table gives 4.2e9 [3.1e9, 1e11]: the vertex and the
    # lower end within a quarter, the upper end not.
    assert 10**found.vertex == pytest.approx(3.5e9, rel=0.25)
    assert 10**found.low == pytest.approx(2.9e9, rel=0.25)
    assert 10**found.high > 13.4e9
    assert 0 < found.no_minimum_share < 0.1


def test_vertex_of_weights_equals_polyfit_of_copies():
    x, y = _fourteen()
    centre, scale = x.mean(), np.ptp(x) / 2
    u = (x - centre) / scale
    design = np.stack([u**p for p in range(5)], axis=1)
    moments = np.hstack([design, design[:, :3] * (y - y.mean())[:, None]])
    limits = (np.array([7.0, 12.0]) - centre) / scale
    generator = np.random.default_rng(0)
    compared = 0
    for _ in range(200):
        drawn = generator.integers(0, x.size, x.size)
        if np.unique(x[drawn]).size < 5:
            continue
        counts = np.bincount(drawn, minlength=x.size).astype(float)
        (vertex,), (minimum,), _ = _vertex(counts[None], moments, limits)
        bend, slope, _ = np.polyfit(u[drawn], y[drawn], 2)
        place = -slope / (2 * bend)
        assert bool(minimum) == (bend > 0 and limits[0] < place < limits[1])
        if minimum:
            # Two orders of summation in 64 bits, condition below 1e5.
            assert float(vertex) == pytest.approx(place, abs=1e-9)
            compared += 1
    assert compared > 150


def test_planted_vertex_without_noise():
    x = np.linspace(8, 11, 12)
    found = critical_point_published(x, 0.4 + 0.03 * (x - 9.3) ** 2, n_boot=500)
    # Exact data: every resample that can be fitted has the planted vertex, up to rounding.
    assert (found.vertex, found.low, found.high) == pytest.approx((9.3, 9.3, 9.3), abs=1e-6)
    assert found.within_r2 == pytest.approx(1, abs=1e-12)


def test_no_minimum_and_too_few_models_are_values():
    x = np.linspace(8, 11, 12)
    peak = critical_point_published(x, 0.4 - 0.03 * (x - 9.3) ** 2, n_boot=100)
    assert (peak.status, peak.no_minimum_share) == ("no_minimum", 1.0)
    few = critical_point_published(x[:3], x[:3] / 20, n_boot=100)
    assert few.status == "underdetermined"
    assert (few.low, few.high) == (-np.inf, np.inf)
