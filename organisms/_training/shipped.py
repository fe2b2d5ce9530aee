"""The organisms that come with the project, by name."""

from pathlib import Path

from ...common.nearest import there_are
from ...data import shipped
from .._errors import OrganismError
from .organism import ORGANISM_FILE, Organism, read_organism


def organisms_folder() -> Path:
    """Where the shipped organisms lie."""
    return shipped("organisms")


def list_organisms(folder: Path | None = None) -> tuple[Organism, ...]:
    """The shipped organisms, or those of another folder, by family, seed and size."""
    folder = organisms_folder() if folder is None else folder
    # A hidden folder is an export that was ended before it was whole.
    exported = (path.parent for path in folder.glob(f"*/{ORGANISM_FILE}"))
    organisms = [read_organism(path) for path in exported if not path.name.startswith(".")]
    return tuple(
        sorted(organisms, key=lambda organism: (organism.family, organism.seed, organism.params))
    )


def organism_path(name: str, folder: Path | None = None) -> Path:
    """Folder of an organism, to be loaded like any local checkpoint.

    **Raises** `OrganismError` for an unknown name, with the names that there are.
    """
    folder = organisms_folder() if folder is None else folder
    path = folder / name
    if Path(name).name != name or not (path / ORGANISM_FILE).is_file():
        known = [organism.name for organism in list_organisms(folder)]
        raise OrganismError(f"no organism {name!r}; {there_are(name, known)}")
    return path
