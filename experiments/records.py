"""A run records itself: what was asked, with which code and inputs, and what came out."""

import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from ..common.files import write_whole
from ..common.strict_json import parse_strictly
from .checkout import code_of_checkout
from .formats import to_json
from .stored import RECORD, SCHEMA_VERSION, digest_of, read_record

_Row = TypeVar("_Row")
_PACKAGES = (
    "nullcline",
    "jax",
    "jaxlib",
    "equinox",
    "diffrax",
    "optax",
    "numpy",
    "scipy",
    "pandas",
    "torch",
    "transformers",
    "transformer-lens",
)


def write_record(
    folder: Path,
    *,
    command: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    result: Mapping[str, Any],
    started: float | None = None,
    code: Mapping[str, Any] | None = None,
    job: Mapping[str, Any] | None = None,
) -> Path:
    """Write `record.json` into `folder`.

    `settings` (seeds among them) and `inputs` (name -> SHA-256) make the result; `started` is
    `time.monotonic()` at the beginning. Time and memory are in the record, not in the result: two
    runs with the same settings and inputs have equal `result`, and `result_sha256` is its digest,
    which `read_record` checks. A job of a sweep gives `job` (its
    key among it) and the `code` that was found once for all jobs, and keeps its time elsewhere: its
    whole record is equal wherever it ran.
    """
    record = {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        **(job or {}),
        "settings": dict(settings),
        "inputs": dict(inputs),
        "result": result,
        "result_sha256": digest_of(result),
        "code": code_of_checkout() if code is None else dict(code),
        "packages": _packages(),
        "python": platform.python_version(),
    }
    if started is not None:
        record["seconds"] = time.monotonic() - started
        record["peak_memory_bytes"] = _peak_memory()
    path = folder / RECORD
    write_whole(path, to_json(record) + "\n")
    return path


def commands_of_records(folder: Path) -> set[str]:
    """The commands whose records lie below `folder`; a broken record has none."""
    return {
        record["command"]
        for path in folder.rglob(RECORD)
        if isinstance(record := _parsed(path), dict) and isinstance(record.get("command"), str)
    }


def read_records(
    folder: Path,
    command: str,
    row: Callable[[dict[str, Any]], _Row],
    *,
    study: str,
    name: Callable[[_Row], str],
) -> tuple[_Row, ...]:
    """`row(result)` of each record of `command` below `folder`, sorted by `name(row)`.

    `study` is what makes such records. Raises ValueError that names the file where one is broken
    or the second of its name, and where there is none.
    """
    rows: dict[str, _Row] = {}
    for path in sorted(folder.rglob(RECORD)):
        try:
            record = read_record(path)
            if record["command"] != command:
                continue
            one = row(dict(record["result"]))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} is no record of {command} ({error!r}); run the job again"
            ) from None
        if name(one) in rows:
            raise ValueError(
                f"{path}: a second record of {name(one)}; give the folder of one sweep"
            )
        rows[name(one)] = one
    if not rows:
        raise ValueError(
            f"{folder} holds no record of {command}; make some with "
            f"nullcline run {study} -m model=..."
        )
    return tuple(rows[name] for name in sorted(rows))


def _parsed(path: Path) -> object:
    try:
        return parse_strictly(path.read_bytes())
    except (ValueError, OSError):
        return None


@cache
def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
