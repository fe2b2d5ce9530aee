"""The records of a sweep as one tidy table, read and written piece by piece."""

import csv
import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...common.progress import Progress, silent
from ..stored import RECORD, Scalar, read_record
from ._rows import RecordRows, read_rows, rows_of

if TYPE_CHECKING:
    import pyarrow

_ROWS_AT_ONCE = 20_000
_RANK = {"null": 0, "bool": 1, "int": 2, "float": 3, "text": 4}
_FORMATS = (".parquet", ".csv")


@dataclasses.dataclass(frozen=True)
class Collected:
    """A written table: `columns` are (name, kind), the kinds bool, int, float and text."""

    path: Path
    records: int
    rows: int
    columns: tuple[tuple[str, str], ...]
    code_versions: int
    #: Records of older versions, which have no digest: their figures are taken unchecked.
    without_digest: int = 0


def collect(folder: Path, out: Path, *, on_progress: Progress | None = None) -> Collected:
    """Write the records below `folder` as the table `out` (.parquet or .csv), whole or not at all.

    Records are read twice, first for the columns and their kinds, so that memory does not grow
    with their number. A column that holds numbers here and words there is text.

    **Raises** ValueError where there is no record; where one is broken, of another version of the
    schema, or has other figures than its digest was made of (with the first of them, and how many
    there are); for other endings of `out`, and for Parquet without pyarrow.
    """
    say = on_progress or silent
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder; give that of a sweep")
    if out.suffix not in _FORMATS:
        raise ValueError(f"{out}: give a name that ends in {' or '.join(_FORMATS)}")
    write = _write_parquet if out.suffix == ".parquet" else _write_csv
    paths = sorted(_records(folder))
    if not paths:
        raise ValueError(
            f"{folder} holds no {RECORD}; nullcline status {folder} says what became of its jobs"
        )
    kinds: dict[str, str] = {}
    versions: set[Scalar] = set()
    refused: list[str] = []
    count = without_digest = 0
    for number, path in enumerate(paths, start=1):
        try:
            record = read_record(path)
            shared, rows = rows_of(record, path, folder)
        except ValueError as error:
            refused.append(str(error))
            continue
        without_digest += "result_sha256" not in record
        _widen(kinds, shared)
        for row in rows:
            _widen(kinds, row)
        versions.add(shared["run.code_version"])
        count += len(rows)
        say(f"reading {number} of {len(paths)} records")
    if refused:
        more = f" ({len(refused) - 1} more such records)" if len(refused) > 1 else ""
        raise ValueError(f"{refused[0]}{more}")
    columns = tuple((name, kinds[name]) for name in sorted(kinds, key=_place))
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        write(aside, columns, _tell(paths, folder, say))
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return Collected(out, len(paths), count, columns, len(versions), without_digest)


def _tell(paths: Sequence[Path], folder: Path, say: Callable[[str], None]) -> Iterator[RecordRows]:
    for number, path in enumerate(paths, start=1):
        yield read_rows(path, folder)
        say(f"writing {number} of {len(paths)} records")


def _records(folder: Path) -> Iterator[Path]:
    """Records by a walk that does not enter hidden folders."""
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if RECORD in files:
            yield Path(where) / RECORD


def _widen(kinds: dict[str, str], row: dict[str, Scalar]) -> None:
    for name, value in row.items():
        kind, known = _kind(value), kinds.get(name, "null")
        if kind == known:
            continue
        widest = max(kind, known, key=_RANK.__getitem__)
        mixed = "bool" in (kind, known) and "null" not in (kind, known)
        kinds[name] = "text" if mixed else widest


def _kind(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if abs(value) < 2**63 else "float"
    return "float" if isinstance(value, float) else "text"


def _place(name: str) -> tuple[int, str]:
    """Settings first, then what was found, then where it comes from."""
    order = ("config.", "", "result.", "run.")
    prefix = next((p for p in order if p and name.startswith(p)), "")
    return order.index(prefix), name


def _cast(value: Scalar, kind: str) -> Scalar:
    if value is None or kind == "null":
        return None
    if kind == "float":
        return float(value)
    if kind == "text" and not isinstance(value, str):
        return json.dumps(value)
    return value


def _write_csv(
    path: Path, columns: Sequence[tuple[str, str]], records: Iterator[RecordRows]
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([name for name, _ in columns])
        for shared, rows in records:
            for row in rows:
                whole = {**shared, **row}
                writer.writerow([_cast(whole.get(name), kind) for name, kind in columns])


def _write_parquet(
    path: Path, columns: Sequence[tuple[str, str]], records: Iterator[RecordRows]
) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ValueError(
            f"{path.suffix[1:]} needs the package pyarrow; pip install 'nullcline[sweeps]', or "
            "give a name that ends in .csv"
        ) from None
    types = {
        "null": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(),
        "text": pa.string(),
    }  # fmt: skip
    schema = pa.schema([(name, types[kind]) for name, kind in columns])

    def batch(shared: dict[str, Scalar], rows: list[dict[str, Scalar]]) -> "pyarrow.RecordBatch":
        arrays = []
        for name, kind in columns:
            if any(name in row for row in rows):
                values = [_cast(row.get(name, shared.get(name)), kind) for row in rows]
                arrays.append(pa.array(values, type=types[kind]))
            else:
                value = pa.scalar(_cast(shared.get(name), kind), type=types[kind])
                arrays.append(pa.repeat(value, len(rows)))
        return pa.record_batch(arrays, schema=schema)

    with pq.ParquetWriter(path, schema) as writer:
        waiting, count = [], 0
        for shared, rows in records:
            waiting.append(batch(shared, rows))
            count += len(rows)
            if count >= _ROWS_AT_ONCE:
                writer.write_table(pa.Table.from_batches(waiting, schema).combine_chunks())
                waiting, count = [], 0
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema).combine_chunks())
