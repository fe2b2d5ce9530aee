"""Penalties by name."""

from typing import get_args

from ...common.checks import check_known
from .best_subset import BestSubset
from .names import PenaltyName
from .proximal import Lasso
from .sparse import AbstractPenalty, Ridge
from .stlsq import STLSQ
from .trajectory_selection import TrajectorySelection

_WITH_STRENGTH = {"ridge": Ridge, "l1": Lasso, "stlsq": STLSQ}
_WITHOUT = {"best-subset": BestSubset, "trajectory": TrajectorySelection}


def penalty_of(name: str, strength: float | None = None) -> AbstractPenalty:
    """The penalty of that name with its default settings, or with another strength.

    `strength` is ridge's and l1's strength and STLSQ's threshold. Raises ValueError for another
    name, and for the strength of a penalty that has none.
    """
    if name in _WITH_STRENGTH:
        made = _WITH_STRENGTH[name]
        return made() if strength is None else made(strength)
    check_known("penalty", (name,), get_args(PenaltyName))
    if strength is not None:
        raise ValueError(f"penalty {name} has no strength; leave it out")
    return _WITHOUT[name]()
