"""models.csv: sizes and families of the models whose results lie in a folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path

from .cells import clean_name, clean_text, read_counts
from .columns import TEXT_COLUMNS, is_ignored, known_heading
from .model_names import family_in_name, naming_part, short_name, sizes_in_name
from .problems import Problems, listed
from .read_csv import read_csv

MODEL_LIST = "models.csv"


@dataclass(frozen=True)
class Described:
    """A model's family and size, and whatever else is known of it.

    `family` is empty and `params` NaN where neither models.csv nor the name tells them; `by_name`
    is whether the size was read from the model's name, `guessed` whether the family was.
    """

    family: str
    params: float
    more: Mapping[str, object] = field(default_factory=dict)
    by_name: bool = False
    guessed: bool = False


def read_model_list(path: Path, content: bytes) -> dict[str, dict[str, object]]:
    """Rows of models.csv by the model's name in lower case: text columns and counts.

    Raises one TableError for all columns that are none of a score table's, text that is no
    number, and models that stand twice.
    """
    raw = read_csv(path, content)
    problems = Problems(path)
    columns: dict[str, list[object]] = {}
    unknown = []
    for heading, cells in raw.columns.items():
        if is_ignored(heading):
            continue
        known = known_heading(heading)
        if known is None:
            unknown.append(repr(heading))
            continue
        if known.column in TEXT_COLUMNS:
            clean = clean_name if known.column in ("model", "family") else clean_text
            columns[known.column] = [clean(cell) for cell in cells]
            continue
        counts, has_unit, bad = read_counts(cells)
        for i in bad:
            problem = f"{heading} holds {clean_text(cells[i])[:40]!r}, which is no number"
            problems.add(problem, "write 410M, 6.9B or a count", raw.rows[i])
        counts[~has_unit] *= known.factor or 1.0
        columns[known.column] = list(counts)
    if unknown:
        plural = "columns" if len(unknown) > 1 else "column"
        verb = "are" if len(unknown) > 1 else "is"
        problem = f"{plural} {listed(unknown)} {verb} not known"
        problems.add(problem, "remove it or name it 'note'", 1)
    if "model" not in columns:
        problems.add("no column 'model'", "add it to the header", 1)
    rows: dict[str, dict[str, object]] = {}
    for i, row in enumerate(raw.rows if "model" in columns else ()):
        model = str(columns["model"][i]).casefold()
        if model in rows:
            problems.add(f"model {model!r} stands twice", "keep one of them", row)
        rows[model] = {column: cells[i] for column, cells in columns.items()}
    problems.check()
    return rows


def describe(path: Path, model: str, listed: Mapping[str, Mapping[str, object]]) -> Described:
    """Family and size of `model`: as listed, else from its name, else unknown.

    Listed are `org/name`, `org__name` as the harness names folders, or the name alone. What stays
    unknown is said of all models at once where the table is checked.
    """
    spellings = (model, model.replace("/", "__"), short_name(model), naming_part(model))
    row = next((listed[s.casefold()] for s in spellings if s.casefold() in listed), {})
    more = {c: v for c, v in row.items() if c not in ("family", "model", "params")}
    named = sizes_in_name(model)
    params = row.get("params")
    is_listed = isinstance(params, float) and not isnan(params)
    size = float(params) if is_listed and isinstance(params, float) else named.total
    stated = str(row.get("family") or "")
    family = stated or family_in_name(model)
    if not isnan(named.active) and "active_params" not in more and named.active < size:
        more["active_params"] = named.active
    return Described(
        family,
        size if size else nan,
        more,
        by_name=not is_listed and not isnan(size),
        guessed=not stated,
    )
