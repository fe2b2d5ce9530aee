"""The study `nullcline run fit_dynamics -m penalty=ridge,l1 penalty.strength=...`.

Each job writes a record into its own folder under runs/, with the same library calls as
`nullcline ode fit`.
"""

from pathlib import Path

from ... import sweeps
from ...schemas import FitDynamics, register


@sweeps.experiment(
    FitDynamics,
    command="ode fit",
    register=register,
    inputs=sweeps.table_inputs,
    rows="terms",
)
def fit_dynamics(settings: FitDynamics, folder: Path) -> sweeps.Outcome:
    """Fit one ODE."""
    from . import fit_report, fit_to_dict

    found = fit_report(
        sweeps.read_table(settings.path, settings.table),
        degree=settings.degree,
        penalty=settings.penalty.name,
        strength=settings.penalty.strength,
        families=settings.family.names,
        benchmarks=settings.benchmarks,
        members=settings.members,
        seed=settings.seed,
    )
    return sweeps.Outcome(fit_to_dict(found))
