"""What to measure next for so much, over the families of a table with most models."""

from ... import dynamics
from ...common.words import counted
from ...dynamics import Diagnosis, FamilyDiagnosis, ScoreTable, benchmark
from ..formats import signed
from ..studies.diagnosis import what_to_measure
from ._blocks import Block, csv_data, table

_MOST_STEPS = 12
_DRAWS = 100


def plan_block(
    source: ScoreTable, diagnosis: Diagnosis, families: list[FamilyDiagnosis]
) -> Block | None:
    """A plan that costs as much as the families' scores did; None where none can be made."""
    chosen = [f for f in families if f.along == "params" and f.critical.by_seeds is None]
    items = benchmark(diagnosis.truth).items
    if not chosen or not items:
        return None
    budget = items * sum(float((10**f.log10_params).sum()) for f in chosen)
    plan = dynamics.plan_measurements(
        source.select([f.family for f in chosen]),
        budget=budget,
        truth=diagnosis.truth,
        draws=_DRAWS,
        seed=diagnosis.seed,
    )
    if plan.status != "ok":
        return None
    rows = [
        (step.family, what_to_measure(step), f"{step.cost:.1e}", signed(step.width))
        for step in plan.steps
    ]
    header = ("family", "measure", "cost", "decades left")
    more = len(rows) - _MOST_STEPS
    rest = f" And {more} more in the CSV." if more > 0 else ""
    return table(
        "What to measure next for what these scores cost",
        header,
        rows[:_MOST_STEPS],
        right=(2, 3),
        note=f"{counted(len(plan.steps), 'measurement')} of "
        f"{counted(len(plan.families), 'family')}, chosen by "
        f"narrowing per cost (questions times parameters, {plan.budget:.1e} in all), narrow where "
        f"they may turn from {signed(plan.before)} to {signed(plan.after)} decades on average, as "
        "expected."
        f"{rest} nullcline plan --budget asks for other budgets.",
        data=csv_data("plan", header, rows),
    )
