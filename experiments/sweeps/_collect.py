"""The records of a sweep as one tidy table, read and written piece by piece."""

import csv
import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...common.cells import no_formula
from ...common.files import whole_file
from ...common.progress import Progress, silent
from ...common.words import counted
from ..stored import RECORD, Scalar, StoredRecord, mark_of, read_record
from ._job import JobFolder
from ._rows import RecordRows, rows_of, shared_folder
from ._stale import StaleRecord, why_record_is_stale
from ._sweep_plan import PLAN, PlannedJob, SweepPlan, read_plan

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
    without_digest: int
    #: Jobs of the sweeps whose records are not in the table.
    jobs_not_done: int
    #: Records of no job of its sweep's plan as it is now: left out, or taken where asked for.
    stale: tuple[StaleRecord, ...]
    #: What is wrong with each record that could not be taken.
    refused: tuple[str, ...]
    #: Names of what the jobs read, where the records are of several contents of it.
    mixed_inputs: tuple[str, ...]


def collect(
    folder: Path, out: Path, *, stale: bool = False, on_progress: Progress | None = None
) -> Collected:
    """Write the records below `folder` as the table `out` (.parquet or .csv), whole or not at all.

    Where a sweep's plan is there, its records are those of the plan; others are stale, and taken
    with `stale` only. A record that is broken, of another version of the schema, or has other
    figures than its digest was made of, is left out and named in `refused`.

    Records are read twice, first for the columns and their kinds, so that memory does not grow
    with their number. A column that holds numbers here and words there is text.

    **Raises** ValueError where there is no record, or none that can be taken (with the first of
    them, and how many there are); for other endings of `out`, and for Parquet without pyarrow.
    """
    say = on_progress or silent
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder; give that of a sweep")
    if out.suffix not in _FORMATS:
        raise ValueError(f"{out}: give a name that ends in {' or '.join(_FORMATS)}")
    write = _write_parquet if out.suffix == ".parquet" else _write_csv
    found = _Found(folder, stale)
    for number, where in enumerate(found.places, start=1):
        found.read(where)
        say(f"reading {number} of {len(found.places)} records")
    if not found.kept:
        raise ValueError(found.why_none())
    kinds = found.kinds
    columns = tuple((name, kinds[name]) for name in sorted(kinds, key=_place))
    with whole_file(out) as aside:
        write(aside, columns, _tell(found.kept, folder, say))
    return Collected(
        path=out,
        records=len(found.kept),
        rows=found.rows,
        columns=columns,
        code_versions=len(found.versions),
        without_digest=found.without_digest,
        jobs_not_done=found.planned - found.current,
        stale=tuple(found.stale),
        refused=tuple(found.refused),
        mixed_inputs=tuple(sorted(name for name, is_in in found.inputs.items() if len(is_in) > 1)),
    )


class _Found:
    """What the first reading of the records below a folder finds."""

    def __init__(self, folder: Path, take_stale: bool) -> None:
        self.folder, self.take_stale = folder, take_stale
        self.places: list[str] = []  # folders of records, as short as memory lets them be
        self.kept: list[tuple[str, int]] = []  # with a hash of the record's mark
        self.kinds: dict[str, str] = {}
        self.versions: set[Scalar] = set()
        self.inputs: dict[str, set[str]] = {}
        self.stale: list[StaleRecord] = []
        self.refused: list[str] = []
        self.rows = self.without_digest = self.planned = self.current = 0
        self._plans: dict[str, tuple[SweepPlan, dict[str, PlannedJob]]] = {}
        self._sweeps: dict[str, str] = {}  # of folders inside sweeps: which one
        for where, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            self._look_into(where, files)

    def _look_into(self, where: str, files: Sequence[str]) -> None:
        if PLAN in files:
            try:
                plan = read_plan(Path(where))
            except ValueError as error:
                self.refused.append(str(error))
            else:
                self._plans[where] = plan, {job["folder"]: job for job in plan.jobs}
                self.planned += len(plan.jobs)
        sweep = where if where in self._plans else self._sweeps.get(os.path.dirname(where))  # noqa: PTH120
        if sweep is not None:
            self._sweeps[where] = sweep
        if RECORD in files:
            self.places.append(where)

    def read(self, where: str) -> None:
        path = Path(where) / RECORD
        job = JobFolder(path.parent).state()
        mark = mark_of(path)
        try:
            record = read_record(path, checked=mark is not None and job.get("record") == mark)
            shared, rows = rows_of(record, path, self.folder, job)
        except ValueError as error:
            self.refused.append(str(error))
            return
        why = self._why_stale(where, record)
        if why:
            self.stale.append(StaleRecord(shared_folder(path, self.folder), why))
            if not self.take_stale:
                return
        self.kept.append((where, hash(mark)))
        self.without_digest += "result_sha256" not in record
        _widen(self.kinds, shared)
        for row in rows:
            _widen(self.kinds, row)
        self.versions.add(shared["run.code_version"])
        self.rows += len(rows)
        for name, digest in (record.get("inputs") or {}).items():
            self.inputs.setdefault(name, set()).add(str(digest))

    def _why_stale(self, where: str, record: StoredRecord) -> str:
        sweep = self._sweeps.get(where)
        if sweep is None:
            return ""
        plan, jobs = self._plans[sweep]
        why = why_record_is_stale(record, jobs.get(Path(where).relative_to(sweep).as_posix()), plan)
        self.current += not why
        return why

    def why_none(self) -> str:
        """Why there is nothing to write."""
        if self.refused:
            more = len(self.refused) - 1
            return self.refused[0] + (f" ({more} more such records)" if more else "")
        if self.stale:
            return (
                f"{self.folder} holds {counted(len(self.stale), 'record')}, all "
                f"{self.stale[0].why}; run the sweep again, or take them with --stale"
            )
        return (
            f"{self.folder} holds no {RECORD}; nullcline status {self.folder} says what became of "
            "its jobs"
        )


def _tell(
    kept: Sequence[tuple[str, int]], folder: Path, say: Callable[[str], None]
) -> Iterator[RecordRows]:
    for number, (where, mark) in enumerate(kept, start=1):
        path = Path(where) / RECORD
        if hash(mark_of(path)) != mark:
            raise ValueError(f"{path} was written again meanwhile; collect again")
        yield rows_of(read_record(path, checked=True), path, folder)
        say(f"writing {number} of {len(kept)} records")


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
    """No text is a formula for the spreadsheet that opens it."""

    def cell(value: Scalar, kind: str) -> Scalar:
        cast = _cast(value, kind)
        return no_formula(cast) if isinstance(cast, str) else cast

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([no_formula(name) for name, _ in columns])
        for shared, rows in records:
            for row in rows:
                whole = {**shared, **row}
                writer.writerow([cell(whole.get(name), kind) for name, kind in columns])


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
