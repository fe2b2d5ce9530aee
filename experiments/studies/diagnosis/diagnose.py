"""The study `nullcline run diagnose -m family=pythia,opt estimator.n_boot=2000`.

Each job writes a record into its own folder under runs/, with the same library call as
`nullcline diagnose`.
"""

from pathlib import Path

from ... import sweeps
from ...schemas import Diagnose, register


@sweeps.experiment(
    Diagnose,
    command="diagnose",
    register=register,
    inputs=sweeps.table_inputs,
    rows="by_family",
)
def diagnose(settings: Diagnose, folder: Path) -> sweeps.Outcome:
    """Diagnose one table, or some of its families."""
    from .... import dynamics
    from . import diagnosis_to_dict

    table = sweeps.read_table(settings.path, settings.table)
    if settings.family.names:
        table = table.select(settings.family.names)
    diagnosis = dynamics.diagnose(
        table,
        reasoning=settings.reasoning,
        truth=settings.truth,
        n_boot=settings.estimator.n_boot,
        seed=settings.estimator.seed,
    )
    if settings.figures:
        from ...figures import write_diagnosis_figures

        write_diagnosis_figures(diagnosis, folder)
    return sweeps.Outcome(diagnosis_to_dict(diagnosis))
