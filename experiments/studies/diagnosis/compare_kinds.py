"""The study `nullcline diagnose --compare-kinds`: base models beside their tuned ones."""

from typing import TYPE_CHECKING

from ...inputs import read_families, table_inputs
from ...schemas import CompareKinds
from ...study import Outcome, Say, study
from ._kinds import kinds_to_dict, kinds_to_text

if TYPE_CHECKING:
    from ....dynamics import KindComparison


def _to_text(found: "KindComparison", settings: CompareKinds) -> str:
    return kinds_to_text(found)


@study(
    CompareKinds,
    command="diagnose",
    inputs=table_inputs,
    to_dict=kinds_to_dict,
    to_text=_to_text,
    rows="by_family",
)
def compare_kinds(settings: CompareKinds, say: Say) -> "Outcome[KindComparison]":
    """Compare the kinds of one table, or of some of its families."""
    from .... import dynamics

    table = read_families(settings)
    say("base and tuned models")
    found = dynamics.compare_kinds(table, reasoning=settings.reasoning, truth=settings.truth)
    return Outcome(found, inputs={table.name: table.sha256})
