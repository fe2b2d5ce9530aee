"""The study `nullcline run attribute_heads -m model=web-8,web-16,web-40`.

Each job studies the heads of one model, with the same library calls as `nullcline heads`, and
writes a record; `nullcline census` counts over the records of a sweep.
"""

from pathlib import Path

from ... import sweeps
from ...schemas import AttributeHeads, register_models


def heads_inputs(settings: AttributeHeads) -> dict[str, str]:
    """Digests of the model's files and of the files of pairs."""
    return {
        **sweeps.model_inputs(settings.model),
        **sweeps.file_inputs(settings.pairs.path, settings.pairs.reasoning_path),
    }


@sweeps.experiment(
    AttributeHeads,
    command="heads",
    register=register_models,
    inputs=heads_inputs,
    rows="heads",
)
def attribute_heads(settings: AttributeHeads, folder: Path) -> sweeps.Outcome:
    """Study the heads of one model."""
    from ...commands.loading import load_settings
    from . import choose_pairs, study_heads, study_to_dict

    asked = settings.pairs
    model = load_settings(settings.model)
    pairs = choose_pairs(
        model,
        pairs=Path(asked.path) if asked.path else None,
        named_set=asked.named_set,
        reasoning=Path(asked.reasoning_path) if asked.reasoning_path else None,
        count=asked.count,
        seed=settings.seed,
    )
    study = study_heads(
        model,
        pairs,
        method=settings.method,
        false_discovery_rate=settings.false_discovery_rate,
        check_top=settings.top,
        seed=settings.seed,
    )
    return sweeps.Outcome(
        study_to_dict(study), inputs={model.name: model.fingerprint, **pairs.inputs}
    )
