"""What a reader has to say about a table: warnings that go with it, errors that end the reading."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TableWarning:
    """Something in a table that a reader of its results must know.

    - `code`: a name that does not change (`conflicting_duplicate`, `instruct_model`, ...).
    - `row`: line of the file (the header is line 1), or the model's place in a folder of results;
      None where the whole table is meant.
    - `message`: one sentence.
    """

    code: str
    row: int | None
    message: str


class TableError(ValueError):
    """A table that cannot be used. One line: the file, the row, what is wrong, what to do."""

    def __init__(self, path: str | Path, problem: str, mend: str, row: int | None = None):
        where = str(path) if row is None else f"{path}, row {row}"
        super().__init__(" ".join(f"{where}: {problem}; {mend}".split()))
        self.path, self.problem, self.mend, self.row = str(path), problem, mend, row
