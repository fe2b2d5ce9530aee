"""A plan of measurements as JSON and as a page for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from ....common.words import counted
from ...formats import pick, plain, signed, size
from ...records import SCHEMA_VERSION
from ...text import text_table

if TYPE_CHECKING:
    from ....dynamics import MeasurementPlan
    from ....dynamics.phases import PlannedMeasurement

_WIDTH = 80
_MOST_STEPS = 20
_MOST_FAMILIES = 12


def plan_to_dict(plan: MeasurementPlan) -> dict[str, Any]:
    """JSON-ready: counts, decades, costs in questions times parameters."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            **pick(plan, "budget spent before after dearest_after method status items draws seed"),
            "plan": [
                {
                    **pick(step, "family kind items cost width"),
                    "params": 10**step.log10_params,
                }
                for step in plan.steps
            ],
            "families": [pick(family, "family before after") for family in plan.families],
            "left_out": plan.left_out,
        }
    )


def plan_to_text(plan: MeasurementPlan) -> str:
    """What follows, the measurements in order, and what each family gains."""
    parts = [_answer(plan), _steps(plan), _families(plan), _left_out(plan)]
    return "\n\n".join(part for part in parts if part)


def _answer(plan: MeasurementPlan) -> str:
    if plan.status == "underdetermined":
        return _folded(
            "No plan: no family has three sizes with known errors, so nothing can be simulated."
        )
    if plan.status == "nothing_affordable":
        return _folded(f"No plan: nothing within the budget of {plan.budget:.3g} narrows a turn.")
    one = len(plan.steps) == 1
    how = (
        "Each was chosen because it narrows most for its cost (greedy)."
        if plan.method == "greedy"
        else "It is the best single one."
    )
    return _folded(
        f"{counted(len(plan.steps), 'measurement')} {'costs' if one else 'cost'} "
        f"{plan.spent:.3g} of the budget of {plan.budget:.3g} (questions times parameters). "
        "Expected: the range of sizes in which "
        f"{counted(len(plan.families), 'family')} may turn narrows from {signed(plan.before)} to "
        f"{signed(plan.after)} decades on average; the most expensive single measurement alone "
        f"would leave {signed(plan.dearest_after)}. {how}"
    )


def _steps(plan: MeasurementPlan) -> str:
    rows = [
        (step.family, what_to_measure(step), f"{step.cost:.1e}", signed(step.width))
        for step in plan.steps[:_MOST_STEPS]
    ]
    if not rows:
        return ""
    rest = len(plan.steps) - len(rows)
    more = f"\nand {rest} more (--json has all)" if rest > 0 else ""
    header = ("family", "measure", "cost", "decades left")
    return (
        text_table(header, rows, right=(2, 3))
        + more
        + "\n"
        + _folded(
            "decades left: the range of sizes in which the family may turn, as expected after this "
            "measurement and those before it. The cost of training is not counted. A size at "
            "chance says nothing about a turn: --margin limits how far beyond the family's own "
            "sizes new ones are tried."
        )
    )


def what_to_measure(step: PlannedMeasurement) -> str:
    """A measurement in words."""
    if step.kind == "size":
        return f"a model of {size(10**step.log10_params)}, {step.items:,} questions"
    return f"all its models, {step.items:,} further questions"


def _families(plan: MeasurementPlan) -> str:
    ranked = sorted(plan.families, key=lambda f: f.after - f.before)[:_MOST_FAMILIES]
    rows = [(f.family, signed(f.before), signed(f.after)) for f in ranked if f.after < f.before]
    if not rows:
        return ""
    return text_table(("family", "decades now", "after the plan"), rows, right=(1, 2))


def _left_out(plan: MeasurementPlan) -> str:
    if not plan.left_out:
        return ""
    names = ", ".join(plan.left_out)
    return _folded(f"Fewer than three sizes, or unknown errors, so no curve to simulate: {names}.")


def _folded(text: str) -> str:
    return textwrap.fill(text, _WIDTH)
