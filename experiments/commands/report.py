"""`nullcline report`: the dashboard's views as one file."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline report`."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="as for diagnose; the shipped table if none"
    )
    parser.add_argument("--table", default=None, help="a shipped table: uniform or published")
    parser.add_argument("--reasoning", help="benchmark for the reasoning score (hellaswag)")
    parser.add_argument("--truth", help="benchmark for the truth score (truthfulqa_mc2)")
    parser.add_argument("--family", nargs="+", action="extend", metavar="NAME", help="only these")
    parser.add_argument("--n-boot", type=int, default=10_000, help="resamples (10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=Path, metavar="DIR", help="records of heads, evaluate")
    parser.add_argument("-o", "--out", type=Path, default=Path("report.html"), metavar="FILE")


def run(options: argparse.Namespace) -> None:
    """Diagnose and write the file."""
    from ... import dynamics
    from ..progress import report_parts
    from .checks import check_resampling

    if options.paths and options.table:
        raise ValueError("give PATH or --table, not both")
    check_resampling(options)
    check_report(options.out)
    say = report_parts("report")
    if options.paths:
        table = dynamics.combine_tables([dynamics.read_scores(path) for path in options.paths])
    else:
        table = dynamics.load_table(options.table or "uniform")
    if options.family:
        table = table.select(options.family)
    diagnosis = dynamics.diagnose(
        table,
        reasoning=options.reasoning,
        truth=options.truth,
        n_boot=options.n_boot,
        seed=options.seed,
        on_progress=say,
    )
    write_report(options.out, table, diagnosis, records=options.records, on_progress=say)


def check_report(path: Path) -> None:
    """Before the work: whether the file can be written, and plotly.js is there."""
    from ..dashboard._page import plotly_script

    plotly_script()
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file such as report.html")
    path.parent.mkdir(parents=True, exist_ok=True)


def write_report(path: Path, table, diagnosis, *, records: Path | None, on_progress) -> None:
    """Write the report of a diagnosis, whole or not at all."""
    import sys

    from ...data import shipped
    from ..dashboard._errors import JobError
    from ..dashboard._report import write_views
    from ..records import write_aside

    folders = [folder for folder in (records, shipped("records")) if folder is not None]
    try:
        page = write_views(table, diagnosis, records=folders, on_progress=on_progress)
    except JobError as error:
        raise ValueError(str(error)) from None
    write_aside(path, page)
    print(f"nullcline: wrote {path} ({len(page) / 1e6:.1f} MB)", file=sys.stderr)
