"""Runs of an evaluation harness: what one results file says, and how several become one table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path

from .problems import TableError, TableWarning

_SAME = 1e-9


@dataclass(frozen=True)
class Measurement:
    """A model's score on one benchmark in one run.

    - `score`, `stderr`: fractions; `stderr` NaN where the harness gives none.
    - `shots`, `version`: as the file has them, empty where it says nothing.
    - `items`: number of questions asked where that is fewer than the benchmark has, else 0.
    """

    score: float
    stderr: float = nan
    shots: str = ""
    version: str = ""
    items: int = 0


@dataclass(frozen=True)
class Run:
    """One results file.

    - `path`: the file. `model`: its name as the harness was given it.
    - `when`: orders the runs of a model; later is newer.
    - `revision`: of the model's weights, empty for the default.
    - `harness`: which generation of the harness wrote the file.
    """

    path: Path
    model: str
    when: tuple[float, str]
    revision: str
    harness: str
    measured: dict[str, Measurement]


def as_fraction(path: Path, what: str, value: object) -> float:
    """A score or its standard error, NaN where the harness wrote `"N/A"` or nothing.

    Raises TableError for anything else that is no number from 0 to 1.
    """
    if value is None or (isinstance(value, str) and value.strip().upper() in ("", "N/A", "NAN")):
        return nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and isnan(value):
            return nan
        if 0 <= value <= 1:
            return float(value)
    problem = f"{what} is {str(value)[:40]!r}, no number from 0 to 1"
    raise TableError(path, problem, "run that task again, or remove the file")


def latest_scores(runs: Sequence[Run]) -> tuple[dict[str, Measurement], list[tuple[str, str]]]:
    """Of the runs of one model, per benchmark the newest score, and (code, message) of the rest.

    Runs of other weights than the newest run's are left out. A run on all items goes before a
    newer one on fewer.
    """
    ordered = sorted(runs, key=lambda run: (run.when, str(run.path)), reverse=True)
    revision = ordered[0].revision
    same = [run for run in ordered if run.revision == revision]
    remarks = [
        (
            "mixed_revision",
            f"{run.path.name} is of revision {run.revision or 'main'!r}, "
            f"not used beside {revision or 'main'!r}",
        )
        for run in ordered
        if run.revision != revision
    ]
    chosen: dict[str, Measurement] = {}
    for name in dict.fromkeys(name for run in same for name in run.measured):
        having = [run for run in same if name in run.measured]
        source = next((run for run in having if not run.measured[name].items), having[0])
        chosen[name] = used = source.measured[name]
        for run in having:
            if abs(run.measured[name].score - used.score) > _SAME:
                text = (
                    f"{name} is {used.score:.4g} in {source.path.name}, which is used, "
                    f"and {run.measured[name].score:.4g} in {run.path.name}"
                )
                remarks.append(("conflicting_runs", text))
    return chosen, remarks


def mixed_settings(
    models: Sequence[str], scores: Sequence[dict[str, Measurement]]
) -> Iterator[TableWarning]:
    """Benchmarks that were not run with the same shots and task version for all models."""
    names = dict.fromkeys(name for measured in scores for name in measured)
    for name in names:
        for code, attribute, title in (
            ("mixed_n_shot", "shots", "shots"),
            ("mixed_task_version", "version", "task version"),
        ):
            says = {
                i: getattr(measured[name], attribute)
                for i, measured in enumerate(scores)
                if name in measured and getattr(measured[name], attribute)
            }
            ways = [way for way, _ in Counter(says.values()).most_common()]
            if len(ways) < 2:
                continue
            others = "; ".join(
                f"{way} for " + ", ".join(models[i] for i in says if says[i] == way)
                for way in ways[1:]
            )
            row = 1 + min(i for i in says if says[i] != ways[0])
            message = f"{name} has {title} {ways[0]} for most models, {others}"
            yield TableWarning(code, row, message)
