"""The study `nullcline ode fit`, and `nullcline run fit_dynamics -m penalty=ridge,l1`."""

from typing import TYPE_CHECKING

from ...inputs import chosen_families, read_table
from ...schemas_ode import FitDynamics
from ...study import Outcome, Say, study
from . import fit_page, fit_report, fit_to_dict, fit_to_text

if TYPE_CHECKING:
    from ....dynamics import ScoreTable

_CLOCKS = ("t", "time")
_LOOKED_AT = 100  # rows


def _table(settings: FitDynamics) -> "ScoreTable":
    """The score table; one that names no models but has a clock is told how it may be fitted."""
    from .... import dynamics

    try:
        return read_table(settings)
    except dynamics.TableError as error:
        time = _clock(error.path) if error.problem == "no column 'model'" else None
        if time is None:
            raise
        hint = f"{error.hint}, or give --time {time} if its rows are trajectories"
        raise dynamics.TableError(error.path, error.problem, hint, error.row) from None


def _inputs(settings: FitDynamics) -> dict[str, str]:
    table = _table(settings)
    return {table.name: table.sha256}


def _clock(path: str) -> str | None:
    """The column of times of a file that has one beside other numbers, None for other files."""
    import pandas as pd

    try:
        rows = pd.read_csv(path, sep="[,;\t|]", engine="python", nrows=_LOOKED_AT)
    except (ValueError, OSError):  # no text, or no table of one width
        return None
    time = next((str(c) for c in rows.columns if str(c).strip().casefold() in _CLOCKS), None)
    if time is None or rows.drop(columns=time).select_dtypes("number").empty:
        return None
    return time.strip()


@study(
    FitDynamics,
    command="ode fit",
    inputs=_inputs,
    to_dict=fit_to_dict,
    to_text=lambda report, settings: fit_to_text(report),
    page=lambda report, settings: fit_page(report),
    rows="terms",
    objective="left_out_family.mae_pp",
)
def fit_dynamics(settings: FitDynamics, say: Say) -> Outcome:
    """Fit one ODE."""
    table = _table(settings)
    chosen_families(table, settings)  # an unknown name is said at once
    return Outcome(
        fit_report(
            table,
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
