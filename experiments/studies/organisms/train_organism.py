"""The study `nullcline run train_organism -m family=web,curated seed=0,1,2,3,4`.

The models lie together in `out`, where `nullcline organisms list` finds them and a job that is run
again keeps what is done; `nullcline organisms train` trains with the same call.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...schemas import TrainOrganism
from ...study import Outcome, Say, study
from . import find_recipe, list_to_text, scored, train_family

if TYPE_CHECKING:
    from ....organisms import Organism


def recipe_inputs(settings: TrainOrganism) -> dict[str, str]:
    """Digests of the recipe at every size that is trained."""
    from .... import organisms

    recipe = find_recipe(settings.recipe or settings.family)
    return {
        organisms.organism_name(recipe.name, width, settings.seed): recipe.fingerprint(width)
        for width in settings.sizes or recipe.widths
    }


def training_to_dict(trained: "tuple[Organism, ...]") -> dict[str, Any]:
    """What the record keeps; `scores` has the columns of a score table, so that the table of a
    sweep is one that diagnose and report read."""
    import pandas as pd

    from .... import organisms

    table = pd.read_csv(io.StringIO(organisms.score_table(trained)))
    return {
        "organisms": [scored(organism) for organism in trained],
        "scores": table.to_dict("records"),
    }


@study(
    TrainOrganism,
    command="train_organism",
    inputs=recipe_inputs,
    to_dict=training_to_dict,
    to_text=lambda trained, settings: list_to_text(trained, Path(settings.out)),
    rows="scores",
    objective="scores.0.loss",
)
def train_organism(settings: TrainOrganism, say: Say) -> Outcome:
    """Train the sizes of one family with one seed and measure them."""
    return Outcome(
        train_family(
            find_recipe(settings.recipe or settings.family),
            seeds=[settings.seed],
            sizes=settings.sizes,
            folder=Path(settings.out),
            workers=settings.workers,
        )
    )
