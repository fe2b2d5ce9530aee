"""A plan of measurements for the families of a score table."""

from pathlib import Path

import pandas as pd

from ..common.nearest import there_are
from ..common.progress import Progress, silent
from ._phases.measurement_plan import MeasurementPlan, plan_families
from ._phases.plan_outcomes import MeasuredFamily
from ._tables.benchmarks import benchmark, canonical_benchmark
from ._tables.question import default_truth
from ._tables.read import as_table
from ._tables.replicates import average_seeds
from ._tables.scores import ScoreTable

#: Questions of a benchmark that does not say how many it has.
_DEFAULT_ITEMS = 1000


def plan_measurements(
    table: ScoreTable | str | Path | pd.DataFrame,
    *,
    budget: float,
    truth: str | None = None,
    margin: float = 1.0,
    draws: int = 200,
    seed: int = 0,
    on_progress: Progress = silent,
) -> MeasurementPlan:
    """Which sizes and further questions narrow the families' critical points most for a budget.

    **Arguments:** `table`, or what `read_scores` reads (`table.select` leaves some families);
    `budget`, questions times parameters of the models that answer them; `truth`, the benchmark
    whose turn is looked for (TruthfulQA MC2); `margin`, decades about each family's sizes in which
    new ones are tried; `draws`, `seed`, see `plan_families`.

    Raises ValueError for a benchmark that the table does not have, a table along another clock than
    the size, and a budget that is not positive.
    """
    whole = average_seeds(as_table(table))
    if whole.along != "params":
        raise ValueError(f"{whole.name} is along {whole.along}; a plan needs sizes")
    name = truth or default_truth(whole)
    if name not in whole.benchmarks:
        name = canonical_benchmark(name)
    if name not in whole.benchmarks:
        there = there_are(truth or name, whole.benchmarks)
        raise ValueError(f"{whole.name}: no benchmark {truth or name!r}; {there}")
    frame = whole.frame.assign(time=whole.time(), stderr=whole.stderr(name))
    frame = frame.dropna(subset=[name, "time"]).sort_values("time", kind="stable")
    lower = benchmark(name).lower_is_better
    families = {}
    for family in whole.families:
        rows = frame[frame["family"] == family]
        scores = rows[name].to_numpy(float)
        if len(rows):
            families[family] = MeasuredFamily(
                rows["time"].to_numpy(float),
                1 - scores if lower else scores,
                rows["stderr"].to_numpy(float),
            )
    return plan_families(
        families,
        budget=budget,
        items=benchmark(name).items or _DEFAULT_ITEMS,
        margin=margin,
        draws=draws,
        seed=seed,
        on_progress=on_progress,
    )
