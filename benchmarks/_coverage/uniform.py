"""Simulated tables on the real sizes of `uniform`.

Reasoning scores are logistic curves in log N fitted to the real families, drawn again with binomial
error; truth scores are a family offset, the design's curve, scatter between models and binomial
error of 817 questions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nullcline import dynamics

from .turn import TruthTable

_CHANCE, REASONING_ITEMS, TRUTH_ITEMS = 0.25, 10042, 817


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
) -> TruthTable:
    """One simulated table."""
    n = layout.reasoning.size
    x = np.clip(layout.reasoning + x_error * generator.standard_normal(n), 0.05, 0.99)
    x = generator.binomial(REASONING_ITEMS, x) / REASONING_ITEMS
    offset = 0.42 + 0.04 * generator.standard_normal(layout.families)
    truth = offset[layout.family] + curve(layout, generator)
    truth = np.clip(truth + scatter * generator.standard_normal(n), 0.15, 0.9)
    y = generator.binomial(TRUTH_ITEMS, truth) / TRUTH_ITEMS
    y_stderr = np.sqrt(np.maximum(y * (1 - y), 1e-4) / TRUTH_ITEMS)
    return TruthTable(x, y, y_stderr, layout.family, layout.log10_params)
