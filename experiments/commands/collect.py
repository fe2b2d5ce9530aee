"""`nullcline collect SWEEP_DIR`: the records of a sweep as one tidy table."""

import argparse
import sys
from pathlib import Path

from ...common.words import counted, printable
from ._arguments import add_example


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
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Write the table and say what it holds."""
    from ..formats import to_json
    from ..progress import report_parts
    from ..sweeps import collect, read_status

    out = options.out or options.folder / "table.parquet"
    found = collect(options.folder, out, on_progress=report_parts("collect"))
    folder, missing = printable(str(options.folder)), 0
    if (options.folder / "sweep.json").is_file():
        status = read_status(options.folder)
        missing = len(status.jobs) - status.count("done")
    if missing:
        print(
            f"warning: {missing} {'job' if missing == 1 else 'jobs'} of the sweep "
            f"{'is' if missing == 1 else 'are'} not done; nullcline status {folder}",
            file=sys.stderr,
        )
    if found.code_versions > 1:
        print(
            f"warning: the records are of {found.code_versions} versions of the code; "
            "run.code_version tells them apart",
            file=sys.stderr,
        )
    if found.without_digest:
        print(
            f"warning: {counted(found.without_digest, 'record')} of an older version "
            f"{'has' if found.without_digest == 1 else 'have'} no digest; their figures are taken "
            "unchecked",
            file=sys.stderr,
        )
    if options.json:
        print(
            to_json(
                {
                    "table": str(found.path),
                    "records": found.records,
                    "rows": found.rows,
                    "columns": dict(found.columns),
                    "jobs_not_done": missing,
                    "records_without_digest": found.without_digest,
                }
            )
        )
    else:
        print(
            f"{printable(str(found.path))}: {counted(found.rows, 'row')} of {found.records} "
            f"records, {len(found.columns)} columns"
        )
