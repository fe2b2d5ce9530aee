"""Rows of models as the columns of a table, with what there is to say about them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, isnan, nan
from pathlib import Path
from typing import NamedTuple

from ..columns import TEXT_COLUMNS
from ..model_list import MODEL_LIST, Described
from ..problems import TableWarning
from .choose import ModelScores
from .describe import describe_all, display_names
from .runs import Measurement


class ResultsTable(NamedTuple):
    """What `read_results` makes its table of.

    - `columns`, `rows`, `warnings`, `set_aside`, `row_files`: as in RawTable.
    - `files`: those of which no score is in the table that counts, and why.
    """

    columns: dict[str, list[object]]
    rows: range
    warnings: tuple[TableWarning, ...]
    set_aside: dict[int, str]
    row_files: dict[int, tuple[str, ...]]
    files: dict[Path, str]


def make_table(
    path: Path,
    chosen: Sequence[ModelScores],
    listed: Mapping[str, Mapping[str, object]],
    remarks: Mapping[str, Sequence[tuple[str, str]]],
    *,
    by_name: bool = True,
) -> ResultsTable:
    """The rows by family, size and name; `by_name`, whether names tell families."""
    named = display_names(chosen)
    described = describe_all(path, chosen, listed)
    if not by_name:
        described = [replace(one, family="") if one.guessed else one for one in described]
    order = sorted(
        range(len(chosen)),
        key=lambda i: (described[i].family.casefold(), _sized(described[i].params), named[i]),
    )
    rows = [chosen[i] for i in order]
    names, models = [named[i] for i in order], [described[i] for i in order]
    warnings = [
        TableWarning(code, row, f"{name}: {text}")
        for row, (name, one) in enumerate(zip(names, rows, strict=True), start=1)
        for code, text in (*one.remarks, *_of_model(one, remarks))
    ]
    counted = [i for i, row in enumerate(rows) if not row.apart]
    warnings += _limited(names, rows, counted)
    warnings += _mixed_settings(names, rows, counted)
    warnings += _table_wide(models, rows, counted)
    return ResultsTable(
        columns=_columns(models, names, rows),
        rows=range(1, len(rows) + 1),
        warnings=tuple(warnings),
        set_aside={row: one.apart for row, one in enumerate(rows, start=1) if one.apart},
        row_files={
            row: tuple(dict.fromkeys(str(run.path) for run in one.runs))
            for row, one in enumerate(rows, start=1)
        },
        files=_unused_files(names, rows),
    )


def _sized(params: float) -> float:
    """A size to order by; unknown ones come last."""
    return inf if isnan(params) else params


def _of_model(
    row: ModelScores, remarks: Mapping[str, Sequence[tuple[str, str]]]
) -> Sequence[tuple[str, str]]:
    """What the model's files say of it, with the row of it that counts."""
    return () if row.apart else remarks.get(row.first.model.key, ())


def _columns(
    described: Sequence[Described], names: list[str], rows: Sequence[ModelScores]
) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        "family": [model.family for model in described],
        "model": list(names),
        "params": [model.params for model in described],
    }
    for column in dict.fromkeys(column for model in described for column in model.more):
        empty = "" if column in TEXT_COLUMNS else nan
        columns[column] = [model.more.get(column, empty) for model in described]
    steps = [row.first.model.step for row in rows]
    if not all(map(isnan, steps)):
        columns["step"] = list(steps)
    for name in sorted({name for row in rows for name in row.measured}):
        missing = Measurement(nan)
        cells = [row.measured.get(name, missing) for row in rows]
        columns[name] = [one.score for one in cells]
        if any(not isnan(one.stderr) for one in cells):
            columns[f"{name}_stderr"] = [one.stderr for one in cells]
    return columns


def _limited(
    names: Sequence[str], rows: Sequence[ModelScores], counted: Sequence[int]
) -> Iterator[TableWarning]:
    for i in counted:
        few = [f"{b} ({cells.items})" for b, cells in rows[i].measured.items() if cells.items]
        if few:
            message = f"{names[i]}: fewer questions than the benchmark has: {', '.join(few)}"
            yield TableWarning("limited_run", i + 1, message)


def _mixed_settings(
    names: Sequence[str], rows: Sequence[ModelScores], counted: Sequence[int]
) -> Iterator[TableWarning]:
    """Benchmarks not run with the same shots and task version for all models, and models that were
    asked otherwise than most."""
    for benchmark in dict.fromkeys(name for i in counted for name in rows[i].measured):
        for code, attribute, title in (
            ("mixed_n_shot", "shots", "shots"),
            ("mixed_task_version", "version", "task version"),
        ):
            says = {
                i: getattr(rows[i].measured[benchmark], attribute)
                for i in counted
                if benchmark in rows[i].measured
            }
            says = {i: way for i, way in says.items() if way}
            yield from _mixed(code, f"{benchmark} has {title}", says, names)
    prompts = {i: rows[i].first.settings.prompt or "plain text" for i in counted}
    yield from _mixed("mixed_prompt", "the prompt is", prompts, names)


def _mixed(
    code: str, title: str, says: Mapping[int, str], names: Sequence[str]
) -> Iterator[TableWarning]:
    ways = [way for way, _ in Counter(says.values()).most_common()]
    if len(ways) < 2:
        return
    others = "; ".join(
        f"{way} for " + ", ".join(names[i] for i in says if says[i] == way) for way in ways[1:]
    )
    row = 1 + min(i for i in says if says[i] != ways[0])
    yield TableWarning(code, row, f"{title} {ways[0]} for most models, {others}")


def _table_wide(
    described: Sequence[Described], rows: Sequence[ModelScores], counted: Sequence[int]
) -> Iterator[TableWarning]:
    by_name = sum(described[i].by_name for i in counted)
    if by_name:
        message = f"sizes read from models' names: {by_name}; {MODEL_LIST} can state them"
        yield TableWarning("size_from_name", None, message)
    harnesses = sorted({run.harness for i in counted for run in rows[i].runs})
    if len(harnesses) > 1:
        yield TableWarning("mixed_harness", None, f"results of {' and of '.join(harnesses)}")


def _unused_files(names: Sequence[str], rows: Sequence[ModelScores]) -> dict[Path, str]:
    """Files of which no score counts, and why."""
    used = {run.path for row in rows if not row.apart for run in row.runs}
    whys: dict[Path, str] = {}
    for name, row in zip(names, rows, strict=True):
        for run in row.runs:
            if run.path not in used:
                whys[run.path] = _WHY.get(row.apart, row.apart).format(name=name)
        for run in row.passed_over:
            if run.path not in used and run.path not in whys:
                whys[run.path] = f"other runs of {name} are used"
    return whys


_WHY = {
    "other_run": "another run of a model that is there: {name}",
    "checkpoint": "a checkpoint of a model that is there: {name}",
    "mixed_revision": "another revision of a model that is there: {name}",
}
