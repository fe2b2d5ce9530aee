"""Width at equal size: planted effects, the shipped shapes, and what cannot be told."""

import numpy as np
import pandas as pd
import pytest

from nullcline import dynamics
from nullcline.dynamics.controls import shape_effects

SHAPES = [(256, 20), (256, 80), (512, 11), (512, 16), (768, 3), (768, 45), (1024, 28), (1536, 50),
          (1792, 7), (2048, 27), (2560, 8), (3072, 12)]  # fmt: skip


def planted(width=0.0, size=0.1, *, noise=0.002, seed=0, checkpoints=1):
    """Scores that a decade of width at equal size moves by `width`, one of size by `size`."""
    rng = np.random.default_rng(seed)
    w, d = (np.log10(np.array(v, float)) for v in zip(*SHAPES, strict=True))
    log_n = d + 2 * w
    # With log N = d + 2 w and the shape's own part w - log N / 3, which a decade of width at equal
    # size moves by one decade and a decade of size at one shape by none.
    score = 0.2 + size * (log_n - 6) + width * (w - log_n / 3)
    rows = [
        {"model": f"{a}x{b}", "d_model": a, "layers": b, "tokens": 1e9 * (t + 1),
         "score": s + rng.normal(0, noise)}
        for (a, b), s in zip(SHAPES, score, strict=True)
        for t in range(checkpoints)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("width", "size"), [(0.0, 0.1), (0.08, 0.1), (-0.05, 0.02)])
def test_planted_effects_are_found(width, size):
    (found,) = shape_effects(planted(width, size), ("score",))
    assert found.by_width == pytest.approx(width, abs=0.01)
    assert found.by_size == pytest.approx(size, abs=0.005)
    assert found.low < width < found.high
    assert (found.p < 0.05) == (width != 0)
    assert found.within(0.5) == (width == 0)


def test_an_interval_of_ninety_five_per_cent_holds_so_often():
    found = [shape_effects(planted(0.03, seed=s), ("score",))[0] for s in range(200)]
    held = sum(one.low < 0.03 < one.high for one in found)
    assert held >= 178  # of 200; fewer come about by chance once in a thousand


def test_the_last_checkpoints_count_and_no_others():
    frame = planted(0.05, checkpoints=8)
    frame.loc[frame["tokens"] <= 3e9, "score"] = 0.9
    (late,) = shape_effects(frame, ("score",), last=5)
    (all_of_them,) = shape_effects(frame, ("score",), last=8)
    assert late.by_width == pytest.approx(0.05, abs=0.01)
    assert abs(all_of_them.by_width - 0.05) > abs(late.by_width - 0.05)


def test_width_and_depth_that_go_together_are_refused():
    frame = pd.DataFrame(
        {"model": list("abcdef"), "d_model": [2**k for k in range(6, 12)], "tokens": 1.0,
         "layers": [2**k for k in range(1, 7)], "score": np.linspace(0.2, 0.5, 6)}
    )  # fmt: skip
    with pytest.raises(ValueError, match="do not go together"):
        shape_effects(frame, ("score",))


def test_in_the_shipped_shapes_size_moves_hellaswag_and_width_does_not_by_half_as_much():
    frame = dynamics.load_figures("shapes")
    (found,) = shape_effects(frame, ("hellaswag",))
    assert found.shapes == 22
    assert found.vif < 2
    assert found.by_size_low > 0.1
    assert found.within(0.5)
    assert found.p > 0.05
