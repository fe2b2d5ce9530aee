"""What a reader has to say about a table: warnings that go with it, errors that end the reading."""

from dataclasses import dataclass, field
from pathlib import Path

_MOST_LISTED = 12  # problems in one line; their number is said


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

    def __init__(self, path: str | Path, problem: str, hint: str, row: int | None = None):
        where = str(path) if row is None else f"{path}, row {row}"
        super().__init__(" ".join(f"{where}: {problem}; {hint}".split()))
        self.path: str = str(path)
        self.problem: str = problem
        self.hint: str = hint
        self.row: int | None = row


@dataclass
class Problems:
    """Everything that is wrong with one file, said at once by `check`."""

    path: Path
    listed: list[tuple[str, str, int | None]] = field(default_factory=list)

    def add(self, problem: str, hint: str, row: int | None = None) -> None:
        """Note a problem, what to do about it, and the row where it is (or begins)."""
        if (problem, hint, row) not in self.listed:
            self.listed.append((problem, hint, row))

    def check(self) -> None:
        """Raise one TableError of all problems, if there are any."""
        if not self.listed:
            return
        if len(self.listed) == 1:
            raise TableError(self.path, *self.listed[0])
        shown = self.listed[:_MOST_LISTED]
        said = [problem if row is None else f"row {row}: {problem}" for problem, _, row in shown]
        if len(self.listed) > len(shown):
            said.append(f"and {len(self.listed) - len(shown)} more")
        hints = "; ".join(dict.fromkeys(hint for _, hint, _ in shown))
        row = next((row for _, _, row in shown if row is not None), None)
        error = TableError(self.path, f"{len(self.listed)} problems: {'; '.join(said)}", hints)
        error.row = row
        raise error


def listed(names: list[str], most: int = 8) -> str:
    """`a, b, c and 4 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
