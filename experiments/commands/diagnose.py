"""`nullcline diagnose`: a table in, the phase of each family out."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas import Diagnose
from ._arguments import add_example, settings_from
from ._length import add_length_arguments
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ...dynamics import Diagnosis


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline diagnose`."""
    add_example(parser, "diagnose my_scores.csv --out runs/mine")
    add_study_arguments(parser, Diagnose, without=("figures",))
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write all views as one file (default: none)"
    )
    parser.add_argument(
        "--compare-kinds",
        action="store_true",
        help="base models beside their tuned ones; the shipped pairs where no PATH is given",
    )
    add_length_arguments(parser, full="every family, both sides of turns, confounds")
    parser.add_argument("--all-warnings", action="store_true", help="every warning, row by row")


def run(options: argparse.Namespace) -> None:
    """Diagnose and print; with `--out` figures stand beside the record."""
    _check(options)
    if options.compare_kinds:
        run_study("compare_kinds", options)
        return
    if options.report:
        from .report import check_report, report_path

        options.report = report_path(options.report, settings_from(options, Diagnose))
        check_report(options.report)
    run_study(
        "diagnose",
        options,
        show=lambda found: _page(options, found),
        then=lambda found: _report(options, found),
        figures=options.out is not None,
    )


def _check(options: argparse.Namespace) -> None:
    """Raises ValueError for flags that do not go together."""
    if options.quiet and options.all_warnings:
        raise ValueError("--all-warnings: --quiet prints no warnings; leave out one of the two")
    if not options.compare_kinds:
        return
    if options.report:
        raise ValueError("--report: holds the views of a diagnosis; leave out --compare-kinds")
    for flag in ("full", "quiet"):
        if getattr(options, flag):
            raise ValueError(f"--{flag}: is about a diagnosis; leave out --compare-kinds")


def _page(options: argparse.Namespace, diagnosis: "Diagnosis") -> str:
    """The page as long as it was asked for, as wide and as coloured as stdout takes it."""
    from ..studies.diagnosis import diagnosis_to_sentences, diagnosis_to_short, diagnosis_to_text
    from ..terminal import page_width, word_paint

    width, paint = page_width(sys.stdout), word_paint(sys.stdout)
    if options.quiet:
        return diagnosis_to_sentences(diagnosis, width=width)
    if options.full:
        return diagnosis_to_text(diagnosis, all_warnings=options.all_warnings, paint=paint)
    return diagnosis_to_short(
        diagnosis, width=width, all_warnings=options.all_warnings, paint=paint
    )


def _report(options: argparse.Namespace, diagnosis: "Diagnosis") -> None:
    if options.report is None:
        return
    from ..inputs import read_families
    from ..progress import report_parts
    from .report import write_report

    settings = settings_from(options, Diagnose)
    write_report(
        options.report,
        read_families(settings),
        diagnosis,
        records=None,
        own=bool(settings.paths),
        on_progress=report_parts("diagnose"),
    )
