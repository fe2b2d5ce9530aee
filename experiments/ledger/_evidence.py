"""Evidence by experiment: what families that this project trained itself say of a claim."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from ...common.statistics import holm
from ..formats import interval, signed
from ._judge import Inference

#: What a status of the organisms' tables means in a sentence.
_MISSING = {
    "no_fall": "no fall is seen",
    "no_rise": "no rise after the fall is seen",
    "underdetermined": "too few seeds",
}


@dataclass(frozen=True)
class Effect:
    """One number of an experiment with its 95 % interval over seeds (or models).

    - `name`: what was measured, of which family, against which.
    - `figure`, `low`, `high`, `p` (two-sided, against zero): NaN and unbounded where `status` is
      not `ok`; `p` is NaN where the table gives none.
    - `n`: seeds, or models, behind it.
    """

    name: str
    figure: float
    low: float
    high: float
    p: float
    n: int
    status: str

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

    `inference` by `rule` from the `effects`, `reason` in words, `source`: the tables behind them.
    """

    inference: Inference
    rule: str
    reason: str
    effects: tuple[Effect, ...]
    source: tuple[str, ...]


def effect_of(rows: pd.DataFrame, name: str, **chosen: str) -> Effect:
    """The one row of a table of estimates that has these values.

    Raises ValueError where there is none, or more than one.
    """
    mine = rows
    for column, value in chosen.items():
        mine = mine[mine[column] == value]
    if len(mine) != 1:
        raise ValueError(f"{len(mine)} rows of {chosen} among the organisms' estimates, not one")
    row = mine.iloc[0]
    return Effect(
        name=name,
        figure=float(row["mean"]),
        low=float(row["low"]),
        high=float(row["high"]),
        p=float(row.get("p", math.nan)),
        n=int(row["seeds"]),
        status=str(row["status"]),
    )


def holm_by_name(effects: Iterable[Effect]) -> dict[str, float]:
    """Holm's adjusted p of all effects that have one, by name (Holm, 1979)."""
    known = [effect for effect in effects if math.isfinite(effect.p)]
    adjusted = holm([effect.p for effect in known])
    return {effect.name: float(p) for effect, p in zip(known, adjusted, strict=True)}
