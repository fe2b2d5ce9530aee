"""Results of evaluation harnesses: find the files, make one table of them."""

import os
from collections.abc import Sequence
from pathlib import Path

from ...common.progress import Progress, silent
from .account import Account, TaskSeen
from .model_list import MODEL_LIST, read_model_list
from .raw import RawTable
from .results.choose import choose_scores, rank_ways
from .results.files import find_files
from .results.gather import Gathered
from .results.table import make_table
from .results.unread import nothing_read, several_broken

_PART = "results files"


def read_results(
    paths: Path | Sequence[Path], *, by_name: bool = True, progress: Progress = silent
) -> RawTable:
    """Results of all models in folders (at any depth) and files.

    - `paths`: one folder or file, or several (one folder per model), which become one table.
    - `by_name`: whether a model's name tells its family where nothing states it.
    - `progress`: called with the number of files that are read.

    Sizes and families come from a models.csv in the folder (of several paths, also beside them),
    else from the models' names, else from what the harness counted. The rows are numbered by
    family and size. Of several runs of a model one counts; the others stay apart with a reason.
    Raises TableError for broken files and where there is nothing to read, which names what is
    there; both name every file (or the first few and their number).
    """
    several = [paths] if isinstance(paths, Path) else list(paths)
    given = [path for path in several if path.name != MODEL_LIST or path.is_dir()] or several
    root = _root(given)
    gathered = Gathered()
    listed: dict[str, dict[str, object]] = {}
    for path in _model_lists(several):
        content = path.read_bytes()
        listed = read_model_list(path, content) | listed
        gathered.digest.update(content)
    files, alone = _files(given, gathered), set(given)
    for done, file in enumerate(files):
        progress(_PART, done, len(files))
        gathered.read(file, alone=file in alone)
    progress(_PART, len(files), len(files))
    if gathered.broken:
        raise several_broken(root, gathered.broken)
    if not gathered.runs:
        raise nothing_read(root, gathered.seen())
    ranks = rank_ways(run for runs in gathered.runs.values() for run in runs)
    rows = [row for runs in gathered.runs.values() for row in choose_scores(runs, ranks)]
    table = make_table(root, rows, listed, gathered.remarks, by_name=by_name)
    return RawTable(
        path=root,
        columns=table.columns,
        rows=table.rows,
        warnings=table.warnings,
        unit="fraction",
        single=len(given) == 1 and not root.is_dir(),
        sha256=gathered.digest.hexdigest(),
        account=Account(
            files=gathered.seen(table.files),
            tasks=tuple(TaskSeen(*task) for task in gathered.tasks),
        ),
        set_aside=table.set_aside,
        row_files=table.row_files,
    )


def _files(given: Sequence[Path], gathered: Gathered) -> list[Path]:
    """Each file that may hold results once, in the order of the paths."""
    files: dict[Path, None] = {}
    for path in given:
        there, others = find_files(path)
        files |= dict.fromkeys(there)
        gathered.others += others
    return list(files)


def _root(given: Sequence[Path]) -> Path:
    """The folder that holds all paths; the path itself where it is the only one."""
    if len(given) == 1:
        return given[0]
    try:
        return Path(os.path.commonpath(given))
    except ValueError:  # on other drives
        return given[0].parent


def _model_lists(given: Sequence[Path]) -> list[Path]:
    """models.csv in each folder and beside each file; of several paths, beside each of them."""
    folders: dict[Path, None] = {}
    for path in given:
        if path.is_dir():
            folders[path] = None
        if not path.is_dir() or len(given) > 1:
            folders[path.parent] = None
    return [folder / MODEL_LIST for folder in folders if (folder / MODEL_LIST).is_file()]
