"""Simulated tables on the real sizes of `uniform`, with and without a turn that families share.

Reasoning scores are logistic curves in log N fitted to the real families, drawn again with binomial
error; truth scores are a family offset, the design's curve, scatter between models and binomial
error of 817 questions. `NULLS` have no shared turn, `TURNS` have one with mean place .65.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nullcline import dynamics

PLACE = 0.65
_CHANCE, _REASONING_ITEMS, _TRUTH_ITEMS = 0.25, 10042, 817


@dataclass(frozen=True)
class Layout:
    """The models of `uniform` that stand in families of two reasoning scores or more."""

    family: np.ndarray  # index per model
    families: int
    log10_params: np.ndarray
    reasoning: np.ndarray  # smooth, without error
    mean: np.ndarray  # of each family's reasoning scores
    slope: np.ndarray  # of each family's real truth on its real reasoning score, shrunk


Curve = Callable[[Layout, np.random.Generator], np.ndarray]


def real_layout() -> Layout:
    """Sizes, smooth reasoning scores and shrunk own slopes of the real families."""
    frame = dynamics.load_table("uniform").frame.dropna(subset=["hellaswag", "truthfulqa_mc2"])
    frame = frame[frame.groupby("family")["hellaswag"].transform("nunique") > 1]
    _, family = np.unique(frame["family"], return_inverse=True)
    count = int(family.max()) + 1
    x, y = frame["hellaswag"].to_numpy(), frame["truthfulqa_mc2"].to_numpy()
    size = np.log10(frame["params"].to_numpy(float))
    above = np.clip((x - _CHANCE) / (1 - _CHANCE), 0.01, 0.99)
    odds = np.log(above / (1 - above))
    smooth, slope = np.empty_like(x), np.zeros(count)
    for f in range(count):
        mine = family == f
        s = size[mine] - size[mine].mean()
        # A slope of 1.3 per decade is what a family without spread is taken to have.
        steepness = (s @ odds[mine] + 0.2 * 1.3) / (s @ s + 0.2)
        smooth[mine] = _CHANCE + (1 - _CHANCE) / (1 + np.exp(-odds[mine].mean() - steepness * s))
        d = x[mine] - x[mine].mean()
        slope[f] = (d @ y[mine]) / (d @ d + (0.017**2 + 0.012**2) / 0.25)
    mean = np.bincount(family, weights=smooth) / np.bincount(family)
    return Layout(family, count, size, smooth, mean, slope)


def draw(
    layout: Layout,
    curve: Curve,
    generator: np.random.Generator,
    *,
    scatter: float,
    x_error: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Reasoning and truth scores of one simulated table, as fractions."""
    n = layout.reasoning.size
    x = np.clip(layout.reasoning + x_error * generator.standard_normal(n), 0.05, 0.99)
    x = generator.binomial(_REASONING_ITEMS, x) / _REASONING_ITEMS
    offset = 0.42 + 0.04 * generator.standard_normal(layout.families)
    truth = offset[layout.family] + curve(layout, generator)
    truth = np.clip(truth + scatter * generator.standard_normal(n), 0.15, 0.9)
    return x, generator.binomial(_TRUTH_ITEMS, truth) / _TRUTH_ITEMS


def _own(slopes: Callable[[Layout, np.random.Generator], np.ndarray]) -> Curve:
    """A straight line per family."""

    def curve(layout: Layout, generator: np.random.Generator) -> np.ndarray:
        centred = layout.reasoning - layout.mean[layout.family]
        return slopes(layout, generator)[layout.family] * centred

    return curve


def _common(shape: Callable[[np.ndarray], np.ndarray]) -> Curve:
    return lambda layout, generator: shape(layout.reasoning)


def _normal(generator: np.random.Generator, layout: Layout, sd: float) -> np.ndarray:
    return sd * generator.standard_normal(layout.families)


NULLS: dict[str, Curve] = {
    "own lines of the real table": _own(lambda t, g: t.slope),
    "own lines, slopes sd .3": _own(lambda t, g: _normal(g, t, 0.3)),
    "own lines tied to level, 1.5": _own(lambda t, g: 1.5 * (t.mean - 0.65) + _normal(g, t, 0.2)),
    "own lines tied to level, 3": _own(lambda t, g: 3 * (t.mean - 0.65) + _normal(g, t, 0.3)),
    "two groups, -.25 and +.6": _own(
        lambda t, g: np.where(t.mean < 0.65, -0.25, 0.6) + _normal(g, t, 0.1)
    ),
    "level 1.5 and a bend of .25": lambda t, g: (
        (1.5 * (t.mean - 0.65) + _normal(g, t, 0.2))[t.family] * (t.reasoning - t.mean[t.family])
        + 0.25 * (t.reasoning - t.mean[t.family]) ** 2
    ),
    "flat": _common(lambda x: 0 * x),
    "common line, falling": _common(lambda x: -0.25 * x),
    "common line, rising": _common(lambda x: 0.25 * x),
    "convex, rising, square": _common(lambda x: 0.3 * (x - 0.25) ** 2),
    "convex, rising, cube": _common(lambda x: 0.8 * (x - 0.25) ** 3),
    "saturating fall, fast": _common(lambda x: 0.1 * np.exp(-(x - 0.25) / 0.15)),
    "saturating fall, slow": _common(lambda x: 0.15 * np.exp(-(x - 0.25) / 0.3)),
}


def _u(
    curvature: float,
    *,
    unequal: float = 0.0,
    straight: float = 0.0,
    slopes: float = 0.0,
    spread: float = 0.0,
    asymmetry: float = 1.0,
) -> Curve:
    """A U with its mean place at `PLACE`; curvatures log-normal of sd `unequal`, a share `straight`
    of the families on lines of slope sd `slopes`, places of sd `spread`; the right side is
    `asymmetry` times as curved as the left."""

    def curve(layout: Layout, generator: np.random.Generator) -> np.ndarray:
        k = curvature * np.exp(_normal(generator, layout, unequal) - unequal**2 / 2)
        place = PLACE + _normal(generator, layout, spread)
        lines = generator.random(layout.families) < straight
        k = np.where(lines, 0.0, k)[layout.family]
        slope = np.where(lines, _normal(generator, layout, slopes), 0.0)[layout.family]
        d = layout.reasoning - place[layout.family]
        steep = np.where(d < 0, asymmetry**-0.5, asymmetry**0.5)
        return k * steep * d * d + slope * (layout.reasoning - 0.6)

    return curve


_MIXED = {"unequal": 0.6, "spread": 0.04}
#: Name -> curve, and an error of x beyond the binomial one.
TURNS: dict[str, tuple[Curve, float]] = {
    "curvature 1.3, asymmetry 1": (_u(1.3), 0.0),
    "asymmetry 1.9": (_u(1.3, asymmetry=1.86), 0.0),
    "asymmetry 4": (_u(1.3, asymmetry=4), 0.0),
    "asymmetry 6": (_u(1.3, asymmetry=6), 0.0),
    "asymmetry 4, places sd .06": (_u(1.3, asymmetry=4, spread=0.06), 0.0),
    "unequal curvatures": (_u(1.3, asymmetry=1.5, **_MIXED), 0.0),
    "unequal, 40 % flat": (_u(1.3, asymmetry=1.5, straight=0.4, **_MIXED), 0.0),
    "unequal, 40 % straight": (_u(1.3, asymmetry=1.5, straight=0.4, slopes=0.3, **_MIXED), 0.0),
    "the same, asymmetry 4": (_u(1.3, asymmetry=4, straight=0.4, slopes=0.3, **_MIXED), 0.0),
    "the same, error of x 2 pp": (_u(1.3, asymmetry=4, straight=0.4, slopes=0.3, **_MIXED), 0.02),
    "curvature .6": (_u(0.6, asymmetry=1.5), 0.0),
    "curvature .4, unequal": (_u(0.4, asymmetry=1.5, **_MIXED), 0.0),
}
