"""Families of another table than the one that taught: the shipped leaderboard's, one by one."""

import numpy as np
from _coverage.section import Table

from nullcline import dynamics
from nullcline.common.progress import Progress

BASELINES = ("ridge linear ODE", "anchored slope", "persistence")
TEACHERS: tuple[dynamics.TrainedOn, ...] = ("uniform", "both")


def other_rows(progress: Progress) -> Table:
    """Errors and band coverage of each family that the uniform table lacks.

    A family's other models are unknown to what predicts it; with `both` the leaderboard's other
    families of three sizes teach too, and with either its other families measure the bands.
    """
    table = dynamics.load_table("leaderboard")
    sizes = table.frame.groupby("family", sort=False)["params"].nunique()
    names = [str(name) for name in sizes.index[sizes > 1]]
    kept: dict[tuple[str, str], dynamics.FamilyPrediction] = {}
    why: dict[str, str] = {}
    total = len(names) * len(TEACHERS)
    for i, name in enumerate(names):
        for j, teacher in enumerate(TEACHERS):
            progress("families of another table", i * len(TEACHERS) + j, total)
            try:
                kept[name, teacher] = dynamics.hold_out(
                    table, name, trained_on=teacher, same_size="first"
                )
            except ValueError as error:
                why[name] = str(error)
    progress("families of another table", total, total)
    there = [name for name in names if (name, TEACHERS[-1]) in kept]
    lines = [_line(name, kept) for name in there]
    lines.append(_mean_line(there, kept))
    lines += [[f"{name}: not predicted, {reason}"] + [""] * 7 for name, reason in why.items()]
    header = ["family", "error, uniform", "error, both", *(f"{name}, both" for name in BASELINES),
              "in 90 % bands, both", "distance"]  # fmt: skip
    return Table(header, lines)


def _line(name: str, kept: dict[tuple[str, str], dynamics.FamilyPrediction]) -> list[str]:
    both = kept[name, "both"]
    return [
        f"{name} ({len(both.models) + 1} sizes)",
        *(f"{100 * kept[name, teacher].mae:.2f}" for teacher in TEACHERS),
        *(f"{100 * both.baselines[baseline][0]:.2f}" for baseline in BASELINES),
        f"{_covered(both):.0%}",
        f"{both.distance.value:.1f}",
    ]


def _mean_line(
    names: list[str], kept: dict[tuple[str, str], dynamics.FamilyPrediction]
) -> list[str]:
    def with_interval(values: list[float]) -> str:
        low, high = dynamics.forecast.family_interval(np.array(values))
        return f"{100 * np.mean(values):.2f} [{100 * low:.2f}, {100 * high:.2f}]"

    both = [kept[name, "both"] for name in names]
    covered = [_covered(one) for one in both]
    low, high = dynamics.forecast.family_interval(np.array(covered))
    return [
        f"mean of {len(names)} families",
        *(with_interval([kept[name, teacher].mae for name in names]) for teacher in TEACHERS),
        *(with_interval([one.baselines[baseline][0] for one in both]) for baseline in BASELINES),
        f"{np.mean(covered):.0%} [{low:.0%}, {high:.0%}]",
        "",
    ]


def _covered(found: dynamics.FamilyPrediction) -> float:
    there = ~np.isnan(found.observed)
    inside = (found.low <= found.observed) & (found.observed <= found.high)
    return float(inside[there].mean())
