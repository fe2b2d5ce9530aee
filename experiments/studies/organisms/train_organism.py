"""The study `nullcline run train_organism -m family=web,curated seed=0,1,2,3,4`.

Each job writes a record into its own folder under runs/; the models lie together in `out`, where
`nullcline organisms list` finds them and a job that is run again keeps what is done.
"""

from pathlib import Path

from ... import sweeps
from ...schemas import TrainOrganism, register_organisms


def recipe_inputs(settings: TrainOrganism) -> dict[str, str]:
    """Digests of the recipe at every size that is trained."""
    from . import find_recipe, import_organisms

    recipe, organisms = find_recipe(settings.recipe or settings.family), import_organisms()
    return {
        organisms.organism_name(recipe.name, width, settings.seed): recipe.fingerprint(width)
        for width in settings.sizes or recipe.widths
    }


@sweeps.experiment(
    TrainOrganism,
    command="train_organism",
    register=register_organisms,
    inputs=recipe_inputs,
    rows="scores",
    config="train/organism",
)
def train_organism(settings: TrainOrganism, folder: Path) -> sweeps.Outcome:
    """Train the sizes of one family with one seed and measure them.

    `scores` has the columns of a score table: the table of a sweep is one that diagnose and report
    read.
    """
    import io

    import pandas as pd

    from . import find_recipe, import_organisms, scored, train_family

    trained = train_family(
        find_recipe(settings.recipe or settings.family),
        seeds=[settings.seed],
        sizes=settings.sizes,
        folder=Path(settings.out),
        workers=settings.workers,
    )
    table = pd.read_csv(io.StringIO(import_organisms().score_table(trained)))
    return sweeps.Outcome(
        {
            "organisms": [scored(organism) for organism in trained],
            "scores": table.to_dict("records"),
        }
    )
