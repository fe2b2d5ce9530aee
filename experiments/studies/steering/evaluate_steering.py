"""The study `nullcline run evaluate_steering -m model=web-16,knowing-48`.

Each job judges a truth vector of one model beside its controls, with the same library calls as
`nullcline evaluate`, and writes a record. A vector is found first where none is given.
"""

from pathlib import Path

from ... import sweeps
from ...schemas import EvaluateSteering, register_models
from .find_truth import load_asked, steering_inputs


@sweeps.experiment(
    EvaluateSteering,
    command="evaluate",
    register=register_models,
    inputs=steering_inputs,
    rows="rows",
)
def evaluate_steering(settings: EvaluateSteering, folder: Path) -> sweeps.Outcome:
    """Judge one model's truth vector."""
    from .... import interp
    from . import steering_to_dict, study_steering

    model, sets, inputs = load_asked(settings)
    if settings.vector:
        vector = interp.load_vector(settings.vector)
    else:
        vector = interp.find_truth_vector(
            model,
            sets,
            methods=tuple(settings.methods) or interp.WITHOUT_CUE,
            where=settings.where,
            seed=settings.seed,
        ).vector
    study = study_steering(
        model,
        sets,
        vector,
        inputs=inputs,
        questions=settings.asked.questions or "",
        strength=settings.strength,
        random=settings.random,
        seed=settings.seed,
    )
    return sweeps.Outcome(
        steering_to_dict(study), inputs={model.name: model.fingerprint, **study.inputs}
    )
