"""How sure the phases of families are, to put them in order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....dynamics import FamilyDiagnosis, Slope


def by_evidence(families: Iterable[FamilyDiagnosis]) -> list[FamilyDiagnosis]:
    """The families with a coupling: phases that are said, the surest first, those that rest on two
    models behind them; then the undetermined, those first that are nearest to a phase."""
    several = [f for f in families if f.current is not None]
    return sorted(several, key=_order)


def _order(family: FamilyDiagnosis) -> tuple[bool, bool, float]:
    slope = family.current
    sure = 0.0 if slope is None else sureness(slope)
    return family.phase == "undetermined", family.support.thin, -sure


def sureness(slope: Slope) -> float:
    """How far inside a phase the coupling lies, in halves of its 95 % interval on the side of the
    phase's edge: above 1 where the phase is said; 0 where the interval has no end."""
    from ....dynamics.phases import BAND  # an error in a table does not wait for estimators

    gamma, down, up = slope.gamma, slope.gamma - slope.low, slope.high - slope.gamma
    if not (math.isfinite(down) and math.isfinite(up)):
        return 0.0
    return max(
        _ratio(-BAND - gamma, up),
        _ratio(gamma - BAND, down),
        min(_ratio(gamma + BAND, down), _ratio(BAND - gamma, up)),
    )


def _ratio(distance: float, half: float) -> float:
    return distance / half if half > 0 else math.copysign(math.inf, distance)
