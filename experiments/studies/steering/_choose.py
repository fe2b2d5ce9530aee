"""What the two studies of a truth vector share: model, sets, and how a vector is looked for."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....common.files import cache_folder
from ...inputs import file_inputs, model_inputs
from ...models import load_model
from ...schemas import OfVector
from ._study import choose_sets

if TYPE_CHECKING:
    from .... import interp


def steering_inputs(settings: OfVector) -> dict[str, str]:
    """Digests of the model's files, of the files of statements and questions, and of the vector."""
    sets = settings.sets
    file = sets.questions if sets.questions and Path(sets.questions).is_file() else None
    return {
        **model_inputs(settings.model),
        **file_inputs(*sets.statements, file, getattr(settings, "vector", None)),
    }


def load_sets(
    settings: OfVector,
) -> "tuple[interp.Model, interp.TruthSets, dict[str, str]]":
    """The model of a job, its sets and their digests."""
    chosen = settings.sets
    model = load_model(settings.model)
    sets, inputs = choose_sets(
        model,
        statements=[Path(path) for path in chosen.statements],
        questions=chosen.questions,
        count=chosen.count,
        seed=settings.seed,
        frame=settings.frame,
    )
    return model, sets, inputs


def kept_search(settings: OfVector, model: "interp.Model", sets: "interp.TruthSets") -> Path:
    """Where a search of these settings keeps what is finished, in the user's cache: the same
    command goes on there if it was stopped. To be deleted when all is done."""
    stated = (model.fingerprint, sets.sha256, repr(settings))
    name = hashlib.sha256(repr(stated).encode()).hexdigest()[:16]
    return cache_folder("search") / f"{name}.jsonl"


def plan_of(settings: OfVector) -> "tuple[interp.Model, interp.SearchPlan]":
    """What the study of these settings will take."""
    from .... import interp

    model, sets, _ = load_sets(settings)
    chosen = search_settings(settings)
    places = {name: chosen[name] for name in ("layers", "sites") if name in chosen}
    points = interp.hook_points_of(model, **places)
    asked = {name: chosen[name] for name in ("methods", "where")}
    return model, interp.plan_search(model, sets, points, **asked, random=settings.random)


def search_settings(settings: OfVector) -> dict[str, Any]:
    """The keyword arguments of `interp.find_truth_vector` that settings stand for."""
    from .... import interp

    found: dict[str, Any] = {
        "methods": tuple(settings.methods) or interp.WITHOUT_CUE,
        "layers": settings.layers or None,
        "where": settings.where,
        "positions": settings.positions or "all",
        "budget": interp.Budget(
            kl=settings.kl, lost=settings.lost, reasoning=settings.reasoning_loss
        ),
    }
    if settings.site:
        found["sites"] = (settings.site,)
    return found
