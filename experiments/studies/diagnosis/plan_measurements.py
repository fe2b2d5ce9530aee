"""The study `nullcline plan`: what to measure next under a budget."""

from typing import TYPE_CHECKING

from ...inputs import read_families, table_inputs
from ...schemas_card import PlanMeasurements
from ...study import Outcome, Say, study
from ._plan import plan_to_dict, plan_to_text

if TYPE_CHECKING:
    from ....dynamics import MeasurementPlan


def _to_text(plan: "MeasurementPlan", settings: PlanMeasurements) -> str:
    return plan_to_text(plan)


@study(
    PlanMeasurements,
    command="plan",
    inputs=table_inputs,
    to_dict=plan_to_dict,
    to_text=_to_text,
    rows="plan",
)
def plan_measurements(settings: PlanMeasurements, say: Say) -> "Outcome[MeasurementPlan]":
    """Plan measurements for one table, or for some of its families."""
    from .... import dynamics

    table = read_families(settings, say)
    plan = dynamics.plan_measurements(
        table,
        budget=settings.budget,
        truth=settings.truth,
        margin=settings.margin,
        draws=settings.draws,
        seed=settings.seed,
        on_progress=say,
    )
    return Outcome(plan, inputs={table.name: table.sha256})
