"""The study `nullcline ode crossval`, and `nullcline run cross_validate -m leave=family,lab`."""

from ...inputs import read_table, table_inputs
from ...schemas_ode import CrossValidate
from ...study import Outcome, Say, study
from . import crossval_page, crossval_to_dict, crossval_to_text


@study(
    CrossValidate,
    command="ode crossval",
    inputs=table_inputs,
    to_dict=crossval_to_dict,
    to_text=lambda found, settings: crossval_to_text(found),
    page=lambda found, settings: crossval_page(found),
    rows="methods",
    objective="nested.mae_pp",
)
def cross_validate(settings: CrossValidate, say: Say) -> Outcome:
    """Every method on families, or labs, that it never saw."""
    from .... import dynamics

    return Outcome(
        dynamics.cross_validate(
            read_table(settings),
            leave=settings.leave,
            protocol=settings.protocol,
            benchmarks=settings.benchmarks,
            seed=settings.seed,
            on_progress=say,
        )
    )
