"""The gate of a common turn for many pairs: a cheap test for all, the whole gate where it rejects.

The p of the gate is the largest of three (`_phases/common_turn.py`), so it is never below the p of
the bend beyond slopes of the families' own. That one is a ratio of sums over families and costs
next to nothing; where it does not reject, the gate cannot open, and the rest is not computed.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats

from .._phases.common_turn import gate_of
from .._phases.critical_types import known_noise, within_families
from .._phases.scatter import Scatter, pooled_scatter, residuals_about_curve
from .columns import ScoreColumns
from .coupling import PairSums

_FEWEST_FAMILIES = 3
_MOST_LEVERAGE = 1 - 1e-9
#: Of the largest information that a family's spread allows, below which it has no third place.
_ROUNDING = 1e-9


class GateP(NamedTuple):
    """p of the gate of one pair; `whole` is False where it is a lower limit, the p of the bend."""

    p: float
    whole: bool


def bend_p(columns: ScoreColumns, sums: PairSums) -> Float[np.ndarray, " benchmarks"]:
    """One-sided p of a bend beyond own slopes, as `own_slopes.OwnSlopes.bends` has it."""
    # w, what a family's line leaves of x², is x'² less its mean and its own line in x' (x' about
    # the family's mean); c = Σ w'y / Σ w'w, with the cluster-robust error of Bell and McCaffrey.
    x, models = sums.x
    square = x * x
    mean = columns.sums(square) / np.maximum(models, 1)
    spread = np.where(sums.informed, sums.xx, 1.0)
    line = columns.sums(square * x) / spread
    w = np.where(sums.both, square - mean[columns.index] - line[columns.index] * x, 0.0)
    information, moment = columns.sums(w * w), columns.sums(w * sums.y.values)
    usable = sums.informed & (information > _ROUNDING * sums.xx**2)
    information, moment = (np.where(usable, part, 0.0) for part in (information, moment))
    families, total = usable.sum(axis=0), information.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        c = moment.sum(axis=0) / total
        leverage = np.minimum(information / total, _MOST_LEVERAGE)
        scores = (moment - c * information) / np.sqrt(1 - leverage)
        t = c * total / np.sqrt((scores**2).sum(axis=0))
    p = stats.t.sf(t, np.maximum(families - 1, 1))
    return np.where(families >= _FEWEST_FAMILIES, p, np.nan)


def gate_p(columns: ScoreColumns, reasoning: int, other: int, *, scatter: Scatter) -> float:
    """p of the whole gate of benchmark `other` along `reasoning`, as `diagnose` has it."""
    both = columns.known[:, reasoning] & columns.known[:, other]
    data = within_families(
        columns.scores[both, reasoning], columns.scores[both, other], columns.index[both]
    )
    noise = (known_noise(columns.errors[both, other]) or 0.0) + scatter.sd**2
    return gate_of(data, noise=noise).p if data.families > 1 else math.nan


def scatter_along_clock(columns: ScoreColumns, other: int) -> Scatter:
    """Scatter between models of a family about its curve along the clock, over all models that have
    the score."""
    known = columns.known[:, other] & np.isfinite(columns.time)
    return pooled_scatter(
        residuals_about_curve(
            columns.time[mine], columns.scores[mine, other], columns.errors[mine, other]
        )
        for family in range(len(columns.families))
        if (mine := known & (columns.index == family)).any()
    )
