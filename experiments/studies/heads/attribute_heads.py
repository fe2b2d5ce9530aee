"""The study `nullcline heads MODEL`, and `nullcline run attribute_heads -m model=web-8,web-16`.

`nullcline census` counts over the records of a sweep.
"""

from pathlib import Path

from ...inputs import file_inputs, model_inputs
from ...models import load_model
from ...schemas import AttributeHeads
from ...study import Outcome, Say, study
from . import choose_pairs, heads_page, study_heads, study_to_dict, study_to_text


def heads_inputs(settings: AttributeHeads) -> dict[str, str]:
    """Digests of the model's files and of the files of pairs."""
    return {
        **model_inputs(settings.model),
        **file_inputs(settings.pairs.path, settings.pairs.reasoning_path),
    }


@study(
    AttributeHeads,
    command="heads",
    inputs=heads_inputs,
    to_dict=study_to_dict,
    to_text=lambda found, settings: study_to_text(found, top=settings.top),
    page=lambda found, settings: heads_page(found, top=settings.top),
    rows="heads",
    objective="competing.share",
)
def attribute_heads(settings: AttributeHeads, say: Say) -> Outcome:
    """Study the heads of one model."""
    chosen = settings.pairs
    model = load_model(settings.model)
    pairs = choose_pairs(
        model,
        pairs=Path(chosen.path) if chosen.path else None,
        named_set=chosen.named_set,
        reasoning=Path(chosen.reasoning_path) if chosen.reasoning_path else None,
        count=chosen.count,
        seed=settings.seed,
        frame=settings.frame,
    )
    found = study_heads(
        model,
        pairs,
        method=settings.method,
        false_discovery_rate=settings.false_discovery_rate,
        check_top=settings.top,
        edge_steps=settings.edge_steps if settings.edges else None,
        seed=settings.seed,
        on_progress=say,
    )
    return Outcome(found, inputs={model.name: model.fingerprint, **pairs.inputs})
