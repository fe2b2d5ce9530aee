"""`nullcline run STUDY [OVERRIDES]`: a study under Hydra, one job or a sweep."""

import argparse

from ._arguments import add_example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline run`."""
    add_example(parser, "run diagnose -m family=pythia,opt,bloom")
    from ..studies import STUDIES

    own = f"{', '.join(STUDIES)}; your own: module:name"
    parser.add_argument("study", metavar="STUDY", help=own)
    parser.add_argument(
        "overrides",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="key=value; -m before them runs every combination of key=a,b; +experiment=RECIPE",
    )


def run(options: argparse.Namespace) -> None:
    """Hand the study and its overrides to Hydra."""
    from ..progress import report_parts
    from ..studies import find_study
    from ..sweeps import main

    main(find_study(options.study), options.overrides, say=report_parts(options.study))
