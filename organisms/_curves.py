"""Scores along a family, where the tax ends, and how far a lever moves that."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import stats

from ._family import Organism


@dataclasses.dataclass(frozen=True)
class Curve:
    """One seed of one family, sizes in rising order.

    `log10_params`, `truth`, `truth_reference`, `truth_plain`, `reasoning` (fractions) and `loss`
    (nats per token) have one entry per size.
    """

    family: str
    seed: int
    log10_params: np.ndarray
    truth: np.ndarray
    truth_reference: np.ndarray
    truth_plain: np.ndarray
    reasoning: np.ndarray
    loss: np.ndarray


@dataclasses.dataclass(frozen=True)
class Dip:
    """The tax phase of one curve.

    - `log10_critical`: log10 of the size at which truthfulness is lowest, from the parabola through
      the lowest measured size and its two neighbours; NaN where the lowest size is the smallest or
      the largest one.
    - `depth`: truthfulness of the smallest size minus the lowest, as a fraction.
    - `recovery`: truthfulness of the largest size minus the lowest.
    - `bracketed`: whether the lowest size lies inside the range.
    """

    log10_critical: float
    depth: float
    recovery: float
    bracketed: bool


@dataclasses.dataclass(frozen=True)
class Shift:
    """Difference between a treated and a control family, paired by seed.

    `mean` with a `level` interval (`low`, `high`) from Student's t over the `seeds` pairs that have
    both values, the two-sided `p`, and `left_out`, the pairs that lack one. With fewer than two
    pairs the interval is unbounded.
    """

    quantity: str
    control: str
    treated: str
    mean: float
    low: float
    high: float
    p: float
    seeds: int
    left_out: int
    level: float


QUANTITIES = ("log10_critical", "depth", "recovery")


def curves(organisms: Iterable[Organism]) -> tuple[Curve, ...]:
    """The organisms sorted into one curve per family and seed."""
    groups: dict[tuple[str, int], list[Organism]] = {}
    for organism in organisms:
        groups.setdefault((organism.family, organism.seed), []).append(organism)
    found = []
    for (family, seed), members in sorted(groups.items()):
        members.sort(key=lambda organism: organism.params)
        columns = {
            name: np.array([getattr(member, name) for member in members])
            for name in ("truth", "truth_reference", "truth_plain", "reasoning", "loss")
        }
        log10_params = np.log10([member.params for member in members])
        found.append(Curve(family=family, seed=seed, log10_params=log10_params, **columns))
    return tuple(found)


def dip(curve: Curve) -> Dip:
    """Where and how deep the curve's minimum of truthfulness is.

    **Limits**: three sizes and their noise decide the place; its spread over seeds, not a standard
    error of one curve, says how well it is known.
    """
    lowest = int(np.argmin(curve.truth))
    bracketed = 0 < lowest < len(curve.truth) - 1
    place = math.nan
    if bracketed:
        near = slice(lowest - 1, lowest + 2)
        x = curve.log10_params[near] - curve.log10_params[lowest]
        curvature, slope, _ = np.polyfit(x, curve.truth[near], 2)
        offset = -slope / (2.0 * curvature) if curvature > 0 else 0.0
        place = float(curve.log10_params[lowest] + np.clip(offset, x[0], x[-1]))
    return Dip(
        log10_critical=place,
        depth=float(curve.truth[0] - curve.truth[lowest]),
        recovery=float(curve.truth[-1] - curve.truth[lowest]),
        bracketed=bracketed,
    )


def shift(
    control: Sequence[Curve],
    treated: Sequence[Curve],
    *,
    quantity: str = "log10_critical",
    level: float = 0.95,
) -> Shift:
    """How far a treatment moves a property of the dip, seed by seed.

    **Arguments**: curves of the two families over the same seeds (same corpus and same numbers for
    the initial weights), the `quantity` (one of `QUANTITIES`), the `level` of the interval.

    **Raises** `ValueError` for an unknown quantity, a level outside 0..1 and for no common seed.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"no quantity {quantity!r}; there are {', '.join(QUANTITIES)}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability such as 0.95")
    first, second = _by_seed(control), _by_seed(treated)
    common = sorted(set(first) & set(second))
    if not common:
        raise ValueError("the two families have no seed in common")
    differences = np.array(
        [getattr(dip(second[s]), quantity) - getattr(dip(first[s]), quantity) for s in common]
    )
    known = differences[np.isfinite(differences)]
    mean = float(known.mean()) if len(known) else math.nan
    low, high, p = -math.inf, math.inf, math.nan
    if len(known) > 1:
        error = float(known.std(ddof=1) / math.sqrt(len(known)))
        half = float(stats.t.ppf(0.5 + level / 2.0, len(known) - 1)) * error
        low, high = mean - half, mean + half
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
    )


@dataclasses.dataclass(frozen=True)
class LossBlindness:
    """Whether the loss shows the place at which the coupling changes sign, for one curve.

    - `critical_excess`: deviation of log loss at the lowest truthfulness from the straight line
      through its neighbours in log-log coordinates; `other_excess`: the same at the other inner
      sizes, root mean square. Both are dimensionless; equal size means that nothing happens there.
    - `loss_falls`: share of steps in which the loss falls; `truth_falls`: the same for truth.
    - `gamma_before`, `gamma_after`: change of truth over change of reasoning from the smallest size
      to the lowest truthfulness, and from there to the largest.
    """

    family: str
    seed: int
    critical_excess: float
    other_excess: float
    loss_falls: float
    truth_falls: float
    gamma_before: float
    gamma_after: float


def loss_blindness(curve: Curve) -> LossBlindness:
    """Compare the smoothness of the loss with the turn of truthfulness, on one curve."""
    lowest = int(np.argmin(curve.truth))
    log_loss = np.log(curve.loss)
    x = curve.log10_params
    weight = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    excess = log_loss[1:-1] - (log_loss[:-2] + weight * (log_loss[2:] - log_loss[:-2]))
    inner = np.arange(1, len(x) - 1)
    there, others = excess[inner == lowest], excess[inner != lowest]
    return LossBlindness(
        family=curve.family,
        seed=curve.seed,
        critical_excess=float(there[0]) if len(there) else math.nan,
        other_excess=float(np.sqrt(np.mean(others**2))) if len(others) else math.nan,
        loss_falls=float(np.mean(np.diff(curve.loss) < 0)),
        truth_falls=float(np.mean(np.diff(curve.truth) < 0)),
        gamma_before=_ratio(curve, 0, lowest),
        gamma_after=_ratio(curve, lowest, len(x) - 1),
    )


def mean_curve(group: Sequence[Curve]) -> Mapping[str, np.ndarray]:
    """Mean over seeds and its standard error, size by size, for curves of one family.

    **Returns** `log10_params`, then each score and `<score>_stderr`. **Raises** `ValueError` where
    the curves have different sizes.
    """
    if not group or any(
        not np.array_equal(curve.log10_params, group[0].log10_params) for curve in group
    ):
        raise ValueError("mean_curve needs curves of one family with the same sizes")
    result = {"log10_params": group[0].log10_params}
    for name in ("truth", "truth_reference", "truth_plain", "reasoning", "loss"):
        stacked = np.stack([getattr(curve, name) for curve in group])
        result[name] = stacked.mean(axis=0)
        spread = (
            stacked.std(axis=0, ddof=1) if len(group) > 1 else np.full(stacked.shape[1], np.nan)
        )
        result[f"{name}_stderr"] = spread / math.sqrt(len(group))
    return result


def _by_seed(group: Sequence[Curve]) -> dict[int, Curve]:
    if len({curve.family for curve in group}) > 1:
        raise ValueError("shift compares two families; give the curves of one at a time")
    return {curve.seed: curve for curve in group}


def _ratio(curve: Curve, first: int, last: int) -> float:
    change = curve.reasoning[last] - curve.reasoning[first]
    return float((curve.truth[last] - curve.truth[first]) / change) if change else math.nan
