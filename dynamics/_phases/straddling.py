"""Families with two models on either side of a position: do they fall before it and rise after?"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from ...common.display import shown
from .critical_types import WithinFamilies

_FEWEST_FAMILIES = 2


@shown
@dataclass(frozen=True)
class Side:
    """Mean slope on one side of a position over the families that straddle it.

    `slope`, `low`, `high`; `p` of the null that it does not go the way that a turn asks for (down
    before, up after). NaN and unbounded below two such families.
    """

    slope: float
    low: float
    high: float
    p: float


class Straddling:
    """The families with two positions or more on either side of `at` (which counts for both).

    Only these can show a turn: in any other family a fall or a rise may be the whole story.
    """

    def __init__(self, data: WithinFamilies, at: float) -> None:
        self.labels: list[object] = []
        self._before: list[tuple[np.ndarray, np.ndarray]] = []
        self._after: list[tuple[np.ndarray, np.ndarray]] = []
        for f in range(data.families):
            mine = data.index == f
            before = np.flatnonzero(mine & (data.x <= at))
            after = np.flatnonzero(mine & (data.x >= at))
            if min(np.unique(data.x[i]).size for i in (before, after)) >= 2:
                self.labels.append(data.labels[f])
                self._before.append((before, data.x[before] - data.x[before].mean()))
                self._after.append((after, data.x[after] - data.x[after].mean()))

    def sides(
        self, y: Float[np.ndarray, "models draws"], *, noise: float, level: float = 0.95
    ) -> list[tuple[Side, Side]]:
        """(before, after) for each column of scores.

        Slopes are pooled by their information, Σ d'y / Σ d'd. The standard error is the larger of
        the cluster-robust one over the families and of what `noise`, the variance of a score about
        its curve, makes of it: a handful of families can agree by chance.
        """
        before = _pooled(self._before, y, noise=noise, level=level, sign=-1)
        after = _pooled(self._after, y, noise=noise, level=level, sign=1)
        return list(zip(before, after, strict=True))


def _pooled(
    family: list[tuple[np.ndarray, np.ndarray]],
    y: Float[np.ndarray, "models draws"],
    *,
    noise: float,
    level: float,
    sign: int,
) -> list[Side]:
    count = len(family)
    if count < _FEWEST_FAMILIES:
        return [Side(math.nan, -math.inf, math.inf, math.nan)] * y.shape[1]
    information = np.array([d @ d for _, d in family])
    sums = np.array([d @ y[index] for index, d in family])
    total = information.sum()
    slope = sums.sum(axis=0) / total
    scores = sums - slope * information[:, None]
    clustered = np.sqrt((scores**2).sum(axis=0) * count / (count - 1)) / total
    error = np.maximum(clustered, math.sqrt(noise / total))
    half = float(distributions.t.ppf((1 + level) / 2, count - 1)) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = distributions.t.sf(sign * slope / error, count - 1)
    return [
        Side(float(s), float(s - h), float(s + h), float(one))
        for s, h, one in zip(slope, half, p, strict=True)
    ]
