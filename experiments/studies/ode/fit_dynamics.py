"""The study `nullcline ode fit`, and `nullcline run fit_dynamics -m penalty=ridge,l1`."""

from ...inputs import read_table, table_inputs
from ...schemas import FitDynamics
from ...study import Outcome, Say, study
from . import fit_report, fit_to_dict, fit_to_text


@study(
    FitDynamics,
    command="ode fit",
    inputs=table_inputs,
    to_dict=fit_to_dict,
    to_text=lambda report, settings: fit_to_text(report),
    rows="terms",
    objective="left_out_family.mae_pp",
)
def fit_dynamics(settings: FitDynamics, say: Say) -> Outcome:
    """Fit one ODE."""
    return Outcome(
        fit_report(
            read_table(settings),
            degree=settings.degree,
            penalty=settings.penalty.name,
            strength=settings.penalty.strength,
            families=settings.family.names,
            benchmarks=settings.benchmarks,
            members=settings.members,
            seed=settings.seed,
            on_progress=say,
        )
    )
