"""What jobs read, as names and digests, found without doing their work."""

import functools
import io
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.nearest import there_are
from ..common.progress import Progress, silent
from .keys import file_digest, folder_digest
from .options import SettingError
from .schemas import CompareKinds, Diagnose, ModelChoice, OfClock, OfTable, ScanPairs

if TYPE_CHECKING:
    import pandas as pd

    from ..dynamics import Along, KindChoice, ScoreTable
    from .schemas_card import PlanMeasurements
    from .schemas_ode import FitDynamics, PredictFamily


def table_inputs(settings: OfTable) -> dict[str, str]:
    """The score table that `settings.path` or `settings.table` names."""
    table = read_table(settings)
    return {table.name: table.sha256}


def prediction_inputs(settings: "PredictFamily") -> dict[str, str]:
    """The table, and the shipped ones where their families teach or judge a prediction."""
    from .. import dynamics

    inputs = table_inputs(settings)
    if settings.trained_on == "own":
        return inputs
    shipped = map(dynamics.load_table, dynamics.forecast.SHIPPED_TEACHERS)
    return inputs | {table.name: table.sha256 for table in shipped}


def read_table(settings: OfTable, progress: Progress = silent) -> "ScoreTable":
    """The user's own tables as one, or a shipped one; read once per process while they stay."""
    changed = tuple(
        Path(path).stat().st_mtime_ns if Path(path).is_file() else 0 for path in settings.paths
    )
    along = settings.along if isinstance(settings, OfClock) else "params"
    watched = _Watched(progress)
    return _read_table(
        tuple(settings.paths),
        settings.table,
        settings.kind,
        along,
        settings.name,
        changed,
        watched,
    )


def read_families(
    settings: "Diagnose | CompareKinds | PlanMeasurements | ScanPairs", progress: Progress = silent
) -> "ScoreTable":
    """The table with only the families that `settings.family` names, all where it names none."""
    return chosen_families(read_table(settings, progress), settings)


def chosen_families(
    table: "ScoreTable",
    settings: "Diagnose | CompareKinds | FitDynamics | PlanMeasurements | ScanPairs",
) -> "ScoreTable":
    """What `settings.family` leaves of a table.

    **Raises** SettingError for a family that is not there: with the nearest, and with how a family
    is named, as somebody may have meant that.
    """
    names = settings.family.names
    known = {family.casefold() for family in table.families}
    for name in names:
        if name.casefold() in known:
            continue
        mend = ""
        if Path(name).exists():
            mend = "if it is a table, put it before {family.names}; "
        elif settings.paths and settings.name is None:
            mend = "{name} " + shlex.quote(name) + " names your own; "
        there = there_are(name, sorted(table.families))
        raise SettingError("family.names", name, f"no such family in {table.name}; {mend}{there}")
    return table.select(names) if names else table


@dataclass(frozen=True)
class _Watched:
    """Who watches the reading; equal whoever it is, as a table is the same for all."""

    progress: Progress = field(compare=False)


@functools.lru_cache(maxsize=16)
def _read_table(
    paths: tuple[str, ...],
    shipped: str,
    kind: "KindChoice",
    along: "Along",
    name: str | None,
    changed: tuple[int, ...],
    watched: _Watched,
) -> "ScoreTable":
    from .. import dynamics

    if not paths:
        return dynamics.load_table(shipped, kind=kind, along=along)
    return dynamics.read_scores(
        score_sources(paths), kind=kind, along=along, family=name, progress=watched.progress
    )


def score_sources(paths: Sequence[str]) -> "list[str | pd.DataFrame]":
    """Paths as `dynamics.read_scores` takes them: a folder of trained organisms becomes their
    table, the others stay."""
    return [path if (found := _of_organisms(Path(path))) is None else found for path in paths]


def _of_organisms(folder: Path) -> "pd.DataFrame | None":
    """The scores of the organisms in a folder, or of the one that it holds; None where none is."""
    alone = (folder / "organism.json").is_file()
    if not alone and not any(folder.glob("*/organism.json")):
        return None
    import pandas as pd

    from .. import organisms

    found = [organisms.read_organism(folder)] if alone else organisms.list_organisms(folder)
    frame = pd.read_csv(io.StringIO(organisms.score_table(found)))
    frame.attrs["path"] = str(folder)
    return frame


def model_inputs(model: ModelChoice) -> dict[str, str]:
    """A model's files; of a hub id the name and the revision, which pins it if it is a commit."""
    from ..interp import resolve_model

    source = resolve_model(model.name)
    found: dict[str, str] = {}
    for path in dict.fromkeys((source.folder, source.adapter)):
        if path is not None:
            found[model.name if not found else f"{model.name} (adapter)"] = folder_digest(path)
    if source.gguf is not None:
        found[model.name] = file_digest(source.gguf)
    if source.hub is not None:
        found[source.hub] = f"hub revision {model.revision or 'main'}"
    return found


def file_inputs(*paths: str | None) -> dict[str, str]:
    """The files that are given; None stands for none."""
    return {path: file_digest(path) for path in paths if path is not None}
