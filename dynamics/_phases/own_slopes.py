"""Is there a bend within families beyond a straight line of each family's own? And level instead?

Families low on the scale may fall and families high on it rise without any family that turns; a
common curve with an offset per family is then U-shaped all the same. Two figures tell the readings
apart: the curvature that is left when each family has a slope of its own, and the slope of the
families' slopes on their mean score.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common import distributions
from ...common.display import shown
from .critical_types import WithinFamilies
from .random_effects import between_variance

_FEWEST_FAMILIES = 3
#: Means of families that differ by less, in shares of the axis' span, differ by rounding alone.
_ONE_LEVEL = 1e-6
#: A family's share of all information beyond which its residual says nothing of its error.
_MOST_LEVERAGE = 1 - 1e-9


@shown
@dataclass(frozen=True)
class Bend:
    """Common curvature c of `y = a_f + b_f x + c x²`, slopes b_f free in every family.

    - `curvature`, `low`, `high`: c with its interval; `p` of c <= 0 against c > 0.
    - `families`: those with three distinct positions or more; fewer than three leave NaN.
    """

    curvature: float
    low: float
    high: float
    p: float
    families: int


@shown
@dataclass(frozen=True)
class Level:
    """Slope of the families' slopes on their mean position: how coupling goes with level.

    `slope`, `low`, `high`: per unit of the axis, families as the unit; `families`: how many.
    """

    slope: float
    low: float
    high: float
    families: int


class OwnSlopes:
    """The design of the bend test on fixed positions; `bends` tests many score columns at once."""

    def __init__(self, data: WithinFamilies) -> None:
        self._families = [
            index
            for f in range(data.families)
            if np.unique(data.x[index := np.flatnonzero(data.index == f)]).size >= 3
        ]
        # Of each family's x² what its own offset and line leave over: Frisch and Waugh's theorem
        # makes c = Σ w_f'y / Σ w_f'w_f.
        self._left = [_without_line(data.x[index]) for index in self._families]

    @property
    def families(self) -> int:
        """Families that can show a bend."""
        return len(self._families)

    def bends(self, y: Float[np.ndarray, "models draws"], level: float = 0.95) -> list[Bend]:
        """One bend per column of scores.

        The standard error sums squared scores of families (cluster-robust), each divided by one
        less its leverage (Bell and McCaffrey 2002); t with families - 1 degrees of freedom.
        """
        count = self.families
        information = np.array([w @ w for w in self._left])
        if count < _FEWEST_FAMILIES or not np.all(information > 0):
            return [Bend(math.nan, -math.inf, math.inf, math.nan, count)] * y.shape[1]
        sums = np.array([w @ y[i] for w, i in zip(self._left, self._families, strict=True)])
        total = information.sum()
        c = sums.sum(axis=0) / total
        leverage = np.minimum(information / total, _MOST_LEVERAGE)[:, None]
        scores = (sums - c * information[:, None]) / np.sqrt(1 - leverage)
        error = np.sqrt((scores**2).sum(axis=0)) / total
        quantile = float(distributions.t.ppf((1 + level) / 2, count - 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            p = distributions.t.sf(c / error, count - 1)
        half = quantile * error
        return [
            Bend(float(at), float(at - h), float(at + h), float(one), count)
            for at, h, one in zip(c, half, p, strict=True)
        ]


def bend_beyond_slopes(data: WithinFamilies, *, level: float = 0.95) -> Bend:
    """The bend test on one table, see `Bend` and `OwnSlopes.bends`."""
    return OwnSlopes(data).bends(data.y[:, None], level)[0]


def slopes_on_level(data: WithinFamilies, *, noise: float, level: float = 0.95) -> Level:
    """How the families' slopes go with their mean position on the axis.

    Slopes b_f have variance `noise` / Σ(x - mean)² + ω², with ω² so that the weighted sum of
    squares has its expected value (Paule and Mandel); the interval is Hartung and Knapp's, with
    families - 2 degrees of freedom. NaN below three families, and where their means are one.
    """
    spread = data.sums(data.centred(data.x) ** 2)
    slopes = data.sums(data.centred(data.x) * data.y) / spread
    means = data.sums(data.x) / np.bincount(data.index)
    count = data.families
    if count < _FEWEST_FAMILIES or np.ptp(means) <= _ONE_LEVEL * np.ptp(data.x):
        return Level(math.nan, -math.inf, math.inf, count)
    design = np.column_stack([np.ones(count), means])

    def fit(omega2: float) -> tuple[np.ndarray, np.ndarray, float]:
        weight = 1 / (noise / spread + omega2)
        normal = design.T @ (weight[:, None] * design)
        solution = np.linalg.solve(normal, design.T @ (weight * slopes))
        return solution, normal, float(weight @ (slopes - design @ solution) ** 2)

    def excess(omega2: float) -> float:
        return fit(omega2)[2] - (count - 2)

    solution, normal, squares = fit(between_variance(excess, start=float(np.var(slopes))))
    variance = np.linalg.inv(normal)[1, 1] * squares / (count - 2)
    half = float(distributions.t.ppf((1 + level) / 2, count - 2)) * math.sqrt(variance)
    return Level(float(solution[1]), float(solution[1] - half), float(solution[1] + half), count)


def _without_line(x: Float[np.ndarray, " models"]) -> Float[np.ndarray, " models"]:
    line, _ = np.linalg.qr(np.column_stack([np.ones_like(x), x - x.mean()]))
    square = (x - x.mean()) ** 2
    return square - line @ (line.T @ square)
