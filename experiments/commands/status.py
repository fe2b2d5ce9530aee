"""`nullcline status FOLDER`: what is done, runs, failed, and when it ends."""

import argparse
from pathlib import Path

from ._arguments import add_example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline status`."""
    add_example(parser, "status runs/diagnose/families")
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="that of a sweep or of a single run, or one above several",
    )
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Read the folder and print where the sweep stands, or a line for each that lies below."""
    from ..formats import to_json
    from ..sweeps import (
        folders_below,
        overview_to_dict,
        overview_to_text,
        read_status,
        status_to_dict,
        status_to_text,
    )

    below = list(folders_below(options.folder))
    if not below or below == [options.folder]:
        found = read_status(options.folder)
        print(to_json(status_to_dict(found)) if options.json else status_to_text(found))
        return
    several, broken = [], []
    for folder in below:
        try:
            several.append(read_status(folder))
        except ValueError as error:
            broken.append(str(error))
    show = overview_to_dict if options.json else overview_to_text
    found = show(options.folder, several, broken)
    print(to_json(found) if options.json else found)
