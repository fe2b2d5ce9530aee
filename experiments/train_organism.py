"""Hydra entry point: `python -m experiments.train_organism -m family=web,curated seed=0,1,2,3,4`.

Each job writes a record into its own folder under runs/; the models lie together in `out`, where
`nullcline organisms list` finds them and a job that is run again keeps what is done.
"""

import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from .cli import use_double_precision
from .schemas import TrainOrganism, register_organisms

register_organisms()


@hydra.main(version_base="1.3", config_path="../configs/train", config_name="organism")
def main(config: DictConfig) -> None:
    """Train the sizes of one family with one seed and record their scores."""
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, TrainOrganism)
    train_organism(settings, Path(HydraConfig.get().runtime.output_dir))


def train_organism(settings: TrainOrganism, folder: Path) -> Path:
    """One job: the models that `settings` ask for, recorded in `folder`."""
    from .organism_library import find_recipe, train_family
    from .organisms_text import scored
    from .records import write_record

    started = time.monotonic()
    recipe = find_recipe(settings.recipe or settings.family)
    trained = train_family(
        recipe,
        seeds=[settings.seed],
        sizes=settings.sizes,
        folder=Path(settings.out),
        workers=settings.workers,
    )
    return write_record(
        folder,
        command="train_organism",
        settings=OmegaConf.to_container(OmegaConf.structured(settings), resolve=True),  # pyright: ignore[reportArgumentType]
        inputs={organism.name: recipe.fingerprint(organism.width) for organism in trained},
        result={"organisms": [scored(organism) for organism in trained]},
        started=started,
    )


if __name__ == "__main__":
    use_double_precision()
    main()
