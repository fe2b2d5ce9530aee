"""`nullcline dashboard`: an interactive page on which a table of scores shows its phases."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline dashboard`."""
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--host", default="127.0.0.1", help="loopback only unless asked")
    parser.add_argument(
        "--records", type=Path, metavar="DIR", help="records of heads, truth and evaluate"
    )
    parser.add_argument("--no-cache", action="store_true", help="keep no views for the next start")


def run(options: argparse.Namespace) -> None:
    """Serve until interrupted; the address is printed on stderr."""
    if not 0 <= options.port <= 65535:
        raise ValueError(f"--port {options.port} is no port; give 0 to 65535")
    if options.records and not options.records.is_dir():
        raise ValueError(f"--records {options.records}: there is no such folder")
    try:
        from ..dashboard._serve import serve
    except ModuleNotFoundError as error:
        mend = "pip install 'nullcline[dashboard]'"
        raise ValueError(f"the dashboard needs {error.name}: {mend}") from None

    def say(address: str) -> None:
        print(f"nullcline: {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)

    serve(
        host=options.host,
        port=options.port,
        records=options.records,
        keep=not options.no_cache,
        say=say,
    )
