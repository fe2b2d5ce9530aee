"""`nullcline diagnose`: a table in, the phase of each family out."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas import Diagnose
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ...dynamics import Diagnosis


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline diagnose`."""
    add_study_arguments(parser, Diagnose, without=("figures",))
    parser.add_argument("--report", type=Path, metavar="FILE", help="write all views as one file")
    parser.add_argument(
        "--compare-kinds",
        action="store_true",
        help="base models beside their tuned ones; the shipped pairs where no PATH is given",
    )
    parser.add_argument("--all-warnings", action="store_true", help="every warning, row by row")


def run(options: argparse.Namespace) -> None:
    """Diagnose and print; with `--out` figures stand beside the record."""
    from ..studies.diagnosis import diagnosis_to_text

    if options.compare_kinds:
        _compare_kinds(options)
        return
    if options.report:
        from .report import check_report

        check_report(options.report)
    run_study(
        "diagnose",
        options,
        show=lambda found: diagnosis_to_text(found, all_warnings=options.all_warnings),
        then=lambda found: _report(options, found),
        figures=options.out is not None,
    )


def _compare_kinds(options: argparse.Namespace) -> None:
    if options.report:
        raise ValueError("--report: holds the views of a diagnosis; leave out --compare-kinds")
    run_study("compare_kinds", options)


def _report(options: argparse.Namespace, diagnosis: "Diagnosis") -> None:
    if options.report is None:
        return
    from ..inputs import read_families
    from ..progress import report_parts
    from ._arguments import settings_from
    from .report import write_report

    table = read_families(settings_from(options, Diagnose))
    write_report(
        options.report, table, diagnosis, records=None, on_progress=report_parts("diagnose")
    )
