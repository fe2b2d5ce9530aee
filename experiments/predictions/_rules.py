"""The dated predictions as data: `data/predictions.json`, read and checked."""

import datetime
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ...data import shipped

Kind = Literal["spread", "correlation", "residual"]


@dataclass(frozen=True)
class Bound:
    """Values that count: those below `below`, those above `above`; NaN where there is no such end.

    A value on the bound does not count."""

    below: float = math.nan
    above: float = math.nan

    def holds(self, value: float) -> bool:
        """Whether the value counts."""
        return value < self.below or value > self.above

    @property
    def edge(self) -> float:
        """The number that the bound names."""
        return self.above if math.isnan(self.below) else self.below


@dataclass(frozen=True)
class Statistic:
    """What is computed from a panel.

    - `spread`: largest minus smallest `benchmark` of the `top` models by the benchmark `by`.
    - `correlation`: Pearson's r of `x` and `y` over the models that have both.
    - `residual`: h above the frozen line of the first `releases` models of `lab` dated after
      `after`; of several the one that `take` names (largest, smallest).
    """

    kind: Kind
    benchmark: str = ""
    by: str = ""
    top: int = 0
    x: str = ""
    y: str = ""
    lab: str = ""
    after: datetime.date | None = None
    releases: int = 0
    take: Literal["largest", "smallest"] = "largest"


@dataclass(frozen=True)
class Also:
    """A second statistic without whose value in `bound` a prediction does not pass."""

    statistic: Statistic
    bound: Bound
    least: int


@dataclass(frozen=True)
class Rule:
    """One prediction: `deadline` is None where it speaks of the next releases of a lab."""

    id: int
    name: str
    deadline: datetime.date | None
    statistic: Statistic
    passes: Bound
    fails: Bound
    least: int
    also: Also | None = None


@dataclass(frozen=True)
class Rules:
    """All predictions, where they come from, and the line that h is measured from."""

    source: str
    note: str
    line: Mapping[str, str]
    predictions: tuple[Rule, ...]


def load_rules(path: Path | None = None) -> Rules:
    """The rules of a file, the shipped ones where none is given.

    Raises ValueError, one line that names the file and the prediction.
    """
    path = shipped("predictions.json") if path is None else path
    told = json.loads(path.read_text(encoding="utf-8"))
    rules = []
    for number, prediction in enumerate(told["predictions"], start=1):
        try:
            rules.append(_rule(prediction))
        except (KeyError, TypeError, ValueError) as error:
            why = f"no {error}" if isinstance(error, KeyError) else error
            raise ValueError(f"{path}: prediction {number}: {why}") from None
    return Rules(told["source"], told["note"], told["line"], tuple(rules))


def _rule(told: Mapping[str, Any]) -> Rule:
    also = told.get("also")
    return Rule(
        id=int(told["id"]),
        name=told["name"],
        deadline=_date(told["deadline"]),
        statistic=_statistic(told["statistic"]),
        passes=_bound(told["pass"]),
        fails=_bound(told["fail"]),
        least=int(told["least"]),
        also=also and Also(_statistic(also["statistic"]), _bound(also), int(also["least"])),
    )


def _statistic(told: Mapping[str, Any]) -> Statistic:
    if told["kind"] not in get_args(Kind):
        raise ValueError(f"kind {told['kind']!r}; there are {', '.join(get_args(Kind))}")
    return Statistic(**{**told, "after": _date(told.get("after"))})


def _bound(told: Mapping[str, Any]) -> Bound:
    bound = Bound(float(told.get("below", math.nan)), float(told.get("above", math.nan)))
    if math.isnan(bound.below) == math.isnan(bound.above):
        raise ValueError("a bound has either below or above")
    return bound


def _date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)
