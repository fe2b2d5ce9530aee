"""What is noted of each file while thousands are read."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from ..account import FileSeen
from ..problems import TableError
from .files import SAMPLES, open_file, read_file
from .runs import FileReading, Run
from .unread import held_by


@dataclass
class Gathered:
    """All files that were read so far; of each the scores and what became of it.

    - `files`: each file that may hold results; `others`: what else is in the folders.
    - `runs`: by the model's key. `remarks`: (code, sentence) by the model's key.
    - `tasks`: as in FileReading, each once. `broken`: why files cannot be read.
    - `digest`: of the files that hold results.
    """

    files: dict[Path, FileSeen] = field(default_factory=dict)
    others: list[FileSeen] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    remarks: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    tasks: dict[tuple[str, str, str, str], None] = field(default_factory=dict)
    broken: list[TableError] = field(default_factory=list)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256, repr=False)

    def read(self, file: Path, *, alone: bool) -> None:
        """Read one file; one that was given `alone` must be of a known format."""
        try:
            content = open_file(file)
            if content is None:
                self.files[file] = FileSeen(str(file), left_out=1, reason=SAMPLES)
                return
            reading = read_file(file, content, alone=alone)
        except TableError as error:
            self.broken.append(error)
            return
        except OSError as error:
            why = f"not readable ({error.strerror or type(error).__name__})"
            self.broken.append(TableError(file, why, "check its permissions"))
            return
        self._note(file, reading)
        if reading.runs or reading.tasks:
            self.digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0" + content)

    def seen(self, left_out: dict[Path, str] | None = None) -> tuple[FileSeen, ...]:
        """Every file; `left_out` says why no score of some is in the table."""
        why = left_out or {}
        files = [
            FileSeen(one.path, one.format, 0, one.used, why[file]) if file in why else one
            for file, one in self.files.items()
        ]
        return (*files, *self.others)

    def _note(self, file: Path, reading: FileReading) -> None:
        self.tasks |= dict.fromkeys(reading.tasks)
        for run in reading.runs:
            self.runs.setdefault(run.model.key, []).append(run)
        if reading.runs and reading.remarks:
            self.remarks.setdefault(reading.runs[0].model.key, []).extend(reading.remarks)
        reason = reading.reason
        if not reading.runs and not reason:
            reason = held_by(reading.tasks) or "it holds no task"
        used = len({run.model.key for run in reading.runs})
        self.files[file] = FileSeen(str(file), reading.format, used, 0 if used else 1, reason)
