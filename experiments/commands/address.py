"""Where a server of this machine listens: arguments of `dashboard` and `serve`."""

import argparse
import ipaddress
import sys


def add_address_arguments(parser: argparse.ArgumentParser, *, port: int) -> None:
    """`--host`, loopback unless another is given, and `--port` with its default."""
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="where to listen (default: 127.0.0.1, this machine alone)",
    )
    shown = f"0 takes a free one (default: {port})"
    parser.add_argument("--port", type=int, default=port, help=shown)


def say_address(text: str, *, host: str) -> None:
    """Print on stderr where a server is, and that others can reach it where they can."""
    print(f"nullcline: {text} (Ctrl-C ends it)", file=sys.stderr, flush=True)
    try:
        open_to_others = not ipaddress.ip_address(host).is_loopback
    except ValueError:
        open_to_others = host != "localhost"
    if open_to_others:
        print("warning: there is no login; who reaches the port can use it", file=sys.stderr)
