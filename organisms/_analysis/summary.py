"""One family in numbers: its dip, its loss there, and what it knows before it says so."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .._names import DipStatus, EstimateStatus
from .curves import Curve, dip, local_mean, turns
from .intervals import mean_over_seeds, ratio_of_means
from .loss_blindness import loss_curvature
from .shift import LEVEL, dip_status

_HALF = 0.5  # what a model scores that knows which kind of thing is meant and no fact


@dataclasses.dataclass(frozen=True)
class FamilyEstimate:
    """A property of one family: `mean` over `seeds` with its `level` interval `low`, `high`.

    `left_out` seeds have no such value. `status` as in `Shift`.
    """

    family: str
    quantity: str
    mean: float
    low: float
    high: float
    seeds: int
    left_out: int
    level: float
    status: EstimateStatus


def summarise(
    group: Sequence[Curve],
    *,
    probe_gain: Mapping[int, np.ndarray] | None = None,
    level: float = LEVEL,
) -> tuple[FamilyEstimate, ...]:
    """The properties of one family over its seeds.

    "The turn" is the size at which the other seeds are lowest with its two neighbours (`turns`),
    "the critical size" that of `dip`. What is counted from them exists only where the family falls
    and rises (`dip_status`).

    - `depth`, `recovery`: truthfulness at the smallest and at the largest size minus that at the
      turn.
    - `log10_critical`: log10 of the critical size.
    - `gamma_before`, `gamma_after`: change of truth over change of reasoning from the smallest size
      to the turn, and from there to the largest; ratios of mean changes with Fieller's interval.
    - `loss_bend`: curvature of the loss, which is log loss at the lowest size of the other seeds
      minus the straight line through its neighbours in log-log coordinates;
      `loss_bend_elsewhere`: its root mean square at the other inner sizes.
    - `reference_at_turn`, `plain_at_turn`, `truth_at_turn`: the scores at the turn.
    - `reference_rise`, `truth_rise`: decades from the critical size to the size above which the
      reference register, and the neutral one, stay over one half; `reference_lead`: decades from
      the first of the two to the second.
    - `probe_gain_smallest`, `probe_gain_turn`, `probe_gain_largest`: accuracy of the probe at its
      best layer minus that of its control, from `probe_gain` (seed to one value per size). The
      layer is the best on the same items, so a gain of chance alone is above zero.

    **Arguments**: curves of one family with the same sizes, one per seed; `level` of the intervals.
    """
    turn_of = turns(group)
    curves = {curve.seed: curve for curve in group}
    critical = {seed: dip(curve).log10_critical for seed, curve in curves.items()}
    missing = dip_status(group, level=level)
    result = []

    def add(quantity: str, values: Iterable[float], status: DipStatus = "ok") -> None:
        known = [float(v) for v in values if math.isfinite(v)] if status == "ok" else []
        result.append(
            _estimate(
                group, quantity, mean_over_seeds(known, level=level), len(known), level, status
            )
        )

    add("depth", [turn.depth for turn in turn_of.values()])
    add("recovery", [turn.recovery for turn in turn_of.values()])
    add("log10_critical", list(critical.values()), missing)
    for name, edge in (("gamma_before", 0), ("gamma_after", -1)):
        truth, reasoning = (
            [local_mean(y, turn_of[seed].size_index) - float(y[edge]) for seed, y in values.items()]
            for values in (
                {seed: curve.truth for seed, curve in curves.items()},
                {seed: curve.reasoning for seed, curve in curves.items()},
            )
        )
        ratio = ratio_of_means(truth, reasoning, level=level)
        if missing != "ok":
            ratio = (math.nan, -math.inf, math.inf)
        seeds = len(group) if missing == "ok" else 0
        result.append(_estimate(group, name, ratio, seeds, level, missing))
    curvature = {
        seed: loss_curvature(curves[seed], turn.size_index) for seed, turn in turn_of.items()
    }
    add("loss_bend", [there for there, _ in curvature.values()], missing)
    add("loss_bend_elsewhere", [elsewhere for _, elsewhere in curvature.values()], missing)
    for name, score in (
        ("truth", "truth"),
        ("plain", "truth_plain"),
        ("reference", "truth_reference"),
    ):
        add(
            f"{name}_at_turn",
            [
                local_mean(getattr(curves[seed], score), turn.size_index)
                for seed, turn in turn_of.items()
            ],
            missing,
        )
    known, said = (
        np.array([last_rise(c.log10_params, getattr(c, score), over=_HALF) for c in group])
        for score in ("truth_reference", "truth")
    )
    critical_sizes = np.array([critical[curve.seed] for curve in group])
    add("reference_rise", known - critical_sizes, missing)
    add("truth_rise", said - critical_sizes, missing)
    add("reference_lead", said - known, missing)
    if probe_gain is not None:
        seeds = sorted(set(turn_of) & set(probe_gain))
        add("probe_gain_smallest", [float(probe_gain[seed][0]) for seed in seeds])
        add(
            "probe_gain_turn",
            [local_mean(probe_gain[seed], turn_of[seed].size_index) for seed in seeds],
            missing,
        )
        add("probe_gain_largest", [float(probe_gain[seed][-1]) for seed in seeds])
    return tuple(result)


def last_rise(x: np.ndarray, y: np.ndarray, *, over: float) -> float:
    """Where `y` last comes from below `over`, by straight lines between the points; NaN where it
    ends below and where it was never below."""
    below = np.flatnonzero(y <= over)
    if not len(below) or below[-1] == len(y) - 1:
        return math.nan
    i = below[-1]
    return float(x[i] + (over - y[i]) / (y[i + 1] - y[i]) * (x[i + 1] - x[i]))


def _estimate(
    group: Sequence[Curve],
    quantity: str,
    interval: tuple[float, float, float],
    seeds: int,
    level: float,
    status: DipStatus,
) -> FamilyEstimate:
    mean, low, high = interval
    return FamilyEstimate(
        family=group[0].family,
        quantity=quantity,
        mean=mean,
        low=low,
        high=high,
        seeds=seeds,
        left_out=len(group) - seeds,
        level=level,
        status=status if status != "ok" or seeds > 1 else "underdetermined",
    )
