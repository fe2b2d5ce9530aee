"""`nullcline report`: the dashboard's views as one file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...dynamics import Diagnosis, ScoreTable

from ...common.progress import Progress
from ..schemas import Diagnose
from ._arguments import add_example, add_schema_arguments, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline report`."""
    add_example(parser, "report my_scores.csv -o report.html")
    add_schema_arguments(parser, Diagnose, without=("figures",))
    parser.add_argument(
        "--records",
        type=Path,
        metavar="DIR",
        help="records of heads, evaluate (default: the shipped)",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="a file, or a folder for it (default: TABLE_report.html)",
    )


def run(options: argparse.Namespace) -> None:
    """Diagnose and write the file."""
    from ..inputs import read_families
    from ..progress import report_parts
    from ..studies import find_study

    settings = settings_from(options, Diagnose)
    path = report_path(options.out, settings)
    check_report(path)
    say = report_parts("report")
    diagnosis = find_study("diagnose").run(settings, say=say)[0].result
    table = read_families(settings)
    own = bool(settings.paths)
    write_report(path, table, diagnosis, records=options.records, own=own, on_progress=say)


def report_path(given: Path | None, settings: Diagnose) -> Path:
    """The file that is named, else one that is named after the table, in the folder that is."""
    if given is not None and not given.is_dir():
        return given
    first = Path(settings.paths[0] if settings.paths else settings.table)
    name = first.resolve().name if first.is_dir() else first.stem
    if len(settings.paths) > 1:
        name += f"_and_{len(settings.paths) - 1}_more"
    return (given or Path()) / f"{name}_report.html"


def check_report(path: Path) -> None:
    """Before the work: whether the file can be written, and the page's packages are there."""
    from ..dashboard._page import check_packages

    check_packages()
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file, or another folder")
    path.parent.mkdir(parents=True, exist_ok=True)


def write_report(
    path: Path,
    table: "ScoreTable",
    diagnosis: "Diagnosis",
    *,
    records: Path | None,
    own: bool,
    on_progress: Progress | None,
) -> None:
    """Write the report of a diagnosis, whole or not at all."""
    import sys

    from ...common.files import write_whole
    from ...data import shipped
    from ..dashboard._errors import JobError
    from ..dashboard._report import write_views

    folders = [folder for folder in (records, shipped("records")) if folder is not None]
    try:
        page = write_views(table, diagnosis, records=folders, own=own, on_progress=on_progress)
    except JobError as error:
        raise ValueError(str(error)) from None
    write_whole(path, page)
    print(f"nullcline: wrote {path} ({len(page) / 1e6:.1f} MB)", file=sys.stderr)
