"""The study `nullcline predictions`: where the dated predictions stand on a panel."""

from typing import TYPE_CHECKING

from ...predictions import load_rules, parse_day, track, tracker_to_dict, tracker_to_text
from ...schemas import TrackPredictions
from ...study import Outcome, Say, study

if TYPE_CHECKING:
    from ....dynamics import Panel


def _panel(settings: TrackPredictions) -> "Panel | None":
    from .... import dynamics

    return None if settings.path is None else dynamics.read_panel(settings.path)


def _inputs(settings: TrackPredictions) -> dict[str, str]:
    from .... import dynamics

    own = _panel(settings)
    panels = [own] if own else map(dynamics.load_panel, ("frontier", "frontier_one_harness"))
    return {panel.name: panel.sha256 for panel in panels}


@study(
    TrackPredictions,
    command="predictions",
    inputs=_inputs,
    to_dict=tracker_to_dict,
    to_text=lambda tracker, settings: tracker_to_text(tracker),
    rows="predictions",
)
def track_predictions(settings: TrackPredictions, say: Say) -> Outcome:
    """Evaluate each rule on the user's table, or on the shipped panels."""
    day = None if settings.as_of is None else parse_day(settings.as_of)
    return Outcome(track(_panel(settings), as_of=day, rules=load_rules(), on_progress=say))
