"""`nullcline collect SWEEP_DIR`: the records of a sweep as one tidy table."""

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...common.words import counted, printable, shortened
from ._arguments import add_example

if TYPE_CHECKING:
    from ..sweeps import Collected

_MOST_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline collect`."""
    add_example(parser, "collect runs/diagnose/families -o families.csv")
    parser.add_argument("folder", type=Path, metavar="SWEEP_DIR", help="the folder of a sweep")
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="a name that ends in .parquet or .csv (default: SWEEP_DIR/table.parquet)",
    )
    parser.add_argument(
        "--stale",
        action="store_true",
        help="take records too that are of an earlier command, of other inputs or other code",
    )
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Write the table and say what it holds, and what it does not.

    Raises SystemExit with status 1 where a record could not be taken.
    """
    from ..formats import to_json
    from ..progress import report_parts
    from ..sweeps import collect

    out = options.out or options.folder / "table.parquet"
    found = collect(options.folder, out, stale=options.stale, on_progress=report_parts("collect"))
    for line in _warnings(found, printable(str(options.folder)), taken=options.stale):
        print(f"warning: {line}", file=sys.stderr)
    if options.json:
        print(
            to_json(
                {
                    "table": str(found.path),
                    "records": found.records,
                    "rows": found.rows,
                    "columns": dict(found.columns),
                    "jobs_not_done": found.jobs_not_done,
                    "records_without_digest": found.without_digest,
                    "stale": [dataclasses.asdict(record) for record in found.stale],
                    "stale_taken": options.stale,
                    "refused": found.refused,
                }
            )
        )
    else:
        print(
            f"{printable(str(found.path))}: {counted(found.rows, 'row')} of {found.records} "
            f"records, {len(found.columns)} columns"
        )
    if found.refused:
        raise SystemExit(1)


def _warnings(found: "Collected", folder: str, *, taken: bool) -> Iterator[str]:
    from ..sweeps import stale_text

    for refused in found.refused[:_MOST_NAMED]:
        yield f"not used: {printable(refused)}"
    if len(found.refused) > _MOST_NAMED:
        yield f"not used: {len(found.refused) - _MOST_NAMED} more such records; --json names all"
    if found.stale:
        what = "in the table" if taken else "left out; --stale takes them"
        yield f"{stale_text(found.stale)}: {what}"
    if found.jobs_not_done:
        is_ = "is" if found.jobs_not_done == 1 else "are"
        jobs = counted(found.jobs_not_done, "job")
        yield f"{jobs} of the sweep {is_} not done; nullcline status {folder}"
    if found.code_versions > 1:
        yield (
            f"the records are of {found.code_versions} versions of the code; run.code_version "
            "tells them apart"
        )
    if found.mixed_inputs:
        names = ", ".join(shortened(name) for name in found.mixed_inputs[:_MOST_NAMED])
        more = ", ..." if len(found.mixed_inputs) > _MOST_NAMED else ""
        yield f"{names}{more} had other contents in some jobs; run.inputs tells them apart"
    if found.without_digest:
        have = "has" if found.without_digest == 1 else "have"
        yield (
            f"{counted(found.without_digest, 'record')} of an older version {have} no digest; "
            "their figures are taken unchecked"
        )
