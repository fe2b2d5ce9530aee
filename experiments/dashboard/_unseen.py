"""One family as if only its beginning were measured: predicted, and what that is worth."""

from collections.abc import Sequence

import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import FamilyPrediction, TrainedOn, benchmark
from ..formats import axis_value, clock_value, signed
from ..studies.ode import about_distance, reliance
from ._blocks import Block, csv_data, facts, notice, table

#: A run of fewer points is given by its first one, as a family of sizes is.
_SHORT_RUN = 7
_OF = {
    "own": "the table's own families",
    "uniform": "the shipped families",
    "both": "the shipped families and the table's own",
}


def unseen_blocks(
    table_: dynamics.ScoreTable,
    family: str,
    trained_on: TrainedOn | None,
    benchmarks: Sequence[str],
) -> list[Block]:
    """Error beside the baselines', distance, and predicted beside measured scores.

    `benchmarks` are predicted where the table's own families teach; else those that it shares with
    the shipped ones.
    """
    points = int((table_.frame["family"] == family).sum())
    run = dynamics.CLOCKS[table_.along].trains and points >= _SHORT_RUN
    try:
        found = dynamics.hold_out(
            table_,
            family,
            protocol="third" if run else "A",
            trained_on=trained_on,
            benchmarks=benchmarks if table_.along != "params" or trained_on == "own" else None,
        )
    except ValueError as error:
        return [notice(f"{family} cannot be predicted unseen", str(error))]
    best = min(found.baselines, key=lambda name: found.baselines[name][0])
    own, other = 100 * found.mae, 100 * found.baselines[best][0]
    return [
        facts(
            ("trained on", str(len(found.trained_on)), f"{_OF[found.teacher]}, without {family}"),
            (
                "error",
                f"{signed(own)} points",
                f"mean absolute, {counted(len(found.models), 'model')}",
            ),
            (best, f"{signed(other)} points", f"the best of {len(found.baselines)} baselines"),
            _distance(found),
        ),
        notice(f"{family} predicted unseen", reliance(found), about_distance(found),
               tone="warning" if found.beaten_by else "info"),
        _scores(found),
    ]  # fmt: skip


def _distance(found: FamilyPrediction) -> tuple[str, str, str]:
    value = found.distance.value
    if not np.isfinite(value):
        return "distance", "unknown", "too few families taught the dynamics"
    farther = f"{100 * found.distance.farther:.0f} % of the families learned from lie farther"
    return "distance", signed(value, 1), f"about 1 is usual; {farther}"


def _scores(found: FamilyPrediction) -> Block:
    clock = dynamics.CLOCKS[found.along]
    show, places = axis_value(clock.axis), clock.places(found.at)
    cells = [
        (
            show(place),
            *(
                f"{100 * found.predicted[i, j]:.1f} [{100 * found.low[i, j]:.1f}, "
                f"{100 * found.high[i, j]:.1f}] · {signed(100 * found.observed[i, j], 1)}"
                for j in range(len(found.benchmarks))
            ),
        )
        for i, place in enumerate(places)
    ]
    rows = [
        (model, clock_value(clock, place), name, found.predicted[i, j], found.low[i, j],
         found.high[i, j], found.observed[i, j])
        for i, (model, place) in enumerate(zip(found.models, places, strict=True))
        for j, name in enumerate(found.benchmarks)
    ]  # fmt: skip
    columns = ("model", found.along, "benchmark", "predicted", "low", "high", "observed")
    return table(
        f"Predicted (%), {100 * found.level:.0f} % band · measured",
        (clock.symbol, *(benchmark(n).title for n in found.benchmarks)),
        cells,
        right=tuple(range(1, len(found.benchmarks) + 1)),
        note=f"Given: {', '.join(found.given[:1])}"
        + (f" to {found.given[-1]}." if len(found.given) > 1 else "."),
        data=csv_data("unseen", columns, rows),
    )
