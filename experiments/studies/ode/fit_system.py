"""The study `nullcline ode fit FILE --time COLUMN`, and `nullcline run fit_system path=FILE`."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...inputs import file_inputs
from ...options import SettingError
from ...schemas_ode import FitSystem
from ...study import Outcome, Say, study
from . import system_to_dict, system_to_text
from ._system_json import SystemReport

if TYPE_CHECKING:
    from ....dynamics import TimeSeries


def _figures(settings: FitSystem, report: SystemReport, folder: Path) -> None:
    from ...figures import write_system_figure

    write_system_figure(report.series, report.fit, folder)


@study(
    FitSystem,
    command="ode fit",
    inputs=lambda settings: file_inputs(settings.path),
    to_dict=system_to_dict,
    to_text=lambda report, settings: system_to_text(report),
    files=_figures,
    rows="terms",
    objective="held_out.least",
)
def fit_system(settings: FitSystem, say: Say) -> Outcome:
    """Fit one system."""
    from .... import dynamics

    series = _series(settings)
    bounds = dict(map(dynamics.parse_bound, settings.bound))
    if settings.penalty is None:
        if settings.strength is not None:
            raise SettingError("strength", settings.strength, "goes with {penalty}")
        fit = dynamics.fit_system(
            series,
            degree=settings.degree,
            bounds=bounds,
            members=settings.members,
            seed=settings.seed,
            on_progress=say,
        )
    else:
        if bounds:
            raise SettingError("bound", settings.bound[0], "goes with the search, not {penalty}")
        fit = dynamics.fit_ode(
            series,
            dynamics.PolynomialLibrary(settings.degree or 2),
            penalty=dynamics.ode.penalty_of(settings.penalty, settings.strength),
            members=settings.members,
            seed=settings.seed,
            throw=False,
        )
    return Outcome(SystemReport(series, fit))


def _series(settings: FitSystem) -> "TimeSeries":
    from .... import dynamics

    for name in ("path", "time"):
        if getattr(settings, name) is None:
            raise SettingError(name, None, "give the file and its column of times")
    return dynamics.read_trajectories(
        str(settings.path),
        time=str(settings.time),
        states=settings.states or None,
        trajectory=settings.trajectory,
        weight=settings.weight,
        log_time=settings.log_time,
    )
