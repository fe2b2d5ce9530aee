"""The shapes of tables: one row a model, one row a score, one column a model."""

from dataclasses import replace
from types import MappingProxyType

from .account import RowLeftOut
from .cells import clean_name, clean_text, is_missing
from .columns import known_column, known_heading, no_score
from .header import Grid
from .known_names import known_name
from .model_names import family_in_name
from .problems import TableWarning

_TASKS = frozenset({"task", "tasks", "benchmark", "benchmarks", "dataset", "datasets", "eval",
                    "evaluation", "test", "groups", "task name", "task_name", "benchmark name",
                    "dataset name", "dataset_name", "testset"})  # fmt: skip
_VALUES = ("value", "score", "result", "best score (across scorers)", "best score", "accuracy",
           "mean score", "mean_score", "performance", "metric value", "metric_value", "acc",
           "percent", "score (%)", "exact match")  # fmt: skip
_METRICS = frozenset({"metric", "metrics", "metric name", "metric_name", "measure"})
_STDERRS = frozenset({"stderr", "std err", "standard error", "se", "std_err", "standard_error"})
# Columns of a transposed table that are no models.
_NO_MODELS = frozenset({"version", "metric", "mode", "split", "category", "n-shot", "shots",
                        "filter", "few-shot", "subset", "type", "#", "chance", "items", "human",
                        "random", "average", "avg", "mean"})  # fmt: skip
_PRINTED = MappingProxyType({"Groups": "Tasks"})


def one_row_a_model(grid: Grid, model: str = "") -> tuple[Grid, list[TableWarning], str]:
    """The table with one row a model, what is to be said about it, and the shape that it had.

    `model` names the model of a table that lists scores of one model only.
    """
    if _is_printed(grid):
        grid = _with_model(_printed(grid), model)
    task, value = _of(grid, _TASKS), _value(grid)
    if task is not None and value is not None and _model(grid) is not None:
        return (*_widened(grid, task, value), "long")
    if _is_transposed(grid):
        return _turned(grid), [], "transposed"
    return grid, [], ""


def _is_printed(grid: Grid) -> bool:
    names = {heading.lower() for heading in grid.headings}
    return {"metric", "value"} <= names and bool(names & {"tasks", "groups"})


def _printed(grid: Grid) -> Grid:
    """The harness's table with each task named in all of its rows and empty headings dropped."""
    headings = [_PRINTED.get(heading, heading) for heading in grid.headings]
    place = [i for i, heading in enumerate(headings) if heading]
    cells = [list(grid.cells[i]) for i in place]
    headings = [headings[i] for i in place]
    tasks = cells[headings.index("Tasks")] if "Tasks" in headings else cells[0]
    for i, task in enumerate(tasks):
        text = clean_text(task).lstrip("- ")
        tasks[i] = text or (tasks[i - 1] if i else "")
    return replace(grid, headings=headings, cells=cells)


def _with_model(grid: Grid, model: str) -> Grid:
    if _model(grid) is not None:
        return grid
    names: list[object] = [model] * len(grid.rows)
    return replace(grid, headings=["model", *grid.headings], cells=[names, *grid.cells])


def _widened(grid: Grid, task: int, value: int) -> tuple[Grid, list[TableWarning]]:
    """From one row a score to one row a model; a second score of one kind is said, not used."""
    model = _model(grid)
    metric, stderr = _of(grid, _METRICS), _of(grid, _STDERRS)
    apart = [i for i, h in enumerate(grid.headings) if known_column(h) in ("seed", "precision")]
    scored = {task, value, metric, stderr}
    said = [i for i, h in enumerate(grid.headings) if i not in scored and h]
    rows: dict[tuple, dict[str, object]] = {}
    numbers: dict[tuple, int] = {}
    left_out, warnings = list(grid.left_out), []
    for i, number in enumerate(grid.rows):
        name = clean_name(grid.cells[model][i]) if model is not None else ""
        heading = clean_text(grid.cells[task][i])
        if not name or not heading:
            what = "model" if not name else "task"
            left_out.append(RowLeftOut(number, name, f"no {what} is named"))
            continue
        key = (name, *(grid.cells[j][i] for j in apart))
        row = rows.setdefault(key, {})
        numbers.setdefault(key, number)
        for j in said:
            if is_missing(row.get(grid.headings[j], "")):
                row[grid.headings[j]] = grid.cells[j][i]
        if metric is not None:
            heading = f"{heading} {clean_text(grid.cells[metric][i])}".strip()
        cell = grid.cells[value][i]
        if not is_missing(row.get(heading, "")) and not is_missing(cell):
            if row[heading] != cell:
                message = f"{name} has {heading} again: {cell}; {row[heading]} is used"
                warnings.append(TableWarning("conflicting_duplicate", number, message))
            continue
        row[heading] = cell
        if stderr is not None and not is_missing(grid.cells[stderr][i]):
            row[f"{heading}_stderr"] = grid.cells[stderr][i]
    headings = list(dict.fromkeys(h for row in rows.values() for h in row))
    cells = [[row.get(heading, "") for row in rows.values()] for heading in headings]
    wide = Grid(headings, cells, list(numbers.values()), tuple(left_out), grid.header_row)
    return wide, warnings


def _is_transposed(grid: Grid) -> bool:
    """Whether the first column names more columns that we know than the header does."""
    if not grid.cells or len(grid.headings) < 2 or len(grid.rows) > 2000:
        return False
    across = {known_name(h) for h in grid.headings[1:] if _models_heading(h) is None} - {""}
    down = {known_name(clean_text(cell)[:200]) for cell in grid.cells[0]} - {""}
    if len(down) <= len(across) or down <= {"model", "kind"}:
        return False
    names = [h for h in grid.headings[1:] if _models_heading(h) is not None]
    return bool(names) and "model" not in across


def _models_heading(heading: str) -> str | None:
    """The model that a heading of a transposed table names, None where it names none."""
    lowered = heading.strip().lower()
    if not lowered or lowered in _NO_MODELS or lowered in _TASKS:
        return None
    if not family_in_name(heading) and (known_name(heading) or no_score(heading)):
        return None
    return clean_name(heading)


def _turned(grid: Grid) -> Grid:
    """From one column a model to one row a model; rows are numbered by their column."""
    metric = _of(grid, _METRICS)
    labels = []
    for i in range(len(grid.rows)):
        label = clean_text(grid.cells[0][i])
        if metric and metric > 0 and known_heading(label) is None:
            label = f"{label} {clean_text(grid.cells[metric][i])}".strip()
        labels.append(label)
    models = [
        (j, name)
        for j, heading in enumerate(grid.headings)
        if j and (name := _models_heading(heading)) is not None
    ]
    columns: dict[str, list[object]] = {}
    if "model" not in {known_column(label) for label in labels}:
        columns["model"] = [name for _, name in models]
    left_out = list(grid.left_out)
    for i, label in enumerate(labels):
        cells = [grid.cells[j][i] for j, _ in models]
        if not label or label in columns:
            why = "has no label" if not label else f"holds {label} again"
            left_out.append(RowLeftOut(grid.rows[i], label, f"a line that {why}"))
            continue
        columns[label] = cells
    numbers = [j + 1 for j, _ in models]
    return Grid(list(columns), list(columns.values()), numbers, tuple(left_out), grid.header_row)


def _of(grid: Grid, names: frozenset[str]) -> int | None:
    return next((i for i, h in enumerate(grid.headings) if h.strip().lower() in names), None)


def _value(grid: Grid) -> int | None:
    lowered = [heading.strip().lower() for heading in grid.headings]
    return next((lowered.index(name) for name in _VALUES if name in lowered), None)


def _model(grid: Grid) -> int | None:
    ranked = [
        (known.rank, i)
        for i, heading in enumerate(grid.headings)
        if (known := known_heading(heading)) is not None and known.column == "model"
    ]
    return min(ranked)[1] if ranked else None
