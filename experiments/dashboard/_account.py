"""What was read of a table: its numbers, what became of each part of it, and the warnings."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..accounts import account_line
from ._blocks import Block, csv_data, details, facts, table

if TYPE_CHECKING:
    from ...dynamics import Account, ScoreTable, TableWarning

_MOST_ROWS = 200  # that were left out, in the account
_MOST_NAMES = 12  # of benchmarks, in a line


def table_facts(table_: "ScoreTable") -> Block:
    """How many models, families and benchmarks count."""
    names, further = table_.benchmarks[:_MOST_NAMES], len(table_.benchmarks) - _MOST_NAMES
    named = ", ".join(names) + (f" and {further} more" if further > 0 else "")
    return facts(
        ("models", str(len(table_.frame)), f"that count; {len(table_.left_out)} left out"),
        ("families", str(len(table_.families)), ""),
        ("benchmarks", str(len(table_.benchmarks)), named),
        ("scores", table_.unit, "as the file writes them"),
    )


def _below_common_folder(paths: Sequence[str]) -> list[str]:
    """The paths from the folder that holds all of them: a page does not tell where that lies."""
    folders = [str(Path(path).parent) for path in paths]
    if len({Path(path).is_absolute() for path in paths}) != 1:
        return [Path(path).name for path in paths]
    common = os.path.commonpath(folders)
    return [os.path.relpath(path, common or ".") for path in paths]


def account_block(account: "Account") -> Block | None:
    """What became of each file, column, task and row of the table."""
    names = _below_common_folder([f.path for f in account.files])
    rows = [("file", name, f.format, f.reason or _used(f.used, f.left_out))
            for name, f in zip(names, account.files, strict=True)]  # fmt: skip
    rows += [("column", c.name, c.used_as, c.reason) for c in account.columns]
    rows += [("task", f"{t.name} {t.metric}".strip(), t.used_as, t.reason) for t in account.tasks]
    rows += [(f"row {r.row}", r.model, "", r.reason) for r in account.rows_left_out[:_MOST_ROWS]]
    if not rows:
        return None
    rest = len(account.rows_left_out) - _MOST_ROWS
    note = f"and {rest} more rows that were left out" if rest > 0 else ""
    header = ("what", "name", "read as", "remark")
    data = csv_data("account", header, rows)
    title = account_line(account).removesuffix(" (nullcline read says more)")
    return details(title.capitalize(), [table("", header, rows, note=note, data=data)])


def _used(used: int, left_out: int) -> str:
    return f"{used} used, {left_out} left out" if used or left_out else ""


def warnings_block(warnings: Sequence["TableWarning"]) -> Block | None:
    """Every warning of the table, with its row."""
    if not warnings:
        return None
    rows = [("–" if w.row is None else str(w.row), w.code, w.message) for w in warnings]
    data = csv_data("warnings", ("row", "code", "message"), rows)
    return details(
        f"Warnings about the table ({len(rows)})",
        [table("", ("row", "kind", "what"), rows, right=(0,), data=data)],
    )
