"""The study `nullcline diagnose`, and `nullcline run diagnose -m family=pythia,opt`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...inputs import read_families, table_inputs
from ...schemas import Diagnose
from ...study import Outcome, Say, study
from ...terminal import page_width, word_paint
from . import diagnosis_to_dict, diagnosis_to_short

if TYPE_CHECKING:
    from ....dynamics import Diagnosis


def _figures(settings: Diagnose, diagnosis: "Diagnosis", folder: Path) -> None:
    if settings.figures:
        from ...figures import write_diagnosis_figures

        for name, why in write_diagnosis_figures(diagnosis, folder).items():
            print(f"diagnose: no figure {name}: {why}", file=sys.stderr)


def _page(diagnosis: "Diagnosis") -> str:
    """The page of `nullcline diagnose` and of `nullcline run diagnose`."""
    return diagnosis_to_short(diagnosis, width=page_width(sys.stdout), paint=word_paint(sys.stdout))


@study(
    Diagnose,
    command="diagnose",
    inputs=table_inputs,
    to_dict=diagnosis_to_dict,
    to_text=lambda diagnosis, settings: _page(diagnosis),
    files=_figures,
    rows="by_family",
)
def diagnose(settings: Diagnose, say: Say) -> Outcome:
    """Diagnose one table, or some of its families."""
    from .... import dynamics

    table = read_families(settings, say)
    return Outcome(
        dynamics.diagnose(
            table,
            reasoning=settings.reasoning,
            truth=settings.truth,
            n_boot=settings.estimator.n_boot,
            seed=settings.estimator.seed,
            on_progress=say,
        ),
        inputs={table.name: table.sha256},
    )
