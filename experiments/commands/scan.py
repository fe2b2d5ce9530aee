"""`nullcline scan`: every pair of a capability and another benchmark of a table."""

import argparse

from ..schemas import ScanPairs
from ._arguments import add_example
from ._run import add_study_arguments, run_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline scan`."""
    add_example(parser, "scan --table safety --reasoning mmlu")
    add_study_arguments(parser, ScanPairs)
    parser.add_argument("--full", action="store_true", help="every pair, not the surest alone")


def run(options: argparse.Namespace) -> None:
    """Scan and print; with `--out` a map stands beside the record."""
    from ..studies.scan import scan_to_text

    run_study("scan", options, show=lambda found: scan_to_text(found, everything=options.full))
