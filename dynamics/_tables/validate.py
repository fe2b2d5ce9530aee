"""Sources in, a validated ScoreTable out. Every reader ends here."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from .account import Account, FileSeen, RowLeftOut, join_accounts
from .clock import Along
from .join import Joined, join
from .kind_names import KindChoice
from .parse import Parsed, parse
from .problems import TableError, TableWarning
from .raw import SET_ASIDE, RawTable
from .scores import ScoreTable
from .traps import find_traps

#: Columns that only this way to a table needs.
_INNER = ("origin", "plain", "said_kind", "kind_rules", "judged_kind", "own_family", "own_params",
          "set_aside", "size_by_name", "submissions")  # fmt: skip
_REASONS = {
    "base_model": "a base model",
    "checkpoint": "a checkpoint of a model that is there",
    "conflicting_duplicate": "again, with other scores",
    "duplicate_model": "again",
    "instruct_model": "instruction-tuned or merged",
    "mixed_revision": "another revision of a model that is there",
    "other_run": "another run of a model that is there",
    "kind_unknown": "nobody states whether it is a base model",
    "no_size": "nothing tells its size or family",
    "quantized_run": "quantised weights, beside a run with whole ones",
}


def validate(
    raws: RawTable | Sequence[RawTable], name: str | None = None, *, kind: KindChoice = "base"
) -> ScoreTable:
    """Check raw tables and bring them to one of fractions and counts.

    The sources become one table before anything is judged. Raises TableError with the file, the
    rows and a hint for everything that would make a result wrong; the rest becomes warnings of the
    table.
    """
    raws = [raws] if isinstance(raws, RawTable) else list(raws)
    return finish([parse(raw) for raw in raws], name, kind=kind)


def finish(
    sources: Sequence[Parsed],
    name: str | None = None,
    *,
    kind: KindChoice = "base",
    along: Along = "params",
    family: str | None = None,
    fewest: int = 2,
) -> ScoreTable:
    """The score table of parsed sources; sizes and families may be unknown where the clock `along`
    that it will be put on needs none. `family` is that of models of which none is stated; `fewest`
    models must be there."""
    joined = join(sources, family)
    frame, left_out, found = find_traps(joined, kind, along=along)
    if len(frame) < fewest and not joined.single:
        problem = "one model has no family to compare"
        row = int(frame["row"].iloc[0]) if len(frame) else None
        raise TableError(joined.path, problem, "add other sizes of its family", row=row)
    tables = [source for source in sources if source.benchmarks]
    said = (*joined.warnings, *_about_variant(joined, sources))
    units = dict.fromkeys(source.unit for source in tables)
    return ScoreTable(
        name=name or " + ".join(joined.names),
        frame=_tidy(frame, joined.benchmarks),
        left_out=_tidy(left_out, joined.benchmarks),
        benchmarks=joined.benchmarks,
        unit=", ".join(units),
        warnings=tuple(dict.fromkeys((*said, *found))),
        sha256=_digest([source.raw.sha256 for source in sources]),
        account=_account(sources, left_out),
    )


def _tidy(frame: pd.DataFrame, benchmarks: tuple[str, ...]) -> pd.DataFrame:
    """Without inner columns; described columns first, then scores; empty ones dropped."""
    frame = frame.assign(kind=frame["judged_kind"])
    frame = frame.drop(columns=[c for c in _INNER if c in frame])
    scored = [
        column for name in benchmarks for column in (name, f"{name}_stderr") if column in frame
    ]
    scores = set(scored)
    order = [c for c in frame if c not in scores]
    return frame[[*order, *scored]].reset_index(drop=True)


def _digest(digests: list[str]) -> str:
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _account(sources: Sequence[Parsed], left_out: pd.DataFrame) -> Account:
    """What was seen of all sources, with the rows that the checks left out."""
    tables = [source for source in sources if source.benchmarks]
    lists = [source.account for source in sources if not source.benchmarks]
    accounts = []
    for place, source in enumerate(tables):
        gone = left_out[left_out["origin"] == place]
        where = f" (in {source.raw.path.name})" if len(tables) > 1 else ""
        rows = [
            RowLeftOut(int(row), model, f"{_REASONS.get(reason, reason)}{where}")
            for row, model, reason in zip(gone["row"], gone["model"], gone["reason"], strict=True)
        ]
        account = replace(source.account, rows_left_out=(*source.account.rows_left_out, *rows))
        if source.raw.row_files:
            reasons = dict(zip(gone["row"], (row.reason for row in rows), strict=True))
            files = _used_files(account.files, source.raw.row_files, reasons)
            account = replace(account, files=files)
        elif len(account.files) == 1:
            file = replace(
                account.files[0],
                used=len(source.frame) - len(gone),
                left_out=len(account.rows_left_out),
            )
            account = replace(account, files=(file,))
        accounts.append(account)
    return join_accounts([*accounts, *lists])


def _used_files(
    files: Sequence[FileSeen], row_files: Mapping[int, tuple[str, ...]], gone: Mapping[int, str]
) -> tuple[FileSeen, ...]:
    """Files with the number of their rows that are in the table, and why the others are not."""
    rows_of: dict[str, list[int]] = {}
    for row, paths in row_files.items():
        for path in paths:
            rows_of.setdefault(path, []).append(row)
    seen = []
    for file in files:
        rows = rows_of.get(file.path, [])
        left_out = [gone[row] for row in rows if row in gone]
        if left_out and not file.reason:
            reason = "; ".join(dict.fromkeys(left_out))
            file = replace(
                file, used=len(rows) - len(left_out), left_out=len(left_out), reason=reason
            )
        seen.append(file)
    return tuple(seen)


def _about_variant(joined: Joined, sources: Sequence[Parsed]) -> Iterator[TableWarning]:
    if "truthfulqa_unknown" not in joined.benchmarks:
        return
    said = {
        column.name: column.used_as
        for source in sources
        for column in source.account.columns
        if column.used_as == "truthfulqa_unknown"
    }
    heading = next(iter(said), "truthfulqa_unknown")
    message = (
        f"column {heading!r} does not say whether it holds MC1, MC2 or binary choices, "
        "different benchmarks; it is kept apart as truthfulqa_unknown: "
        "name it truthfulqa_mc1, truthfulqa_mc2 or truthfulqa_binary"
    )
    yield TableWarning("truthfulqa_variant_unknown", None, message)


def rejudged(table: ScoreTable) -> Parsed:
    """A table as a source again, to be joined with others before all are judged anew."""
    why = table.left_out["reason"]
    left_out = table.left_out.drop(columns="reason")
    left_out = left_out.assign(set_aside=why.where(why.isin(SET_ASIDE), ""))
    frame = pd.concat([table.frame.assign(set_aside=""), left_out])
    frame = frame.sort_values("row", kind="stable").reset_index(drop=True)
    kind = frame["kind"] if "kind" in frame else pd.Series([""] * len(frame), dtype=object)
    said = kind.map({"base": "base", "tuned": "tuned"}).fillna("")
    frame = frame.assign(said_kind=said, kind_rules=True)
    raw = RawTable(
        path=Path(table.name), columns={}, rows=frame["row"].tolist(), sha256=table.sha256
    )
    account = replace(table.account, rows_left_out=())
    return Parsed(raw, frame, table.benchmarks, table.unit, table.warnings, account)
