"""Folders of an evaluation harness's results: find the files, make one table of them."""

import hashlib
from collections.abc import Iterator, Sequence
from math import nan
from pathlib import Path

from .columns import TEXT_COLUMNS
from .json_files import as_dict, parse_json
from .model_list import MODEL_LIST, Described, describe, read_model_list
from .problems import TableError, TableWarning
from .raw import RawTable
from .read_leaderboard import is_leaderboard, read_leaderboard
from .read_lm_eval import read_lm_eval
from .runs import Measurement, Run, latest_scores, mixed_settings

_NO_RESULTS = "give a folder that holds results_<time>.json of lm-evaluation-harness, or a CSV file"


def read_results(path: Path) -> RawTable:
    """Results of all models in a folder (at any depth), or the single one in a file.

    Sizes and families come from models.csv in the folder, else from the models' names. The rows
    are numbered by family and size. Raises TableError for a broken file and for a folder without
    results.
    """
    folder = path if path.is_dir() else path.parent
    seen = hashlib.sha256()
    listed: dict[str, dict[str, object]] = {}
    if (folder / MODEL_LIST).is_file():
        content = (folder / MODEL_LIST).read_bytes()
        listed = read_model_list(folder / MODEL_LIST, content)
        seen.update(content)
    runs: dict[str, list[Run]] = {}
    remarks: list[tuple[str, str, str]] = []
    for file in _json_files(path):
        content = file.read_bytes()
        document = as_dict(_document(file, content, alone=file == path))
        if not as_dict(document.get("results")):
            continue
        seen.update(file.name.encode("utf-8", "surrogateescape") + b"\0" + content)
        if is_leaderboard(document):
            run, found = read_leaderboard(file, document)
            remarks += [(run.model, code, text) for code, text in found]
        else:
            run = read_lm_eval(file, document)
        if run.measured:
            runs.setdefault(run.model.casefold(), []).append(run)
    if not runs:
        raise TableError(path, "no results of an evaluation harness here", _NO_RESULTS)
    return _table(path, runs, listed, remarks, seen.hexdigest())


def _json_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*.json")
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(path).parts)
    )


def _document(file: Path, content: bytes, *, alone: bool) -> object:
    """The file's JSON; a broken file that does not call itself results is nothing."""
    try:
        return parse_json(file, content)
    except TableError:
        if alone or file.name.startswith("results"):
            raise
        return None


def _table(
    path: Path,
    runs: dict[str, list[Run]],
    listed: dict[str, dict[str, object]],
    remarks: list[tuple[str, str, str]],
    sha256: str,
) -> RawTable:
    models = []
    for of_model in runs.values():
        scores, found = latest_scores(of_model)
        name = of_model[0].model
        remarks += [(name, code, text) for code, text in found]
        models.append((describe(path, name, listed), name, scores))
    models.sort(key=lambda m: (m[0].family.casefold(), m[0].params, m[1]))
    names = [name for _, name, _ in models]
    scores = [measured for _, _, measured in models]
    warnings = [
        TableWarning(code, names.index(model) + 1, f"{model}: {text}")
        for model, code, text in remarks
        if model in names
    ]
    warnings += _limited(names, scores)
    warnings += mixed_settings(names, scores)
    warnings += _table_wide([described for described, _, _ in models], runs)
    return RawTable(
        path=path,
        columns=_columns([described for described, _, _ in models], names, scores),
        rows=range(1, len(models) + 1),
        warnings=tuple(warnings),
        unit="fraction",
        single=not path.is_dir(),
        sha256=sha256,
    )


def _columns(
    described: Sequence[Described], names: list[str], scores: Sequence[dict[str, Measurement]]
) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        "family": [model.family for model in described],
        "model": list(names),
        "params": [model.params for model in described],
    }
    for column in dict.fromkeys(column for model in described for column in model.more):
        empty = "" if column in TEXT_COLUMNS else nan
        columns[column] = [model.more.get(column, empty) for model in described]
    for name in sorted({name for measured in scores for name in measured}):
        missing = Measurement(nan)
        found = [measured.get(name, missing) for measured in scores]
        columns[name] = [one.score for one in found]
        if any(one.stderr == one.stderr for one in found):
            columns[f"{name}_stderr"] = [one.stderr for one in found]
    return columns


def _limited(
    names: Sequence[str], scores: Sequence[dict[str, Measurement]]
) -> Iterator[TableWarning]:
    for row, (name, measured) in enumerate(zip(names, scores, strict=True), start=1):
        few = [f"{b} ({found.items})" for b, found in measured.items() if found.items]
        if few:
            message = f"{name}: fewer questions than the benchmark has: {', '.join(few)}"
            yield TableWarning("limited_run", row, message)


def _table_wide(
    described: Sequence[Described], runs: dict[str, list[Run]]
) -> Iterator[TableWarning]:
    by_name = sum(model.by_name for model in described)
    if by_name:
        message = f"sizes read from models' names: {by_name}; {MODEL_LIST} can state them"
        yield TableWarning("size_from_name", None, message)
    harnesses = sorted({run.harness for of_model in runs.values() for run in of_model})
    if len(harnesses) > 1:
        yield TableWarning("mixed_harness", None, f"results of {' and of '.join(harnesses)}")
