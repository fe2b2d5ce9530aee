"""The study `nullcline evaluate MODEL`, and `nullcline run evaluate_steering -m model=web-8`.

A vector is found first where none is given.
"""

import dataclasses
from pathlib import Path

from ...positions import chosen_positions
from ...schemas import EvaluateSteering
from ...study import Outcome, Say, study
from . import steering_page, steering_to_dict, steering_to_text, study_steering
from ._choose import kept_search, load_sets, search_settings, steering_inputs


@study(
    EvaluateSteering,
    command="evaluate",
    inputs=steering_inputs,
    to_dict=steering_to_dict,
    to_text=lambda found, settings: steering_to_text(found),
    page=lambda found, settings: steering_page(found),
    rows="rows",
    objective="corrected_share",
)
def evaluate_steering(settings: EvaluateSteering, say: Say) -> Outcome:
    """Judge one model's truth vector."""
    from .... import interp

    if settings.layer is not None and not settings.vector:
        raise ValueError("layer is a vector's; give vector=FILE too, or layers for the search")
    if settings.after is not None and not settings.vector:
        raise ValueError("after is a vector's; give vector=FILE too")
    positions = chosen_positions(settings.positions, settings.after)
    read = interp.read_vector(settings.vector) if settings.vector else None
    model, sets, inputs = load_sets(settings)
    keep = kept_search(settings, model, sets)
    vector = None if read is None else interp.place_vector(model, read, layer=settings.layer)
    if vector is not None and positions is not None:
        vector = dataclasses.replace(vector, positions=positions)
    if vector is None and settings.preset:
        vector = interp.published_vector(model, sets, seed=settings.seed)
    elif vector is None:
        vector = interp.find_truth_vector(
            model,
            sets,
            seed=settings.seed,
            keep=keep,
            on_progress=say,
            **search_settings(settings),
        ).vector
    found = study_steering(
        model,
        sets,
        vector,
        inputs=inputs,
        questions=settings.sets.questions or "",
        file=Path(settings.vector) if settings.vector else None,
        strength=settings.strength,
        random=settings.random,
        seed=settings.seed,
        force=settings.force,
        on_progress=say,
    )
    keep.unlink(missing_ok=True)
    return Outcome(found, inputs={model.name: model.fingerprint, **found.inputs})
