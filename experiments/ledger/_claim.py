"""One claim of the paper: its numbers beside ours, and the control that decides what follows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from ..formats import pick, plain
from ._evidence import Evidence
from ._judge import Inference as Inference
from ._judge import judge as judge
from ._margin import Margin

Number = Literal["reproduced", "not_reproduced", "not_computable"]
Relation = Literal["equal", "below", "above"]
#: Where the values come from: a table of the paper, or numbers typed in one of its scripts.
Source = Literal["script", "table"]

SCHEMA_VERSION = 1

#: Why most tolerances are what they are.
LAST_DIGIT = "one unit of the last printed digit: it may have been rounded or cut"
COUNTS = "none: counts are exact"


@dataclass(frozen=True)
class Figure:
    """A published number and the same number computed (None: there is none).

    `relation`: what the paper says of it, that it equals, lies below or lies above `published`;
    `source`: what it was computed from.
    """

    published: float | None
    computed: float | None
    tolerance: float
    relation: Relation = "equal"
    source: Source = "table"

    @property
    def reproduced(self) -> bool:
        """Whether the computed number says what the published one says."""
        if self.published is None or self.computed is None:
            return self.published is None and self.computed is None
        if self.relation != "equal":
            return (self.computed < self.published) == (self.relation == "below")
        # The sum of two decimal fractions may miss the limit by rounding alone.
        return abs(self.computed - self.published) <= self.tolerance * (1 + 1e-9)


def figure(
    published: str | None,
    computed: float | None,
    *,
    scale: float = 1.0,
    relation: Relation = "equal",
    source: Source = "table",
) -> Figure:
    """A figure from the text as printed; its last digit is the tolerance, none for whole numbers.

    `published` in units of `scale` (`"3.5"` billions with scale 1e9), `computed` without; None and
    numbers that are not finite mean that there is none.
    """
    if computed is not None:
        computed = _finite(computed)
    if published is None:
        return Figure(None, computed, 0.0, relation, source)
    places = Decimal(published).as_tuple().exponent
    unit = 10.0**places if isinstance(places, int) and places < 0 and relation == "equal" else 0.0
    return Figure(float(published) * scale, computed, unit * scale, relation, source)


@dataclass(frozen=True)
class Control:
    """What decides the inference: its name, its figure with an interval where it has one.

    `more` are named numbers that belong beside it.
    """

    name: str
    figure: float | None
    low: float | None = None
    high: float | None = None
    more: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A line of the ledger.

    - `id`, `claim`: which, in words; `figures`: its named numbers.
    - `inference`: what follows; `rule`: how the control decides it; `reason`: one sentence.
    - `tolerance_reason`: why the tolerances are what they are.
    - `command`: what computes the numbers where tables cannot; `obstacle`: why nothing can, where
      public tables do not hold what it takes.
    - `margins`: name -> smallest effect that would matter, where the rule speaks of none.
    - `by_experiment`: what families that the project trained say of the claim, if they do.
    """

    id: str
    claim: str
    figures: dict[str, Figure]
    inference: Inference
    control: Control
    rule: str
    reason: str
    tolerance_reason: str = LAST_DIGIT
    command: str | None = None
    obstacle: str | None = None
    margins: dict[str, Margin] = field(default_factory=dict)
    by_experiment: Evidence | None = None

    @property
    def published(self) -> dict[str, float | None]:
        """Numbers as published; None where the paper says that there is none."""
        return {name: f.published for name, f in self.figures.items()}

    @property
    def computed(self) -> dict[str, float | None]:
        """The same numbers from the tables."""
        return {name: f.computed for name, f in self.figures.items()}

    @property
    def tolerance(self) -> dict[str, float]:
        """Largest difference that still counts as the same number."""
        return {name: f.tolerance for name, f in self.figures.items()}

    @property
    def matched(self) -> tuple[str, ...]:
        """Names of the numbers that are reproduced."""
        if self.command is not None:
            return ()
        return tuple(name for name, f in self.figures.items() if f.reproduced)

    @property
    def reproduced_from(self) -> tuple[Source, ...]:
        """The sources from which every number that they give is reproduced, the script first."""
        found = {f.source for f in self.figures.values()}
        missed = {f.source for name, f in self.figures.items() if name not in self.matched}
        return tuple(source for source in get_args(Source) if source in found - missed)

    @property
    def number(self) -> Number:
        """`reproduced` if one source gives all its numbers (`reproduced_from` says which);
        `not_computable` where a command is needed, or public tables lack what it takes."""
        if self.command is not None or self.obstacle is not None:
            return "not_computable"
        return "reproduced" if self.reproduced_from else "not_reproduced"


def ledger_to_dict(claims: Sequence[Claim]) -> dict[str, Any]:
    """The ledger as plain values for JSON: numbers that are not finite become None."""
    ledger = {
        "schema_version": SCHEMA_VERSION,
        "claims": [
            {
                **pick(claim, "id claim published computed tolerance tolerance_reason"),
                "relation": {name: f.relation for name, f in claim.figures.items()},
                "source": {name: f.source for name, f in claim.figures.items()},
                **pick(claim, "matched reproduced_from number inference control rule margins"),
                **pick(claim, "reason command obstacle"),
                "by_experiment": claim.by_experiment,
            }
            for claim in claims
        ],
    }
    return plain(ledger)


def _finite(value: float | None) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)
