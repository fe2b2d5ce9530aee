"""A record as rows of a tidy table."""

import json
from collections.abc import Mapping
from pathlib import Path

from ...common.words import shortened
from ..stored import Json, Scalar, StoredRecord, read_record
from ._job import JobFolder

#: What all rows of a record share, and what each has of its own.
RecordRows = tuple[dict[str, Scalar], list[dict[str, Scalar]]]
_DEEPEST = 3


def read_rows(path: Path, root: Path) -> RecordRows:
    """What all rows of a record share, and what each has of its own.

    Shared are `config.*` (its settings), `run.*` (where it comes from) and `result.*` (the single
    values of its result); the rows are the list of the result that the record names, or one row.
    Lists of single values are JSON in one column, lists of anything else are left out.

    Raises ValueError as `read_record`, and where its rows are not there.
    """
    record = read_record(path)
    return rows_of(record, path, root)


def rows_of(record: StoredRecord, path: Path, root: Path) -> RecordRows:
    """The same of a record that was read."""
    result, name = record["result"], record.get("rows")
    try:
        rows = _listed(result, name) if name else [{}]
    except ValueError as error:
        raise ValueError(
            f"{path} is no record of a run ({error}); remove its folder and run the sweep again"
        ) from None
    shared = {
        **flat(record["settings"], "config."),
        **_provenance(record, path, root),
        **flat(result, "result.", without=name),
    }
    return shared, [flat(row) for row in rows]


def flat(
    values: Mapping[str, Json], prefix: str = "", *, without: str | None = None, deep: int = 0
) -> dict[str, Scalar]:
    """Nested names and values as dotted ones."""
    found: dict[str, Scalar] = {}
    for key, value in values.items():
        if key == without:
            continue
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if deep + 1 < _DEEPEST:
                found |= flat(value, f"{name}.", deep=deep + 1)
        elif isinstance(value, list):
            if not any(isinstance(item, (Mapping, list)) for item in value):
                found[name] = json.dumps(value, ensure_ascii=False)
        else:
            found[name] = value
    return found


def _provenance(record: StoredRecord, path: Path, root: Path) -> dict[str, Scalar]:
    code, job = record.get("code") or {}, JobFolder(path.parent).state()
    return {
        "run.folder": path.parent.relative_to(root).as_posix(),
        "run.experiment": record.get("experiment"),
        "run.command": record["command"],
        "run.key": record.get("key"),
        "run.commit": _scalar(code.get("commit")),
        "run.dirty": _scalar(code.get("dirty")),
        "run.code_version": _scalar(code.get("version")),
        "run.nullcline": _scalar((record.get("packages") or {}).get("nullcline")),
        "run.python": record.get("python"),
        "run.inputs": json.dumps(record.get("inputs") or {}, sort_keys=True),
        "run.host": job.get("host"),
        "run.seconds": job.get("seconds", record.get("seconds")),
        "run.cpu_seconds": job.get("cpu_seconds"),
        "run.peak_memory_bytes": job.get("peak_memory_bytes", record.get("peak_memory_bytes")),
    }


def _scalar(value: object) -> Scalar:
    """A value that a cell can hold; what is none is said in words."""
    return value if isinstance(value, str | float | int | None) else shortened(value)


def _listed(result: Mapping[str, Json], dotted: str) -> list[Mapping[str, Json]]:
    found: Json = result
    for part in dotted.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    if not isinstance(found, list) or len(rows) < len(found):
        raise ValueError(f"its result has no list of rows {shortened(dotted)}")
    return rows
