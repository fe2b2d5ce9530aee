"""What to say of folders and files that hold nothing to read, and of several broken ones."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..account import FileSeen
from ..model_list import MODEL_LIST
from ..problems import TableError
from .files import SAMPLES

_FORMATS = (
    "give results_<time>.json of lm-evaluation-harness or lighteval, logs of Inspect, records of "
    "Every Eval Ever, model cards with a model-index, or a table"
)
_NO_SCORE = (
    "run tasks such as hellaswag and truthfulqa_mc2 and keep their results, or write the scores "
    "into a table"
)
_MOST_NAMED = 3


def several_broken(root: Path, errors: Sequence[TableError]) -> TableError:
    """One error for all broken files."""
    if len(errors) == 1:
        return errors[0]
    named = [f"{_short(root, error.path)}: {error.problem}" for error in errors]
    problem = f"{len(errors)} files cannot be read: {_first(named)}"
    return TableError(root, problem, "run the harness again for these, or remove them")


def nothing_read(root: Path, files: Sequence[FileSeen]) -> TableError:
    """What is there instead of scores, and what to do about it.

    Told apart: an empty folder, files of no known format, JSON without results, samples only,
    evaluations that did not end, results that are empty, without numbers, or without a metric
    that is read; these are named with their tasks and metrics.
    """
    if not files:
        has_list = (root / MODEL_LIST).is_file()
        problem = f"the folder holds {MODEL_LIST} only" if has_list else "the folder is empty"
        return TableError(root, problem, _FORMATS)
    held = [file for file in files if file.format]
    if held:
        named = [_said_of(root, file) for file in held]
        problem = f"results without a score to read ({_first(named)})"
        return TableError(root, problem, _NO_SCORE)
    samples = sum(file.reason == SAMPLES for file in files)
    if samples:
        problem = f"only samples are here ({samples} files of {SAMPLES})"
        return TableError(root, problem, "run the harness with an output path, and give that")
    named = [_said_of(root, file) for file in files]
    return TableError(root, f"nothing here holds results ({_first(named)})", _FORMATS)


def _said_of(root: Path, file: FileSeen) -> str:
    """Why a file was not used; its name goes before unless it is the whole source."""
    return file.reason if Path(file.path) == root else f"{_short(root, file.path)}: {file.reason}"


def held_by(tasks: Iterable[tuple[str, str, str, str]]) -> str:
    """The tasks of one file with their metrics and why none is read, the first few."""
    metrics: dict[tuple[str, str], list[str]] = {}
    for task, metric, _, why in tasks:
        metrics.setdefault((task, why), []).append(metric)
    named = [
        f"{task} ({', '.join(names) if any(names) else 'no metric'}): {why}"
        for (task, why), names in metrics.items()
    ]
    return _first(named)


def _first(named: Sequence[str]) -> str:
    more = f"; and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"{'; '.join(named[:_MOST_NAMED])}{more}"


def _short(root: Path, path: str) -> str:
    """A file's path below `root`."""
    start = f"{root}/"
    return path.removeprefix(start) if path != str(root) else Path(path).name
