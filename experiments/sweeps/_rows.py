"""A record as rows of a tidy table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from ._job import JobFolder

if TYPE_CHECKING:
    from ..keys import Code

Scalar = str | float | int | bool | None
Json = Mapping[str, "Json"] | list["Json"] | Scalar
#: What all rows of a record share, and what each has of its own.
RecordRows = tuple[dict[str, Scalar], list[dict[str, Scalar]]]
_DEEPEST = 3


class StoredRecord(TypedDict):
    """`record.json` as it is read."""

    command: str
    settings: Mapping[str, Json]
    result: Mapping[str, Json]
    rows: NotRequired[str | None]
    experiment: NotRequired[str]
    key: NotRequired[str]
    inputs: NotRequired[dict[str, str]]
    code: NotRequired["Code"]
    packages: NotRequired[dict[str, str]]
    python: NotRequired[str]
    seconds: NotRequired[float]
    peak_memory_bytes: NotRequired[int]


def read_rows(path: Path, root: Path) -> RecordRows:
    """What all rows of a record share, and what each has of its own.

    Shared are `config.*` (its settings), `run.*` (where it comes from) and `result.*` (the single
    values of its result); the rows are the list of the result that the record names, or one row.
    Lists of single values are JSON in one column, lists of anything else are left out.

    Raises ValueError where the file is no record.
    """
    try:
        record: StoredRecord = json.loads(path.read_text(encoding="utf-8"))
        result, settings = record["result"], record["settings"]
        name = record.get("rows")
        rows = _listed(result, name) if name else [{}]
        shared = {
            **flat(settings, "config."),
            **_provenance(record, path, root),
            **flat(result, "result.", without=name),
        }
        return shared, [flat(row) for row in rows]
    except OSError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is no record of a run ({error}); remove its folder and run the sweep again"
        ) from None


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
        "run.commit": code.get("commit"),
        "run.dirty": code.get("dirty"),
        "run.code_version": code.get("version"),
        "run.nullcline": (record.get("packages") or {}).get("nullcline"),
        "run.python": record.get("python"),
        "run.inputs": json.dumps(record.get("inputs") or {}, sort_keys=True),
        "run.host": job.get("host"),
        "run.seconds": job.get("seconds", record.get("seconds")),
        "run.cpu_seconds": job.get("cpu_seconds"),
        "run.peak_memory_bytes": job.get("peak_memory_bytes", record.get("peak_memory_bytes")),
    }


def _listed(result: Mapping[str, Json], dotted: str) -> list[Mapping[str, Json]]:
    found: Json = result
    for part in dotted.split("."):
        found = found[part] if isinstance(found, Mapping) else None
    rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    if not isinstance(found, list) or len(rows) < len(found):
        raise ValueError(f"its result has no list of rows {dotted!r}")
    return rows
