"""How far a lever moves the dip of a family, paired by seed."""

import dataclasses
import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
from scipy import stats

from ...common.turns import fall_and_rise
from .._names import DipStatus, EstimateStatus, Quantity
from .curves import Curve, dip, turns
from .intervals import mean_over_seeds

QUANTITIES = get_args(Quantity)
OF_THE_DIP = ("log10_critical", "log10_critical_width")
LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Shift:
    """Difference between a treated and a control family, paired by seed.

    - `mean` with a `level` interval (`low`, `high`) from Student's t over the `seeds` pairs that
      have both values, the two-sided `p`, and `left_out`, the pairs that lack one.
    - `status`: `ok`; `no_fall` or `no_rise` where one of the families is not seen to do so
      (`dip_status`), so that its critical size is unknown or does not exist (`mean` is NaN);
      `underdetermined` with fewer than two pairs, where the interval is unbounded.
    """

    quantity: Quantity
    control: str
    treated: str
    mean: float
    low: float
    high: float
    p: float
    seeds: int
    left_out: int
    level: float
    status: EstimateStatus


def dip_status(group: Sequence[Curve], *, level: float = LEVEL) -> DipStatus:
    """`ok` where a family falls to its turn and rises from there, both seen beyond chance; else
    `no_fall` or `no_rise`.

    The size of the turn is chosen by the other seeds (`turns`), and each side is judged by a
    one-sided t test over seeds at 1 - `level`: no family that does not both fall and rise is called
    `ok` more often than that. It is the one definition of a turn, which `dynamics.diagnose` uses
    for families with seeds too. One seed cannot tell: then it goes by which side of the range its
    lowest size is on.
    """
    by_seed = turns(group).values()
    depth, recovery = (
        np.array([getattr(turn, name) for turn in by_seed]) for name in ("depth", "recovery")
    )
    return fall_and_rise(depth, recovery, level=level).status


def shift(
    control: Sequence[Curve],
    treated: Sequence[Curve],
    *,
    quantity: Quantity = "log10_critical",
    level: float = LEVEL,
) -> Shift:
    """How far a treatment moves a property of the dip, seed by seed.

    **Arguments**: curves of the two families over the same seeds (same corpus and same numbers for
    the initial weights), the `quantity` (`log10_critical` and `log10_critical_width` as in `dip`,
    `depth` and `recovery` as in `turns`), the `level` of the interval.

    **Raises** `ValueError` for an unknown quantity, a level outside 0..1 and for no common seed.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"no quantity {quantity!r}; there are {', '.join(QUANTITIES)}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability such as 0.95")
    first, second = _values(control, quantity), _values(treated, quantity)
    common = sorted(set(first) & set(second))
    if not common:
        raise ValueError("the two families have no seed in common")
    missing: DipStatus = "ok"
    if quantity in OF_THE_DIP:
        missing = dip_status(control, level=level)
        if missing == "ok":
            missing = dip_status(treated, level=level)
    differences = np.array([second[seed] - first[seed] for seed in common])
    known = differences[np.isfinite(differences)] if missing == "ok" else differences[:0]
    mean, low, high = mean_over_seeds(known, level=level)
    error = known.std(ddof=1) / math.sqrt(len(known)) if len(known) > 1 else 0.0
    p = float(2.0 * stats.t.sf(abs(mean) / error, len(known) - 1)) if error > 0 else math.nan
    return Shift(
        quantity=quantity,
        control=control[0].family,
        treated=treated[0].family,
        mean=mean,
        low=low,
        high=high,
        p=p,
        seeds=len(known),
        left_out=len(common) - len(known),
        level=level,
        status=missing if missing != "ok" or len(known) > 1 else "underdetermined",
    )


def _values(group: Sequence[Curve], quantity: Quantity) -> dict[int, float]:
    if len({curve.family for curve in group}) > 1:
        raise ValueError("shift compares two families; give the curves of one at a time")
    if quantity in OF_THE_DIP:
        return {curve.seed: getattr(dip(curve), quantity) for curve in group}
    return {seed: getattr(turn, quantity) for seed, turn in turns(group).items()}
