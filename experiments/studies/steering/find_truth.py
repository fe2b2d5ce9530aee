"""The study `nullcline run find_truth -m model=knowing-48,knowing-64`.

Each job finds the truth vector of one model and judges it, with the same library calls as
`nullcline truth`, and writes a record.
"""

from pathlib import Path
from typing import Any

from ... import sweeps
from ...schemas import EvaluateSteering, FindTruth, register_models


def steering_inputs(settings: FindTruth | EvaluateSteering) -> dict[str, str]:
    """Digests of the model's files, of the files that it is asked, and of the vector."""
    asked = settings.asked
    file = asked.questions if asked.questions and Path(asked.questions).is_file() else None
    return {
        **sweeps.model_inputs(settings.model),
        **sweeps.file_inputs(*asked.statements, file, getattr(settings, "vector", None)),
    }


def load_asked(settings: FindTruth | EvaluateSteering) -> tuple[Any, Any, dict[str, str]]:
    """The model of a job, its sets and their digests."""
    from ...commands.loading import load_settings
    from . import choose_sets

    asked = settings.asked
    model = load_settings(settings.model)
    sets, inputs = choose_sets(
        model,
        statements=[Path(path) for path in asked.statements],
        questions=asked.questions,
        count=asked.count,
        seed=settings.seed,
    )
    return model, sets, inputs


@sweeps.experiment(
    FindTruth,
    command="truth",
    register=register_models,
    inputs=steering_inputs,
    rows="candidates",
)
def find_truth(settings: FindTruth, folder: Path) -> sweeps.Outcome:
    """Find the truth vector of one model."""
    from .... import interp
    from . import study_truth, truth_to_dict

    model, sets, inputs = load_asked(settings)
    budget = interp.Budget(kl=settings.kl, lost=settings.lost, reasoning=settings.reasoning_loss)
    study = study_truth(
        model,
        sets,
        inputs=inputs,
        preset=settings.preset,
        random=settings.random,
        seed=settings.seed,
        budget=budget,
        methods=tuple(settings.methods) or interp.WITHOUT_CUE,
        layers=settings.layers or None,
        where=settings.where,
        positions=settings.positions,
    )
    if settings.keep:
        interp.save_vector(study.vector, folder / "truth.safetensors")
    return sweeps.Outcome(truth_to_dict(study), inputs={model.name: model.fingerprint, **inputs})
