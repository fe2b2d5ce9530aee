"""What a reader saw and what became of it: nothing is left out in silence."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class FileSeen:
    """One file, or one sheet of a file (`path` then ends in `#sheet`).

    - `format`: what it was read as (`csv`, `excel`, `lm-evaluation-harness 0.4`, ...), empty where
      it was not understood.
    - `used`, `left_out`: rows, or models, of it that are in the table and that are not.
    - `reason`: why it, or a part of it, was left out; empty where all was used.
    """

    path: str
    format: str = ""
    used: int = 0
    left_out: int = 0
    reason: str = ""


@dataclass(frozen=True)
class RowLeftOut:
    """A row that is not in the table: its line in the file, its model, and why."""

    row: int
    model: str
    reason: str


@dataclass(frozen=True)
class ColumnSeen:
    """A column of a file: what it was `used_as`, else the `reason` why it was not."""

    name: str
    used_as: str = ""
    reason: str = ""


@dataclass(frozen=True)
class TaskSeen:
    """A task and metric of a results file: what it was `used_as`, else the `reason`."""

    name: str
    metric: str = ""
    used_as: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Account:
    """All that was seen on the way to a table.

    - `files`, `columns`, `tasks`: each once, in the order of reading.
    - `rows_left_out`: with their reasons; `rows_seen` counts these and the used ones.
    """

    files: tuple[FileSeen, ...] = ()
    rows_seen: int = 0
    rows_left_out: tuple[RowLeftOut, ...] = ()
    columns: tuple[ColumnSeen, ...] = ()
    tasks: tuple[TaskSeen, ...] = ()

    @property
    def rows_used(self) -> int:
        """Rows that are in the table."""
        return self.rows_seen - len(self.rows_left_out)


NOTHING_SEEN = Account()


def join_accounts(accounts: Iterable[Account]) -> Account:
    """The account of several sources read together; equal columns and tasks are named once."""
    accounts = list(accounts)
    return Account(
        files=tuple(file for a in accounts for file in a.files),
        rows_seen=sum(a.rows_seen for a in accounts),
        rows_left_out=tuple(row for a in accounts for row in a.rows_left_out),
        columns=tuple(dict.fromkeys(column for a in accounts for column in a.columns)),
        tasks=tuple(dict.fromkeys(task for a in accounts for task in a.tasks)),
    )
