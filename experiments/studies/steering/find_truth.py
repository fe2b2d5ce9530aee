"""The study `nullcline truth MODEL`, and `nullcline run find_truth -m model=web-8,web-16`."""

import dataclasses
from pathlib import Path

from ...schemas import FindTruth
from ...study import Outcome, Say, study
from . import study_truth, truth_page, truth_to_dict, truth_to_text, vector_report
from ._choose import kept_search, load_sets, search_settings, steering_inputs
from ._study import TruthStudy


def _vector(settings: FindTruth, found: TruthStudy, folder: Path) -> None:
    if settings.keep:
        from .... import interp

        vector = dataclasses.replace(found.vector, report=vector_report(found))
        interp.save_vector(vector, folder / "truth.safetensors")


@study(
    FindTruth,
    command="truth",
    inputs=steering_inputs,
    to_dict=truth_to_dict,
    to_text=lambda found, settings: truth_to_text(found),
    page=lambda found, settings: truth_page(found),
    files=_vector,
    rows="candidates",
    objective="corrected_share",
)
def find_truth(settings: FindTruth, say: Say) -> Outcome:
    """Find the truth vector of one model."""
    model, sets, inputs = load_sets(settings)
    keep = kept_search(settings, model, sets)
    found = study_truth(
        model,
        sets,
        inputs=inputs,
        preset=settings.preset,
        random=settings.random,
        seed=settings.seed,
        on_progress=say,
        keep=keep,
        **search_settings(settings),
    )
    keep.unlink(missing_ok=True)
    return Outcome(found, inputs={model.name: model.fingerprint, **inputs})
