"""A table planted with one turn: most families on a symmetric U, one trend and one pair beside."""

import numpy as np

from .turn import TruthTable

PLACE = 0.610
_CURVATURE = 1.3
_FAMILIES, _MODELS, _SPAN = 14, 6, 0.26
_TREND = -0.2


def planted(generator: np.random.Generator, *, noise: float) -> TruthTable:
    """Fourteen families of six models about `PLACE`, one of five on a line, and one of two.

    Ranges begin from .32 to .58, so that every family has models on either side or near it;
    `noise` is the sd of a score, and known.
    """
    starts = np.linspace(0.32, 0.58, _FAMILIES)
    x = [np.linspace(start, start + _SPAN, _MODELS) for start in starts]
    x += [np.linspace(0.35, 0.75, 5), np.array([0.55, 0.70])]
    level = 0.42 + 0.04 * generator.standard_normal(len(x))
    y = [_CURVATURE * (at - PLACE) ** 2 for at in x]
    y[_FAMILIES] = _TREND * (x[_FAMILIES] - PLACE)
    family = np.repeat(np.arange(len(x)), [at.size for at in x])
    positions = np.concatenate(x)
    scores = np.concatenate(y) + level[family] + noise * generator.standard_normal(positions.size)
    # Sizes follow the scores: a decade for a fifth of the scale.
    return TruthTable(
        positions, scores, np.full(positions.size, noise), family, 8 + 5 * (positions - 0.3)
    )
