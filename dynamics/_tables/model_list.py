"""models.csv: sizes and families of the models whose results lie in a folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

from .columns import SCALED_COLUMNS, TEXT_COLUMNS, is_ignored, known_column
from .counts import read_count_column
from .model_names import family_in_name, short_name, sizes_in_name
from .problems import TableError
from .read_csv import read_csv

MODEL_LIST = "models.csv"


@dataclass(frozen=True)
class Described:
    """A model's family and size, and whatever else is known of it.

    `by_name` is whether the size was read from the model's name.
    """

    family: str
    params: float
    more: Mapping[str, object] = field(default_factory=dict)
    by_name: bool = False


def read_model_list(path: Path, content: bytes) -> dict[str, dict[str, object]]:
    """Rows of models.csv by the model's name in lower case: text columns and counts.

    Raises TableError for a column that is none of a score table's, for text that is no number,
    and for a model that stands twice.
    """
    raw = read_csv(path, content)
    columns: dict[str, list[object]] = {}
    for heading, cells in raw.columns.items():
        if is_ignored(heading):
            continue
        column = known_column(heading)
        if column is None:
            problem = f"column {heading!r} is not known"
            raise TableError(path, problem, "remove it or name it 'note'", row=1)
        if column in TEXT_COLUMNS:
            columns[column] = [" ".join(str(cell).split()) for cell in cells]
            continue
        target, factor = SCALED_COLUMNS.get(column, (column, 1.0))
        counts = read_count_column(path, heading, cells, raw.rows, factor=factor)
        columns[target] = list(counts)
    if "model" not in columns:
        raise TableError(path, "no column 'model'", "add it to the header", row=1)
    listed: dict[str, dict[str, object]] = {}
    for i, row in enumerate(raw.rows):
        model = str(columns["model"][i]).casefold()
        if model in listed:
            raise TableError(path, f"model {model!r} stands twice", "keep one of them", row=row)
        listed[model] = {column: cells[i] for column, cells in columns.items()}
    return listed


def describe(path: Path, model: str, listed: Mapping[str, Mapping[str, object]]) -> Described:
    """Family and size of `model`: as listed, else from its name.

    Listed are `org/name`, `org__name` as the harness names folders, or the name alone.
    Raises TableError where neither tells the size or the family.
    """
    spellings = (model, model.replace("/", "__"), short_name(model))
    row = next((listed[s.casefold()] for s in spellings if s.casefold() in listed), {})
    more = {c: v for c, v in row.items() if c not in ("family", "model", "params")}
    named = sizes_in_name(model)
    params = row.get("params")
    is_listed = isinstance(params, float) and not isnan(params)
    size = float(params) if is_listed and isinstance(params, float) else named.total
    family = str(row.get("family") or "") or family_in_name(model)
    if isnan(size) or not family:
        problem = f"no {'size' if isnan(size) else 'family'} is known for {model!r}"
        mend = f"write {MODEL_LIST} into the folder, with the columns model, family, params"
        raise TableError(path, problem, mend)
    if not isnan(named.active) and "active_params" not in more and named.active < size:
        more["active_params"] = named.active
    return Described(family, size, more, by_name=not is_listed)
