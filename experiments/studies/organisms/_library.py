"""The package `organisms` as the command line and Hydra use it: there or not, which one is meant,
and every size and seed of a family with its progress told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....common.checks import check_seed
from ....common.nearest import there_are
from ._progress import TrainingReport

if TYPE_CHECKING:
    from ....organisms import Organism, Recipe


def find_organism(name: str) -> Path:
    """Folder of an organism: a shipped one by name (`web-16` or `organism:web-16`), or a folder.

    Raises ValueError with the nearest names.
    """
    from .... import organisms

    shipped = [organism.name for organism in organisms.list_organisms()]
    wanted = name.removeprefix("organism:")
    if wanted in shipped:
        return organisms.organism_path(wanted)
    if wanted == name and Path(name).is_dir():
        organisms.read_organism(Path(name))
        return Path(name)
    there = there_are(wanted, shipped, listed_by="nullcline organisms list")
    raise ValueError(f"no organism and no folder {name!r}; {there}")


def find_recipe(name: str) -> Recipe:
    """A recipe by name or from a yaml file. Raises ValueError with the nearest names."""
    from .... import organisms

    names = organisms.list_recipes()
    is_file = Path(name).suffix in (".yaml", ".yml")
    if is_file and not Path(name).is_file():
        raise ValueError(f"no recipe file {name}")
    if not is_file and name not in names:
        raise ValueError(f"no recipe {name!r}; {there_are(name, names)}")
    return organisms.load_recipe(name)


def train_family(
    recipe: Recipe,
    *,
    seeds: Sequence[int],
    sizes: Sequence[int] | None,
    folder: Path,
    workers: int = 1,
    say: Callable[[str], None] | None = None,
) -> tuple[Organism, ...]:
    """Train every size and seed that `folder` does not hold yet, telling of progress on stderr.

    `workers` models are trained at once. Mistakes are raised (ValueError) before the first step:
    no seeds, a negative or repeated one, a size that the recipe lacks, no workers, a folder that
    cannot be made (OSError).
    """
    from .... import organisms

    if not seeds:
        raise ValueError("no seeds to train; give at least one")
    for what, values in (("seed", seeds), ("size", sizes or ())):
        repeated = [value for value in values if values.count(value) > 1]
        if repeated:
            raise ValueError(f"the {what} {repeated[0]} is given twice")
    for seed in seeds:
        check_seed(seed, name="seeds")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    widths = sizes or recipe.widths
    for width in widths:
        recipe.shape(width)
    train = organisms.train  # imports flax: where it is missing, that is all that is said
    folder.mkdir(parents=True, exist_ok=True)
    names = [organisms.organism_name(recipe.name, w, seed) for w in widths for seed in seeds]
    report = TrainingReport(names, folder=folder, say=say)
    report.few(recipe.name, _sizes(folder, recipe.name) | set(widths))
    if missing := [name for name in names if not (folder / name / "organism.json").exists()]:
        report.begin(len(missing), folder)
    try:
        return train(
            recipe,
            seeds=seeds,
            widths=widths,
            folder=folder,
            workers=workers,
            on_progress=report.step,
            on_loss=report.loss,
            on_done=report.end,
        )
    finally:
        report.close()


def _sizes(folder: Path, family: str) -> set[int]:
    """The widths of a family that are there already."""
    from .... import organisms

    return {one.width for one in organisms.list_organisms(folder) if one.family == family}
