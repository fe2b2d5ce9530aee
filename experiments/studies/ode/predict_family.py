"""The study `nullcline ode predict`, and `nullcline run predict_family -m holdout=Pythia,OPT`."""

import sys

from ...inputs import prediction_inputs, read_table
from ...options import SettingError
from ...schemas_ode import PredictFamily
from ...study import Outcome, Say, study
from ...terminal import page_width
from . import prediction_to_dict, prediction_to_text


@study(
    PredictFamily,
    command="ode predict",
    inputs=prediction_inputs,
    to_dict=prediction_to_dict,
    to_text=lambda prediction, settings: prediction_to_text(
        prediction, width=page_width(sys.stdout)
    ),
    rows="predictions",
    objective="mae_pp",
)
def predict_family(settings: PredictFamily, say: Say) -> Outcome:
    """Predict the larger models of one family from the others."""
    from .... import dynamics

    table, name = read_table(settings), settings.extend or settings.holdout
    if name is None or (settings.extend and settings.holdout):
        raise SettingError("holdout", settings.holdout, "give it or {extend}, one of them")
    table.select([name])  # an unknown name is said at once
    if settings.holdout:
        for place in ("params", "at"):
            if getattr(settings, place):
                raise SettingError(
                    place,
                    " ".join(getattr(settings, place)),
                    "goes with {extend}; a family that is held out is predicted at its own places",
                )
        return Outcome(
            dynamics.hold_out(
                table,
                name,
                protocol=settings.protocol,
                benchmarks=settings.benchmarks,
                trained_on=settings.trained_on,
                on_progress=say,
            )
        )
    if bool(settings.params) == bool(settings.at):
        raise SettingError(
            "extend", name, "give {params} too, the sizes to predict, such as 70B, or {at}"
        )
    params = [_place("params", text) for text in settings.params]
    at = [_place("at", text) for text in settings.at]
    return Outcome(
        dynamics.extend(
            table,
            name,
            params=params or None,
            at=at or None,
            benchmarks=settings.benchmarks,
            trained_on=settings.trained_on,
            on_progress=say,
        )
    )


def _place(setting: str, text: str) -> float:
    from .... import dynamics

    count = dynamics.parse_count(text)
    if not count > 0:
        raise SettingError(setting, text, "is no size or count; write 70B, 410M or a number")
    return count
