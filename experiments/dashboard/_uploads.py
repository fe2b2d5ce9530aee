"""Uploaded tables: bounded, stored in a private folder under names of our own, and forgotten."""

import json
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..web import Refused
from ._private_folder import PrivateFolder

if TYPE_CHECKING:
    from ._jobs import TableEntry

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
MOST_FILES = 500
_MOST_TABLES = 16
_TITLE = 80
_TIME = re.compile(r"results_(\d{4}-\d\d-\d\dT[\d.:-]{6,24})\.json")
_FOLDER = re.compile(r"[^A-Za-z0-9_.-]")


class Uploads:
    """Tables by a name that nobody can guess; where there are many, the oldest is removed."""

    def __init__(self):
        self._folder = PrivateFolder()
        self._tables: OrderedDict[str, _Kept] = OrderedDict()
        self._entries: dict[str, TableEntry] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Remove everything."""
        self._folder.close()

    def add(self, name: str, files: list[tuple[str, bytes]]) -> tuple[Path, str]:
        """Write the files of one upload; the path to read, and a title for people.

        Raises `Refused` for too many files, bytes or rows.
        """
        if not files:
            raise Refused(422, "no file was given; drop a table or a folder of results")
        if len(files) > MOST_FILES:
            raise Refused(413, f"{len(files)} files; give at most {MOST_FILES}")
        total = sum(len(content) for _, content in files)
        if total > MOST_BYTES:
            raise Refused(413, f"{total / 1e6:.1f} MB; give at most {MOST_BYTES / 1e6:.0f} MB")
        rows = max(content.count(b"\n") for _, content in files)
        rows = max(rows, max(content.count(b"\r") for _, content in files))
        if rows > MOST_ROWS:
            raise Refused(413, f"{rows:,} rows; give at most {MOST_ROWS:,}")
        folder = Path(tempfile.mkdtemp(dir=self._folder.path))
        title = _title(files)
        if len(files) == 1:
            path = folder / f"table{_suffix(files[0][0])}"
            path.write_bytes(files[0][1])
        else:
            path = folder
            for number, (given, content) in enumerate(files):
                target = folder / _safe_path(given, number)
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(content)
        with self._lock:
            self._tables[name] = _Kept(folder, path, title)
            oldest = list(self._tables)[:-_MOST_TABLES]
        for forgotten in oldest:
            self.forget(forgotten)
        return path, title

    def describe(self, name: str, entry: str) -> None:
        """Store what can be chosen of a table."""
        with self._lock:
            if name in self._tables:  # not pushed out by others while it was read
                self._entries[name] = json.loads(entry)

    def forget(self, name: str) -> None:
        """Remove a table: it could not be read, or there are later ones."""
        with self._lock:
            kept = self._tables.pop(name, None)
            self._entries.pop(name, None)
        if kept is not None:
            shutil.rmtree(kept.folder, ignore_errors=True)

    def entry(self, name: str) -> "TableEntry | None":
        """What can be chosen of a table, None where there is none of that name."""
        return self._entries.get(name)

    def source(self, name: str) -> tuple[str, str, str] | None:
        """Where a table lies, for a job."""
        with self._lock:
            kept = self._tables.get(name)
            known = name in self._entries
        return ("file", str(kept.path), kept.title) if kept is not None and known else None


class _Kept(NamedTuple):
    """A table on disk: the folder of its upload, what of it is read, its name for people."""

    folder: Path
    path: Path
    title: str


def _suffix(given: str) -> str:
    """The end of a name where readers look at it, else that of results."""
    end = re.search(r"\.(csv|tsv|txt|md|jsonl|ya?ml|xlsx|parquet|eval|gz)$", given.lower())
    return end[0] if end else ".json"


def _safe_path(given: str, number: int) -> Path:
    """A path of our own: of the given one only the results' time and a slug of the folder stay.

    Readers take the time of a run from the file's name, and the model's name from its folder where
    the file has none.
    """
    parts = given.replace("\\", "/").split("/")
    if parts[-1] == "models.csv":
        return Path("models.csv")
    slug = _FOLDER.sub("_", parts[-2]).strip(".")[:60] if len(parts) > 1 else ""
    folder = slug if slug not in ("", "models.csv") else "results"
    timed = _TIME.fullmatch(parts[-1])
    if timed:
        return Path(folder, f"results_{number:04d}_{timed[1]}.json")
    if (suffix := _suffix(parts[-1])) != ".json":
        return Path(f"{number:04d}{suffix}")
    stem = f"results_{number:04d}" if parts[-1].startswith("results") else f"{number:04d}"
    return Path(folder, f"{stem}.json")


def _title(files: list[tuple[str, bytes]]) -> str:
    """The name that the owner gave, in one line."""
    first = files[0][0].replace("\\", "/").strip("/")
    name = first.split("/")[0] if len(files) > 1 else first.split("/")[-1]
    printable = "".join(c if c.isprintable() else " " for c in name)
    clean = printable.encode("utf-8", "replace").decode("utf-8")
    return " ".join(clean.split())[:_TITLE] or "your table"
