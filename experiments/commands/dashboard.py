"""`nullcline dashboard`: an interactive page on which a table of scores shows its phases."""

import argparse
from pathlib import Path

from ._arguments import add_example
from .address import add_address_arguments, say_address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline dashboard`."""
    add_example(parser, "dashboard --port 8050")
    add_address_arguments(parser, port=0)
    parser.add_argument(
        "--records",
        type=Path,
        metavar="DIR",
        help="records of heads, truth and evaluate (default: the shipped)",
    )
    parser.add_argument("--no-cache", action="store_true", help="keep no views for the next start")


def run(options: argparse.Namespace) -> None:
    """Serve until interrupted; the address is printed on stderr."""
    if options.records and not options.records.is_dir():
        raise ValueError(f"--records {options.records}: there is no such folder")
    from ..dashboard._serve import serve

    serve(
        host=options.host,
        port=options.port,
        records=options.records,
        keep=not options.no_cache,
        say=lambda address: say_address(address, host=options.host),
    )
