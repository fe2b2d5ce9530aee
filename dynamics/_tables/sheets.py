"""Sheets: rows of cells with their line numbers, as a file holds them, not yet understood."""

import csv
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...common.cells import as_meant
from .known_names import known_name
from .problems import TableError

_DELIMITERS = ",;\t|"
_LINES_LOOKED_AT = 12
_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_MODEL_SAID = re.compile(r"(?:pretrained|model|path)=([^,\s)]+)")
_MOST_TABLES = 100  # in a document
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_BLANKS = re.compile(r"[ \t]{2,}")
#: Longer than any table's header: such a line is one long cell.
_LONGEST_LINE = 100_000


@dataclass(frozen=True)
class Sheet:
    """One table of a file.

    - `path`: the file; `part`: the sheet's name or the table's place in it, empty for the only one.
    - `format`: what it was read as.
    - `rows`: cells of each row, text or numbers; `numbers`: the line of each in the file.
    - `ragged`: whether a row may lack cells at its end without being broken.
    - `model`: the model that text around the table names, if any.
    """

    path: Path
    format: str
    rows: Sequence[Sequence[object]]
    numbers: Sequence[int]
    part: str = ""
    ragged: bool = True
    model: str = ""

    @property
    def name(self) -> str:
        """The path, with the part behind `#`."""
        return f"{self.path}#{self.part}" if self.part else str(self.path)


def csv_sheet(path: Path, text: str) -> Sheet:
    """A table in CSV: comma, semicolon, tab or bar, which a line `sep=` may state.

    Raises TableError where quotes do not match.
    """
    start, delimiter = 1, ""
    stated = re.match(r"\s*\"?sep=(.)\"?[ ;,\t]*\r?\n", text[:100], re.IGNORECASE)
    if stated is not None:
        start, delimiter = 1 + stated[0].count("\n"), stated[1]
        text = text[stated.end() :]
    delimiter = delimiter or _delimiter(text)
    if not delimiter and _is_aligned(text):
        return _aligned_sheet(path, text, start)
    delimiter = delimiter or ","
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    # Tuples and an array, as a large table is read in the memory of a few times its file.
    rows, numbers = [], array("q")
    line = 0
    # One text for all equal cells: families, sizes and scores of few digits come again and again,
    # and their texts are most of the memory.
    known: dict[str, str] = {}
    guarded = "'" in text
    try:
        for cells in reader:
            if guarded:  # as `no_formula` writes what a spreadsheet would run
                cells = [as_meant(cell) for cell in cells]
            if any(map(str.strip, cells)):
                rows.append(tuple(map(known.setdefault, cells, cells)))
                numbers.append(start + line)
            line = reader.line_num
    except csv.Error as error:
        why = f"not readable as CSV ({error})"
        raise TableError(path, why, "check quotes", start + line) from None
    named = {"\t": "tsv"}.get(delimiter, "csv")
    return Sheet(path, named, rows, numbers, ragged=False)


def markdown_sheets(path: Path, text: str) -> list[Sheet]:
    """The tables of a Markdown document, or what the evaluation harness prints.

    Raises TableError for a document of a hundred tables and more.
    """
    lines = text.splitlines()
    rules = [i for i in range(1, len(lines)) if _is_rule(lines[i]) and "|" in lines[i - 1]]
    if len(rules) > _MOST_TABLES:
        problem = f"{len(rules)} tables in one document"
        raise TableError(path, problem, f"give at most {_MOST_TABLES} in a file")
    starts = {rule - 1 for rule in rules}
    sheets: list[Sheet] = []
    said = 0
    model = ""
    for place, rule in enumerate(rules, start=1):
        for line in lines[said : rule - 1]:
            if "=" in line and (match := _MODEL_SAID.search(line[:1000])):
                model = match[1]
        rows, numbers = [_bars(lines[rule - 1])], [rule]
        for number in range(rule + 1, len(lines)):
            if "|" not in lines[number] or number in starts:
                break
            rows.append(_bars(lines[number]))
            numbers.append(number + 1)
        said = rule + len(rows) - 1
        part = f"table {place}" if len(rules) > 1 else ""
        sheets.append(Sheet(path, "markdown", rows, numbers, part, model=model))
    return sheets


def is_markdown(text: str) -> bool:
    """Whether a text holds a Markdown table: a line with bars above a rule of dashes."""
    if "|" not in text or "--" not in text:
        return False
    lines = text.splitlines()
    return any(_is_rule(lines[i]) and "|" in lines[i - 1] for i in range(1, len(lines)))


def _is_rule(line: str) -> bool:
    if "--" not in line or "|" not in line or len(line) > _LONGEST_LINE:
        return False
    return not set(line.strip()) - set("|:- \t")


def _bars(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip())
    if cells and not cells[0].strip():
        cells = cells[1:]
    if cells and not cells[-1].strip():
        cells = cells[:-1]
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, whichever they have; a buffer would hold four bytes a letter."""
    for match in _LINE.finditer(text):
        if line := match[0]:
            yield line


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first lines into the same number of cells, two or more;
    of several the one whose header we know best, then the one that cuts into most. Empty for none.
    """
    lines = _first_lines(text)

    def steady(delimiter: str) -> tuple[float, int, int]:
        try:
            rows = [cells for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            return 0.0, 0, 0
        width, often = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        if width < 2:
            return 0.0, 0, 0
        header = next(cells for cells in rows if len(cells) == width)
        known = sum(bool(known_name(cell[:200])) for cell in header[:200])
        return often / len(rows), known, width

    best = max(_DELIMITERS, key=steady)
    return best if steady(best)[0] > 0 else ""


def _first_lines(text: str) -> list[str]:
    lines = [line[:_LONGEST_LINE] for line in text[:400_000].splitlines()[:80] if line.strip()]
    return [line for line in lines if not line.startswith("# ")][:_LINES_LOOKED_AT]


def _is_aligned(text: str) -> bool:
    """Whether columns are set apart by two blanks or more, as in a printed table."""
    widths = [len(_BLANKS.split(line.strip())) for line in _first_lines(text)]
    return len(widths) > 1 and min(widths) > 1 and len(set(widths)) == 1


def _aligned_sheet(path: Path, text: str, start: int) -> Sheet:
    rows, numbers = [], []
    for number, line in enumerate(text.splitlines(), start=start):
        if line.strip():
            rows.append(_BLANKS.split(line.strip()))
            numbers.append(number)
    return Sheet(path, "text", rows, numbers, ragged=False)
