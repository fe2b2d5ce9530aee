"""One entry for every format that holds scores."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from ...common.files import regular_bytes
from ...common.progress import Progress, silent
from .along import along_clock
from .clock import Along
from .decode import decoded, excel_sheets, is_excel, parquet_sheet, unpacked
from .json_files import loaded, parse_json
from .json_sheets import json_sheet, lines_sheet
from .kind_names import KindChoice
from .model_list import MODEL_LIST
from .parse import Parsed, parse
from .problems import TableError
from .raw import RawTable
from .read_csv import names_models, only_sheets, raw_table, read_csv
from .read_results import read_results
from .results.files import (
    CARD,
    find_files,
    is_card,
    is_results,
    is_results_line,
    may_hold_results,
)
from .scores import ScoreTable
from .sheets import Sheet, csv_sheet, is_markdown, markdown_sheets
from .validate import finish

Source = str | Path | pd.DataFrame

#: What a folder may hold as tables, where it holds no results of a harness.
_TABLES = (".csv", ".tsv", ".xlsx", ".parquet", ".jsonl", ".md", ".gz")
_HINT = "check the path and its permissions"


def read_scores(
    path: Source | Sequence[Source],
    *more: Source,
    name: str | None = None,
    kind: KindChoice = "base",
    along: Along = "params",
    family: str | None = None,
    fewest: int = 2,
    progress: Progress = silent,
) -> ScoreTable:
    """Read scores from `path`, or from several paths as one table.

    - A table of the user's own, one row a model, one row a score or one column a model: CSV, TSV,
      Markdown (also what the evaluation harness prints), Excel, Parquet, JSON records or columns,
      JSON Lines, any of them packed with gzip; in UTF-8, UTF-16 or Windows-1252.
    - Exports of the Open LLM Leaderboard and ObsScaling's table as they are.
    - Results of evaluation harnesses and model cards: folders, of any depth, or single files.
    - `models.csv` in the folder, or beside the table, may state families and sizes.
    - A DataFrame with the columns of such a table; `row` counts its rows from 2, as in the file
      that it would make. `attrs["path"]` says where it is from.

    Several sources become one table before the checks: the same model in two of them is one row
    whose empty cells are filled. `kind` chooses base models, tuned ones, or all; `along` the
    clock (see `along_clock`); `family` is that of every model of which no source states one,
    whatever its name says; `fewest` models must be there; `progress` is called with the number of
    results files that are read.
    Raises TableError, one line that names the file, the rows and a hint, also where `family` is
    that of no model.

    ```pycon
    >>> import pandas as pd
    >>> from nullcline import dynamics
    >>> rows = {"model": ["elm-1b", "elm-7b"], "hellaswag": [45.1, 75.2], "mmlu": [25.0, 36.3]}
    >>> table = dynamics.read_scores(pd.DataFrame(rows))  # or a path
    >>> table.frame[["family", "params", "hellaswag"]].values.tolist()
    [['elm', 1000000000.0, 0.451], ['elm', 7000000000.0, 0.752]]

    ```
    """
    several = [path] if isinstance(path, str | Path | pd.DataFrame) else list(path)
    sources: list[Parsed] = []
    results: list[Path] = []
    beside: dict[Path, Parsed] = {}
    for source in (*several, *more):
        if isinstance(source, pd.DataFrame):
            sources.append(parse(_frame(source)))
            continue
        source = Path(source)
        with readable(source):
            tables = tables_in(source)
            if not tables or source.name == MODEL_LIST:
                results.append(source)
            listed = source.parent / MODEL_LIST
            if tables and source.is_file() and source.name != MODEL_LIST and listed.is_file():
                beside.setdefault(listed, parse(read_csv(listed, listed.read_bytes())))
            while tables:  # each is let go when it is parsed: its texts are most of the memory
                sources.append(parse(tables.pop(0)))
    if any(source.name != MODEL_LIST for source in results):
        # At once, as several runs of one model may lie in several folders.
        with readable(results[0]):
            by_name = family is None
            sources.insert(0, parse(read_results(results, by_name=by_name, progress=progress)))
    if not sources:
        raise TableError("nothing", "no source of scores was given", "give a path")
    everything = [*sources, *beside.values()]
    table = finish(everything, name, kind=kind, along=along, family=family, fewest=fewest)
    if family is not None and family not in table.families:
        problem = f"every model's family is stated, so that none can be called {family!r}"
        raise TableError(table.name, problem, "leave that name away")
    return along_clock(table, along)


@contextmanager
def readable(source: Path) -> Iterator[None]:
    """Turns what the system has against reading into a TableError."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise TableError(error.filename or source, f"not readable ({why})", _HINT) from None


def as_table(source: ScoreTable | Source, *, along: Along | None = None) -> ScoreTable:
    """A table as it is, or what `read_scores` reads; along another clock where one is named."""
    table = source if isinstance(source, ScoreTable) else read_scores(source)
    return table if along is None else along_clock(table, along)


def _frame(frame: pd.DataFrame) -> RawTable:
    index = not isinstance(frame.index, pd.RangeIndex) and frame.index.dtype == object
    content = frame.to_csv(index=index).encode("utf-8")
    return read_csv(Path(str(frame.attrs.get("path", "DataFrame"))), content)


def tables_in(path: Path) -> list[RawTable]:
    """The tables in a file or folder; none where it holds results."""
    if "\0" in str(path) or not path.exists():
        raise TableError(path, "there is no such file or folder", "check the path")
    if path.is_dir():
        return _folder(path)
    content = regular_bytes(path)
    plain, packed = unpacked(path, content)
    if plain[:4] == b"PAR1":
        return [raw_table(parquet_sheet(path, plain), content, packed)]
    if plain[:2] == b"PK":
        if path.suffix.lower() == ".eval":
            return []
        if not is_excel(plain):
            raise TableError(path, "a zip archive that is no workbook", "unpack it")
        return _sheets(excel_sheets(path, plain), content, packed)
    text, encoding = decoded(path, plain)
    note = " ".join(word for word in (packed, encoding) if word)
    return _text(path, text, content, note.removesuffix("UTF-8").strip())


def _text(path: Path, text: str, content: bytes, note: str) -> list[RawTable]:
    """A text file's tables, told apart by its content."""
    first = text.lstrip()[:1]
    if ".jsonl" in path.suffixes and is_results_line(text.lstrip().partition("\n")[0]):
        return []
    if first in ("{", "["):
        sheet = _json(path, text)
        if sheet is not None:
            return [raw_table(sheet, content, note)]
        return [read_results(path)]
    if is_card(content) or path.suffix.lower() in (".yaml", ".yml"):
        return []
    if is_markdown(text):
        return _sheets(markdown_sheets(path, text), content, note)
    return [raw_table(csv_sheet(path, text), content, note)]


def _json(path: Path, text: str) -> Sheet | None:
    """The table in a JSON file, None where it is no table but a file of results."""
    if ".jsonl" in path.suffixes and (sheet := lines_sheet(path, text)) is not None:
        return sheet
    try:
        document = loaded(text)
    except (ValueError, RecursionError):
        sheet = lines_sheet(path, text) if "\n" in text.strip() else None
        if sheet is None and path.suffix.lower() != ".jsonl":
            parse_json(path, text.encode("utf-8", "surrogatepass"))
        return sheet
    if is_results(document):
        return None
    return json_sheet(path, document)


def _sheets(sheets: Sequence[Sheet], content: bytes, note: str) -> list[RawTable]:
    """The sheets of a file that are tables; one of several may be none."""
    found: list[RawTable | TableError] = []
    for sheet in sheets:
        try:
            raw = raw_table(sheet, content, note)
            if len(sheets) > 1 and not names_models(raw):
                raise TableError(raw.path, "no column 'model'", "add it to the header", row=1)
            found.append(raw)
        except TableError as error:
            if len(sheets) == 1:
                raise
            found.append(error)
    return only_sheets(found)


def _folder(path: Path) -> list[RawTable]:
    """The tables in a folder that holds no results of a harness."""
    if any(may_hold_results(file) for file in find_files(path)[0]):
        return []
    return [raw for file in _tables(path) for raw in tables_in(file)]


def _tables(path: Path) -> list[Path]:
    """Files of tables; a text or a list of models is none, but where it is all there is."""
    return sorted(
        file
        for file in path.iterdir()
        if file.is_file()
        and file.suffix.lower() in _TABLES
        and not file.name.startswith(".")
        and file.name not in (MODEL_LIST, CARD)
    )
