"""Bytes to text or tables: compression, encodings, spreadsheets, Parquet."""

import codecs
import gzip
import io
import re
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path

from .problems import TableError
from .sheets import Sheet

PACK_AGAIN = "pack it again"
_MOST_UNPACKED = 50_000_000  # bytes, or a hundred times the file if that is less
_RATIO = 100
_LEAST_LIMIT = 1_000_000
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BROKEN = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError),
    *(OSError, RuntimeError, SyntaxError, TypeError, ValueError, zipfile.BadZipFile, zlib.error),
)


def unpacked(path: Path, content: bytes) -> tuple[bytes, str]:
    """The content without gzip, and what it was packed with (`gzip` or nothing).

    Raises TableError for broken gzip and for what is a hundred times larger unpacked.
    """
    if content[:2] != b"\x1f\x8b":
        return content, ""
    limit = _limit(len(content))
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(path, f"not readable as gzip ({error})", PACK_AGAIN) from None
    if len(plain) > limit:
        problem = f"more than {limit / 1e6:.0f} MB when unpacked"
        raise TableError(path, problem, "unpack it and leave out what is not needed")
    return plain, "gzip"


def decoded(path: Path, content: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8 or UTF-16 with or without a mark, else Windows-1252.

    Raises TableError for what is no text.
    """
    hint = "save the table as CSV in UTF-8"
    if content.startswith(codecs.BOM_UTF8):
        return _as(path, content, "utf-8-sig", hint), "UTF-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _as(path, content, "utf-16", hint), "UTF-16"
    if b"\0" in content[:4000]:
        head = content[:4000]
        zeros = (head[::2].count(0), head[1::2].count(0))
        for encoding, at, other in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
            if zeros[at] > len(head) // 4 and zeros[other] < len(head) // 50:
                return _as(path, content, encoding, hint), "UTF-16"
    if b"\0" in content:
        raise TableError(path, "not a text file (NUL bytes)", hint)
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        if _CONTROLS.search(content):
            raise TableError(path, "not a UTF-8 text file", hint) from None
    return _as(path, content, "cp1252", hint), "Windows-1252"


def excel_sheets(path: Path, content: bytes) -> list[Sheet]:
    """The sheets of a workbook (xlsx). Raises TableError where it is broken or cannot be read."""
    if find_spec("openpyxl") is None:
        hint = "pip install 'nullcline[tables]', or save the sheet as CSV"
        raise TableError(path, "reading Excel needs openpyxl", hint)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = []
        for sheet in book.worksheets:
            rows, numbers = [], []
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if any(cell is not None for cell in cells):
                    rows.append([plain_cell(cell) for cell in cells])
                    numbers.append(number)
            part = sheet.title if len(book.worksheets) > 1 else ""
            sheets.append(Sheet(path, "excel", rows, numbers, part))
    except _BROKEN as error:
        why = " ".join(str(error).split())[:80] or type(error).__name__
        raise TableError(path, f"not readable as Excel ({why})", "save it again, as CSV") from None
    return sheets


def is_excel(content: bytes) -> bool:
    """Whether a zip archive is a workbook that is not larger than a workbook may be."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            size = sum(info.file_size for info in archive.infolist())
    except _BROKEN:
        return False
    return any(n.startswith("xl/") for n in names) and size <= _limit(len(content))


def parquet_sheet(path: Path, content: bytes) -> Sheet:
    """The table of a Parquet file, with the index that pandas writes as a column."""
    if find_spec("pyarrow") is None:
        hint = "pip install 'nullcline[tables]', or save the table as CSV"
        raise TableError(path, "reading Parquet needs pyarrow", hint)
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content))
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > max(_limit(len(content)) // 8, 1):
            raise ValueError(f"{cells} cells in {len(content)} bytes")
        table = file.read()
        names = [str(name) for name in table.column_names]
        columns = [column.to_pylist() for column in table.columns]
    except _BROKEN as error:
        why = " ".join(str(error).split())[:80] or type(error).__name__
        raise TableError(path, f"not readable as Parquet ({why})", "save it again") from None
    rows = [names, *([plain_cell(cell) for cell in row] for row in zip(*columns, strict=True))]
    return Sheet(path, "parquet", rows, range(1, len(rows) + 1))


def plain_cell(cell: object) -> object:
    """A cell as text or a number: dates and truth values as text, nothing as empty text."""
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return str(cell)
    return cell


def _limit(size: int) -> int:
    return max(_LEAST_LIMIT, min(_MOST_UNPACKED, _RATIO * size))


def _as(path: Path, content: bytes, encoding: str, hint: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise TableError(path, "not a UTF-8 text file", hint) from None
    if "\0" in text:
        raise TableError(path, "not a text file (NUL bytes)", hint)
    return text
