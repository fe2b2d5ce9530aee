"""What tuning moves: the change of every benchmark from base models to the models made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from ...common.display import shown
from ...common.statistics import benjamini_hochberg
from .._phases.post_training import mean_gain
from .._tables.named import more_is_better
from .._tables.pairs import base_and_tuned
from .._tables.scores import ScoreTable

_FEWEST_FAMILIES = 3


@shown
@dataclass(frozen=True)
class Moved:
    """Change of one benchmark from base to tuned, families as the unit.

    `gain`, `low`, `high`: a fraction, more being better; `q`: p of no change after Benjamini and
    Hochberg over all benchmarks; `way`: `up`, `down`, or `undetermined` where `q` is not small
    enough.
    """

    benchmark: str
    gain: float
    low: float
    high: float
    q: float
    way: Literal["up", "down", "undetermined"]
    families: int
    pairs: int


def moved_by_tuning(table: ScoreTable, names: Sequence[str], *, q: float) -> tuple[Moved, ...]:
    """A row per benchmark that base and tuned models of three families or more have; the largest
    change first. Empty where the table has no tuned models beside their base models."""
    base, tuned = base_and_tuned(table)
    gains = []
    for name in names:
        change = (more_is_better(tuned, name) - more_is_better(base, name)).to_numpy(float)
        known = np.isfinite(change)
        family = base["family"].to_numpy()[known]
        if np.unique(family).size >= _FEWEST_FAMILIES:
            gains.append((name, mean_gain(change[known], family)))
    if not gains:
        return ()
    # Student's interval of 95 % says its own p: |mean| over its standard error, families - 1.
    p = []
    for _, gain in gains:
        half = (gain.high - gain.low) / 2
        dof = gain.families - 1
        error = half / float(stats.t.ppf(0.975, dof))
        p.append(2 * float(stats.t.sf(abs(gain.mean) / error, dof)) if error > 0 else 1.0)
    adjusted = benjamini_hochberg(p)
    found = [
        Moved(
            benchmark=name, gain=gain.mean, low=gain.low, high=gain.high, q=float(at),
            way="undetermined" if at > q else "up" if gain.mean > 0 else "down",
            families=gain.families, pairs=gain.pairs,
        )
        for (name, gain), at in zip(gains, adjusted, strict=True)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: -abs(one.gain)))
