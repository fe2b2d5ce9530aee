"""`nullcline status SWEEP_DIR`: what is done, runs, failed, and when the sweep ends."""

import argparse
from pathlib import Path

from ._arguments import add_example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline status`."""
    add_example(parser, "status runs/diagnose/families")
    parser.add_argument("folder", type=Path, metavar="SWEEP_DIR", help="the folder of a sweep")
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Read the folder and print where the sweep stands."""
    from ..formats import to_json
    from ..sweeps import read_status, status_to_dict, status_to_text

    found = read_status(options.folder)
    print(to_json(status_to_dict(found)) if options.json else status_to_text(found))
