"""A record as rows of a tidy table."""

import json
from collections.abc import Mapping
from pathlib import Path

from ...common.words import shortened
from ..stored import Json, Scalar, StoredRecord
from ._job import JobFolder, JobState

#: What all rows of a record share, and what each has of its own.
RecordRows = tuple[dict[str, Scalar], list[dict[str, Scalar]]]
_DEEPEST = 3


def rows_of(
    record: StoredRecord, path: Path, root: Path, job: JobState | None = None
) -> RecordRows:
    """What all rows of a record share, and what each has of its own; `job` is its `job.json`, read
    here where it is not given.

    Shared are `config.*` (its settings), `run.*` (where it comes from) and `result.*` (the single
    values of its result); the rows are the list of the result that the record names, or one row.
    Lists of single values are JSON in one column, lists of anything else are left out.

    Raises ValueError where its rows are not there.
    """
    result, name = record["result"], record.get("rows")
    try:
        rows = _listed(result, name) if name else [{}]
    except ValueError as error:
        raise ValueError(
            f"{path} is no record of a run ({error}); remove its folder and run the sweep again"
        ) from None
    shared = {
        **flat(record["settings"], "config."),
        **_provenance(record, path, root, JobFolder(path.parent).state() if job is None else job),
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


def shared_folder(path: Path, root: Path) -> str:
    """The folder of a record from that which is collected."""
    return path.parent.relative_to(root).as_posix()


def _provenance(record: StoredRecord, path: Path, root: Path, job: JobState) -> dict[str, Scalar]:
    code = record.get("code") or {}
    return {
        "run.folder": shared_folder(path, root),
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
