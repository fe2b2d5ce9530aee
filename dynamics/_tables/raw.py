"""RawTable: what a file holds before anybody believed it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .account import NOTHING_SEEN, Account
from .benchmarks import canonical_benchmark
from .columns import VARIANT_COLUMNS
from .problems import TableError, TableWarning

#: Why a reader sets rows aside.
SET_ASIDE = frozenset({"checkpoint", "mixed_revision", "other_run"})


@dataclass(frozen=True)
class RawTable:
    """What a file holds before anybody believed it.

    - `columns`: heading -> cells, all of one length; cells are text or numbers.
    - `rows`: line number in the file of each cell row; for results files, the place of the model
      in the list by family and size.
    - `warnings`: what the reader of the format already noticed.
    - `unit`: `fraction` where the format fixes it, else `auto`.
    - `single`: whether one model is all that the format can hold.
    - `sha256`: of the bytes that were read.
    - `account`: what was seen so far, used or not.
    - `set_aside`: row -> why the reader leaves it out of the table that counts, one of SET_ASIDE:
      it is another run of a model that is there, or a checkpoint of it.
    - `row_files`: row -> the files that its scores are from, where there are several in the table.
    - `submissions`: whether anybody may hand models in and say what they are, as to a leaderboard.
    """

    path: Path
    columns: Mapping[str, Sequence[object]]
    rows: Sequence[int]
    warnings: tuple[TableWarning, ...] = ()
    unit: str = "auto"
    single: bool = False
    sha256: str = hashlib.sha256(b"").hexdigest()
    account: Account = NOTHING_SEEN
    set_aside: Mapping[int, str] = field(default_factory=dict)
    row_files: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    submissions: bool = False


def split_variants(raw: RawTable) -> RawTable:
    """Give each variant of TruthfulQA its own column where a column says the variant row by row.

    Raises TableError if that column has no `truthfulqa` column to speak of, or two.
    """
    says = [h for h in raw.columns if h.strip().lower() in VARIANT_COLUMNS]
    if not says:
        return raw
    plain = [h for h in raw.columns if _is_plain_truthfulqa(h.removesuffix("_stderr"))]
    if len(says) > 1 or not any(not h.endswith("_stderr") for h in plain):
        problem = f"column {says[0]!r} needs one column 'truthfulqa' beside it"
        raise TableError(raw.path, problem, "remove it, or add the scores", row=1)
    variants = [_variant(cell) for cell in raw.columns[says[0]]]
    there = list(dict.fromkeys(variants))
    columns = {h: cells for h, cells in raw.columns.items() if h not in (says[0], *plain)}
    for heading in plain:
        ending = "_stderr" if heading.endswith("_stderr") else ""
        for variant in there:
            cells = [
                cell if v == variant else ""
                for cell, v in zip(raw.columns[heading], variants, strict=True)
            ]
            columns[f"truthfulqa_{variant}{ending}"] = cells
    warnings = raw.warnings
    if len(there) > 1:
        row = raw.rows[variants.index(there[1])]
        message = f"TruthfulQA is {there[1]} here and {there[0]} in row {raw.rows[0]}: kept apart"
        warnings = (*warnings, TableWarning("truthfulqa_variants_mixed", row, message))
    return replace(raw, columns=columns, warnings=warnings)


def _is_plain_truthfulqa(heading: str) -> bool:
    return canonical_benchmark(heading) == "truthfulqa_unknown"


def _variant(cell: object) -> str:
    text = str(cell).strip().lower().removeprefix("truthfulqa_")
    return text if text in ("mc1", "mc2", "binary") else "unknown"
