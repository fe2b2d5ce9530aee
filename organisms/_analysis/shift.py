"""How far a lever moves the dip of a family, paired by seed."""

import dataclasses
import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
from scipy import stats

from ...common.nearest import there_are
from ...common.statistics import sign_flip_p
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
    - `exact_p`: two-sided, by sign flips, which supposes no normal distribution; of n pairs it
      cannot fall below 2 / 2^n.
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
    exact_p: float


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

    Whether there is a dip at all every seed of a family has a say in; pairs are those seeds that
    both families have.

    **Raises** `ValueError` for an unknown quantity, a level outside 0..1 and for no common seed.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"no quantity {quantity!r}; {there_are(quantity, QUANTITIES)}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability such as 0.95")
    differences = np.array([*paired_differences(control, treated, quantity).values()])
    missing: DipStatus = "ok"
    if quantity in OF_THE_DIP:
        missing = dip_status(control, level=level)
        if missing == "ok":
            missing = dip_status(treated, level=level)
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
        left_out=len(differences) - len(known),
        level=level,
        status=missing if missing != "ok" or len(known) > 1 else "underdetermined",
        exact_p=sign_flip_p(known),
    )


def paired_differences(
    control: Sequence[Curve], treated: Sequence[Curve], quantity: Quantity
) -> dict[int, float]:
    """Treated minus control by seed, over the seeds that both have; NaN where one has no value.

    The size about which `depth` and `recovery` are counted is chosen by those seeds alone, so that
    further seeds of one family do not move its comparison with another that lacks them.

    **Raises** `ValueError` for no common seed and for curves of several families in one argument.
    """
    if any(len({curve.family for curve in group}) > 1 for group in (control, treated)):
        raise ValueError("shift compares two families; give the curves of one at a time")
    common = {c.seed for c in control} & {c.seed for c in treated}
    if not common:
        raise ValueError("the two families have no seed in common")
    before, after = (
        _values([curve for curve in group if curve.seed in common], quantity)
        for group in (control, treated)
    )
    return {seed: after[seed] - before[seed] for seed in sorted(common)}


def _values(group: Sequence[Curve], quantity: Quantity) -> dict[int, float]:
    if quantity in OF_THE_DIP:
        return {curve.seed: getattr(dip(curve), quantity) for curve in group}
    return {seed: getattr(turn, quantity) for seed, turn in turns(group).items()}
