"""A record as it lies in a folder: read back, and held to what it says of itself."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from ..common.files import regular_bytes
from ..common.strict_json import read_strictly
from ..common.words import shortened
from .checkout import Code
from .formats import plain

RECORD = "record.json"
SCHEMA_VERSION = 1
_AGAIN = "remove its folder and run it again"

Scalar = str | float | int | bool | None
Json = Mapping[str, "Json"] | list["Json"] | Scalar


class StoredRecord(TypedDict):
    """`record.json` as it is read; records of older versions have fewer keys."""

    command: str
    settings: Mapping[str, Json]
    result: Mapping[str, Json]
    result_sha256: NotRequired[str]
    rows: NotRequired[str | None]
    experiment: NotRequired[str | None]
    key: NotRequired[str | None]
    inputs: NotRequired[dict[str, str]]
    code: NotRequired[Code]
    packages: NotRequired[dict[str, str]]
    python: NotRequired[str]
    seconds: NotRequired[float]
    peak_memory_bytes: NotRequired[int]


#: What each key of a record is; the first three are in all of them.
_KINDS: dict[str, type | tuple[type, ...]] = {
    "command": str,
    "settings": dict,
    "result": dict,
    "result_sha256": str,
    "rows": (str, type(None)),
    "experiment": (str, type(None)),
    "key": (str, type(None)),
    "inputs": dict,
    "code": dict,
    "packages": dict,
    "python": str,
    "seconds": (int, float),
    "peak_memory_bytes": int,
}
_NEEDED = ("command", "settings", "result")


def digest_of(result: Mapping[str, object]) -> str:
    """SHA-256 of a result, whatever the order and the spacing that it is written in."""
    text = json.dumps(plain(result), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def mark_of(path: Path) -> str | None:
    """Version of the schema and SHA-256 of a record's bytes, None where it cannot be read.

    Whoever wrote it down when the record was whole sees by it alone that the record still is:
    100 times as fast as reading it.
    """
    try:
        return f"{SCHEMA_VERSION}:{hashlib.sha256(regular_bytes(path)).hexdigest()}"
    except OSError:
        return None


def read_record(path: Path, *, checked: bool = False) -> StoredRecord:
    """The record in a file. One without a digest, of an older version, is taken as it is.

    `checked` leaves the digest out, where `mark_of` has said that the record is as it was written.

    **Raises** ValueError that names the file: where it is no whole record, of another version of
    the schema, and where its figures are not those that its digest was made of.
    """
    found = read_strictly(path, hint=_AGAIN)
    if not isinstance(found, dict):
        raise ValueError(f"{path} is no record of a run (it holds no object); {_AGAIN}")
    version = found.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise ValueError(
            f"{path} has schema version {shortened(version)}, this is {SCHEMA_VERSION}: it is of "
            f"another version of nullcline; read it there, or {_AGAIN}"
        )
    for name, kind in _KINDS.items():
        if name not in found and name not in _NEEDED:
            continue
        if not isinstance(found.get(name), kind) or isinstance(found[name], bool):
            raise ValueError(
                f"{path} is no record of a run ({name} is {shortened(found.get(name))}); {_AGAIN}"
            )
    record = cast(StoredRecord, found)
    if checked:
        return record
    if "result_sha256" in record and record["result_sha256"] != digest_of(record["result"]):
        raise ValueError(
            f"{path}: its figures are not those that were written (result_sha256 is of others); "
            f"{_AGAIN}"
        )
    return record


def why_not_done(path: Path, key: str) -> str:
    """Why the record in a file does not count as that of the job with this key; empty where it
    does."""
    try:
        record = read_record(path)
    except ValueError as error:
        return str(error)
    if record.get("key", key) != key:
        return f"{path} is the record of another job; run it again"
    return ""
