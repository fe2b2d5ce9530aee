"""Evidence by experiment: what families that this project trained itself say of a claim."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ... import organisms
from ...common.statistics import holm, student, wilson
from ..formats import interval, signed
from ._judge import Inference
from ._margin import Margin, sign_flip_p

Status = organisms.EstimateStatus

#: What a status of the organisms says in a sentence; not to have seen a thing is not its absence.
_MISSING: dict[Status, str] = {
    "no_fall": "no fall is seen",
    "no_rise": "no rise after the fall is seen",
    "underdetermined": "too few seeds",
}


@dataclass(frozen=True)
class Effect:
    """One number of an experiment with its 95 % interval over seeds (or models).

    - `name`: what was measured, of which family, against which.
    - `figure`, `low`, `high`: NaN and unbounded where `status` is not `ok`.
    - `p`: exact, by sign flips, two-sided against zero; NaN where there are no values by seed.
    - `n`: seeds, or models, behind it.
    """

    name: str
    figure: float
    low: float
    high: float
    p: float
    n: int
    status: Status

    @property
    def above(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether the interval lies below zero."""
        return self.high < 0

    def __str__(self) -> str:
        if self.status != "ok":
            return _MISSING[self.status]
        sign = "+" if self.figure > 0 else ""
        return f"{sign}{signed(self.figure)} {interval(self.low, self.high)}"


@dataclass(frozen=True)
class Evidence:
    """What an experiment with trained families says of a claim.

    `inference` by `rule` from the `effects`, `reason` in words, `source`: the tables behind them;
    `margins`: name -> smallest effect that would matter, where the rule speaks of none.
    """

    inference: Inference
    rule: str
    reason: str
    effects: tuple[Effect, ...]
    source: tuple[str, ...]
    margins: Mapping[str, Margin] = field(default_factory=dict)


def effect_of(name: str, values: np.ndarray, status: Status = "ok") -> Effect:
    """The mean of values by seed with Student's interval and the exact p.

    Values that are not finite do not count; none count where `status` is not `ok`.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)] if status == "ok" else known[:0]
    if status == "ok" and known.size < 2:
        status = "underdetermined"
    mean, low, high = (float(v) for v in student(known, level=0.95))
    return Effect(name, mean, low, high, sign_flip_p(known), int(known.size), status)


def share_effect(name: str, having: pd.Series) -> Effect:
    """A share of models with Wilson's interval."""
    low, high = wilson(int(having.sum()), len(having))
    share = float(having.mean()) if len(having) else math.nan
    return Effect(name, share, low, high, math.nan, len(having), "ok")


def counted(having: pd.Series) -> str:
    """How many of how many, in words."""
    return f"{int(having.sum())} of {len(having)}"


def holm_by_name(p: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p of all tests that have one, by name (Holm, 1979)."""
    known = {name: value for name, value in p.items() if math.isfinite(value)}
    adjusted = holm(list(known.values()))
    return {name: float(value) for name, value in zip(known, adjusted, strict=True)}
