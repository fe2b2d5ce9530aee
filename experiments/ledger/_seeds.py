"""The trained families seed by seed, from the table of their scores."""

from collections.abc import Sequence

import numpy as np

from ... import organisms
from ._evidence import Effect, Status, effect_of
from ._tables import LedgerTables

#: The family that every treatment is compared with.
CONTROL = "web"
SOURCE = ("organisms",)
_OF_THE_DIP = ("log10_critical", "log10_critical_width")
_FEWEST_SIZES = 3


def curves_of(tables: LedgerTables, family: str) -> tuple[organisms.Curve, ...]:
    """A curve per seed, sizes in rising order; seeds whose sizes are not those of the first are
    left out, as they are not replicates of it."""
    rows = tables.organisms
    mine = rows[rows["family"] == family].sort_values(["seed", "params"])
    found = []
    for seed, group in mine.groupby("seed"):
        found.append(
            organisms.Curve(
                family=family,
                seed=int(str(seed)),
                log10_params=np.log10(group["params"].to_numpy(float)),
                log10_width=np.log10(group["d_model"].to_numpy(float)),
                truth=group["world_truth"].to_numpy(float),
                truth_reference=group["world_truth_reference"].to_numpy(float),
                truth_plain=group["world_truth_plain"].to_numpy(float),
                reasoning=group["world_reasoning"].to_numpy(float),
                loss=group["loss"].to_numpy(float),
            )
        )
    return tuple(
        curve
        for curve in found
        if curve.truth.size >= _FEWEST_SIZES
        and np.array_equal(curve.log10_params, found[0].log10_params)
    )


def values_of(group: Sequence[organisms.Curve], quantity: organisms.Quantity) -> dict[int, float]:
    """`quantity` of every seed, NaN where a curve has none."""
    if quantity in _OF_THE_DIP:
        return {curve.seed: getattr(organisms.dip(curve), quantity) for curve in group}
    return {seed: getattr(turn, quantity) for seed, turn in organisms.turns(group).items()}


def status_of(*groups: Sequence[organisms.Curve]) -> Status:
    """`ok` where all families are seen to fall and to rise, else what is not seen."""
    for group in groups:
        if len(group) < 2:
            return "underdetermined"
        if (status := organisms.dip_status(group)) != "ok":
            return status
    return "ok"


def shifts(
    tables: LedgerTables, treated: str, quantity: organisms.Quantity
) -> tuple[np.ndarray, Status]:
    """Treated minus control by seed (`paired_differences`); and why there may be none."""
    first, second = curves_of(tables, CONTROL), curves_of(tables, treated)
    status: Status = "ok" if quantity not in _OF_THE_DIP else status_of(first, second)
    if not {c.seed for c in first} & {c.seed for c in second}:
        return np.empty(0), status
    return np.array([*organisms.paired_differences(first, second, quantity).values()]), status


def shift_of(tables: LedgerTables, treated: str, quantity: organisms.Quantity, word: str) -> Effect:
    """The shift as an effect named by `word`."""
    return effect_of(f"{word}, {treated} against {CONTROL}", *shifts(tables, treated, quantity))
