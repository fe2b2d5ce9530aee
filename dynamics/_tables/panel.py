"""A table of models that belong to no family: a panel of the frontier."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ...data import shipped
from .parse import parse
from .problems import TableError, TableWarning
from .raw import RawTable
from .read import readable, tables_in

#: Headings of who made a model, the likeliest first; tables of families may mean others by them.
_MAKERS = ("organization", "organisation", "developer", "provider", "company", "vendor", "maker")


@dataclass(frozen=True, eq=False)
class Panel:
    """Models with scores, whatever their families and sizes.

    - `frame`: `row`, `model`, `lab` and `date` (empty text where the source does not say), scores
      as fractions under the names of `benchmarks`, their `_stderr` where the source has them, and
      the source's other text.
    - `sha256`: of the bytes that were read; `warnings`: what the reader noticed.
    """

    name: str
    frame: pd.DataFrame
    benchmarks: tuple[str, ...]
    sha256: str
    warnings: tuple[TableWarning, ...] = ()


def read_panel(path: str | Path, *, name: str | None = None) -> Panel:
    """Read a table of models, one row each: CSV, Excel, Markdown, Parquet, JSON.

    Units, spellings of benchmarks and broken cells are treated as `read_scores` does; sizes and
    families are not asked for. Raises TableError, one line that names the file, the row and a hint.
    """
    path = Path(path)
    with readable(path):
        found = tables_in(path)
    if len(found) != 1:
        problem = "no table of models" if not found else f"{len(found)} tables in one file"
        raise TableError(path, problem, "give one table, a row for each model")
    parsed = parse(_with_lab(found[0]))
    _check_names(path, parsed.frame)
    frame = parsed.frame.drop(columns=["family", "said_kind", "kind_rules", "set_aside", "params"])
    for column in ("lab", "date"):
        if column not in frame:
            frame[column] = ""
    return Panel(
        name=name or path.stem,
        frame=frame,
        benchmarks=parsed.benchmarks,
        sha256=parsed.raw.sha256,
        warnings=parsed.warnings,
    )


def load_panel(name: str = "frontier") -> Panel:
    """A shipped panel: `frontier`, as makers report, or `frontier_one_harness`."""
    return read_panel(shipped(f"{name}.csv"), name=name)


def _check_names(path: Path, frame: pd.DataFrame) -> None:
    """A model that stands there twice would count twice: as two releases, and in each r."""
    again = frame["model"].duplicated()
    if again.any():
        name, row = frame.loc[again, ["model", "row"]].iloc[0]
        problem = f"model {name!r} is in the table twice"
        raise TableError(path, problem, "keep one row for each model", int(row))


def _with_lab(raw: RawTable) -> RawTable:
    """Call the column that says who made a model `lab`, where none is called so."""
    named = {heading.strip().casefold(): heading for heading in raw.columns}
    maker = next((named[word] for word in _MAKERS if word in named), None)
    if maker is None or "lab" in named:
        return raw
    columns = {"lab" if h == maker else h: cells for h, cells in raw.columns.items()}
    return replace(raw, columns=columns)
