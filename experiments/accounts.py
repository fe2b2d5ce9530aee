"""What a reader saw and what became of it: as JSON, as one line, and as a page."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..dynamics import Account, ScoreTable

_WIDTH = 80
_MOST_ROWS = 20
_MOST_COLUMNS = 40


def account_to_dict(account: Account) -> dict[str, Any]:
    """JSON-ready: files, rows, columns and tasks, each with what it was used as or why not."""
    return {
        "files": [
            {
                "path": file.path,
                "format": file.format,
                "used": file.used,
                "left_out": file.left_out,
                "reason": file.reason,
            }
            for file in account.files
        ],
        "rows": {
            "seen": account.rows_seen,
            "used": account.rows_used,
            "left_out": [
                {"row": row.row, "model": row.model, "reason": row.reason}
                for row in account.rows_left_out
            ],
        },
        "columns": [
            {"name": column.name} | _use(column.used_as, column.reason)
            for column in account.columns
        ],
        "tasks": [
            {"name": task.name, "metric": task.metric} | _use(task.used_as, task.reason)
            for task in account.tasks
        ],
    }


def account_line(account: Account) -> str:
    """How many rows, columns, tasks and files were used and left out, on one line."""
    parts = []
    for name, used, left_out in _numbers(account):
        if used + left_out:
            parts.append(f"{used} of {used + left_out} {name}")
    said = ", ".join(parts) or "a table made in Python"
    return textwrap.shorten(f"read: {said} (nullcline read says more)", _WIDTH, placeholder=" …")


def account_to_text(table: ScoreTable, *, everything: bool = False) -> str:
    """A page of what was read: files, columns, tasks, rows left out, warnings."""
    account = table.account
    lines = textwrap.wrap(
        f"{table.name}: {_count(len(table.frame), 'model', 'models')} of "
        f"{_count(len(table.families), 'family', 'families')}, "
        f"{_count(len(table.benchmarks), 'benchmark', 'benchmarks')}, written in {table.unit}",
        _WIDTH,
    )
    lines.append(account_line(account))
    lines += _section("Files", [
        (file.path, ", ".join(filter(None, (file.format, _counted(file.used, file.left_out),
                                            file.reason))))
        for file in account.files
    ], everything)  # fmt: skip
    lines += _section("Columns", [
        (c.name or "(no heading)", f"→ {c.used_as}" if c.used_as else f"not used: {c.reason}")
        for c in account.columns
    ], everything)  # fmt: skip
    lines += _section("Tasks", [
        (f"{t.name} {t.metric}".strip(), f"→ {t.used_as}" if t.used_as else f"not used: {t.reason}")
        for t in account.tasks
    ], everything)  # fmt: skip
    lines += _rows_left_out(account, everything)
    lines += _section("Warnings", [
        (w.code, w.message if w.row is None else f"row {w.row}: {w.message}")
        for w in table.warnings
    ], everything)  # fmt: skip
    return "\n".join(lines)


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _numbers(account: Account) -> Iterator[tuple[str, int, int]]:
    used = sum(bool(file.used) for file in account.files)
    yield "rows", account.rows_used, len(account.rows_left_out)
    for name, seen in (("columns", account.columns), ("tasks", account.tasks)):
        read = sum(bool(one.used_as) for one in seen)
        yield name, read, len(seen) - read
    yield "files", used, len(account.files) - used


def _rows_left_out(account: Account, everything: bool) -> list[str]:
    """The rows, or how many there are for each reason where they are many."""
    rows = account.rows_left_out
    if everything or len(rows) <= _MOST_ROWS:
        named = [(f"row {row.row}", ": ".join(filter(None, (row.model, row.reason))))
                 for row in rows]  # fmt: skip
        return _section("Rows left out", named, everything=True)
    counted = Counter(row.reason for row in rows).most_common()
    return _section("Rows left out", [(str(n), reason) for reason, n in counted], everything)


def _section(title: str, rows: list[tuple[str, str]], everything: bool) -> list[str]:
    if not rows:
        return []
    shown = rows if everything else rows[:_MOST_COLUMNS]
    width = min(28, max(len(name) for name, _ in shown))
    lines = ["", f"{title} ({len(rows)})" if len(rows) > 1 else title]
    for name, said in shown:
        first = f"  {name:<{width}}  "
        lines += textwrap.wrap(
            first + said, _WIDTH, subsequent_indent=" " * (width + 4), drop_whitespace=True,
            break_long_words=True, break_on_hyphens=False,
        ) or [first]  # fmt: skip
    if len(rows) > len(shown):
        lines.append(f"  and {len(rows) - len(shown)} more (--all shows them)")
    return lines


def _counted(used: int, left_out: int) -> str:
    lost = f", {left_out} left out" if left_out else ""
    return f"{used} used{lost}" if used or left_out else ""


def _use(used_as: str, reason: str) -> dict[str, str]:
    return {"used_as": used_as} if used_as else {"reason": reason}
