"""Which files of folders may hold results, and how each is opened."""

import gzip
import json
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..account import FileSeen
from ..decode import PACK_AGAIN, unpacked
from ..json_files import as_dict, as_list, parse_json
from ..model_list import MODEL_LIST
from ..problems import TableError
from .every_eval_ever import is_every_eval_ever, read_every_eval_ever
from .inspect_logs import is_inspect, open_eval, read_inspect
from .lighteval import is_lighteval, read_lighteval
from .lm_eval import read_lm_eval
from .runs import EVAL_FOLDER, FileReading

CARD = "README.md"
_TABLES = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".parquet", ".md"})
SAMPLES = "answers to single questions, no scores; the scores are in results_<time>.json"
_NO_RESULTS = "JSON without results"
_UNREADABLE = "not readable as JSON"
_LONGEST_LINE = 2**24  # bytes; longer lines hold no results
_DEEPEST = 64  # folders below the one given; `os.walk` of Python 3.11 recurses once for each


def find_files(path: Path) -> tuple[list[Path], list[FileSeen]]:
    """The files in a folder (at any depth) that may hold results, and what else is there.

    Hidden files and folders are not looked into, but `.eval_results` of the hub is; nor is what
    lies more than 64 folders deep. Both are named. Other files are counted by their ending.
    """
    if not path.is_dir():
        return [path], []
    candidates: list[Path] = []
    others: Counter[str] = Counter()
    hidden: list[str] = []
    too_deep: list[str] = []
    for folder, folders, names in os.walk(path, onerror=_raise):
        hidden += [f"{folder}/{name}" for name in sorted(folders) if _is_hidden(name)]
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        if len(Path(folder).relative_to(path).parts) == _DEEPEST:
            too_deep += [f"{folder}/{name}" for name in folders]
            folders.clear()
        is_eval = Path(folder).name == EVAL_FOLDER
        for name in sorted(names):
            if _may_hold(name, is_eval=is_eval):
                candidates.append(Path(folder, name))
            elif name != MODEL_LIST or Path(folder) != path:
                others[Path(name).suffix.casefold() or name] += 1
    seen = [FileSeen(name, reason="hidden: not looked into") for name in hidden]
    reason = f"more than {_DEEPEST} folders deep: not looked into; give a folder nearer to it"
    seen += [FileSeen(name, reason=reason) for name in too_deep]
    for ending, count in sorted(others.items()):
        kind = "tables are given by their own path" if ending in _TABLES else "no results"
        label = f"{path}/**/*{ending}" if ending.startswith(".") else f"{path}/**/{ending}"
        seen.append(FileSeen(label, left_out=count, reason=f"{count} such files: {kind}"))
    return [file for file in candidates if file.is_file()], seen


def open_file(file: Path) -> bytes | None:
    """The bytes of a file, without gzip; None where its name or first line says: samples.

    Raises TableError for broken gzip.
    """
    name = _unpacked_name(file)
    if name.startswith("samples") and name.endswith((".json", ".jsonl")):
        return None
    if name.endswith(".jsonl"):
        opened = gzip.open if name != file.name.casefold() else open
        with opened(file, "rb") as lines:
            try:
                first = lines.readline(_LONGEST_LINE)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise TableError(file, f"not readable as gzip ({error})", PACK_AGAIN) from None
        if not is_results_line(first):
            return None
    return unpacked(file, file.read_bytes())[0]


def is_results_line(line: bytes | str) -> bool:
    """Whether a line of JSON Lines is a document of a results format."""
    try:
        return is_results(json.loads(line))
    except (ValueError, RecursionError):
        return False


def read_file(file: Path, content: bytes, *, alone: bool) -> FileReading:
    """What one file holds, in whichever known format.

    Raises TableError for a file that is broken, if it is given `alone`, calls itself results, or
    has an ending that only results have.
    """
    name = _unpacked_name(file)
    if name.endswith(".eval"):
        return read_inspect(file, open_eval(file, content))
    if name.endswith((".yaml", ".yml", ".md")):
        from .model_cards import read_card, read_eval_results  # few folders need PyYAML

        return (read_card if name.endswith(".md") else read_eval_results)(file, content)
    try:
        if name.endswith(".jsonl"):
            return _lines(file, content)
        return read_document(file, parse_json(file, content))
    except TableError as error:
        if alone or name.startswith("results") or _UNREADABLE not in error.problem:
            raise
        return FileReading("", reason=error.problem)


def read_document(file: Path, document: object) -> FileReading:
    """What a JSON document holds: a log, a record or results, else why it is none of these."""
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "no object"
        is_samples = file.name.startswith("samples") or _are_samples(as_list(document))
        return FileReading("", reason=SAMPLES if is_samples else f"{_NO_RESULTS} ({kind})")
    if is_every_eval_ever(document):
        return read_every_eval_ever(file, document)
    if is_inspect(document):
        return read_inspect(file, document)
    results = document.get("results")
    if isinstance(results, dict):
        return read_lighteval(file, document) if is_lighteval(document) else (
            read_lm_eval(file, document)
        )  # fmt: skip
    if "results" in document:
        return FileReading("", reason="its results are no object of tasks: not a format we know")
    return FileReading("", reason=_NO_RESULTS)


def may_hold_results(file: Path) -> bool:
    """Whether a folder with this file is one of results, and no folder of tables."""
    if _unpacked_name(file).endswith(".jsonl"):
        return open_file(file) is not None
    return file.name != CARD or is_card(file.read_bytes())


def is_card(content: bytes) -> bool:
    """Whether a text is a model's card that states scores."""
    return content.startswith(b"---") and b"model-index:" in content[:200_000]


def is_results(document: object) -> bool:
    """Whether a JSON document is one of a results format, readable or not."""
    known = as_dict(document)
    is_one = "results" in known and "model" not in known  # else a table with such a column
    return is_one or is_every_eval_ever(known) or is_inspect(known)


def _lines(file: Path, content: bytes) -> FileReading:
    """A file of one document a line."""
    readings = [
        read_document(file, parse_json(file, line)) for line in content.splitlines() if line.strip()
    ]
    return FileReading(
        format=next((reading.format for reading in readings), ""),
        runs=tuple(run for reading in readings for run in reading.runs),
        reason=next((r.reason for r in readings if r.reason), ""),
        tasks=tuple(task for reading in readings for task in reading.tasks),
        remarks=tuple(remark for reading in readings for remark in reading.remarks),
    )


def _raise(error: OSError) -> NoReturn:
    """A folder that may not be listed ends the reading: `os.walk` would pass over it."""
    raise error


def _may_hold(name: str, *, is_eval: bool) -> bool:
    lowered = name.casefold().removesuffix(".gz")
    if _is_hidden(name):
        return False
    if lowered.endswith((".yaml", ".yml")):
        return is_eval
    return name == CARD or lowered.endswith((".json", ".jsonl", ".eval"))


def _unpacked_name(file: Path) -> str:
    return file.name.casefold().removesuffix(".gz")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name != EVAL_FOLDER


def _are_samples(entries: Sequence[object]) -> bool:
    first = as_dict(entries[0]) if entries else {}
    return "doc_id" in first or "target" in first or "resps" in first
