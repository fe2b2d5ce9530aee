"""How long a command's page is: a screen, everything with `--full`, the answer with `--quiet`."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..page import Page


def add_length_arguments(parser: argparse.ArgumentParser, *, full: str) -> None:
    """`--full`, of which `full` says what it adds, and `--quiet`."""
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--full", action="store_true", help=full)
    length.add_argument("--quiet", action="store_true", help="the answer in sentences alone")


def page_as_asked(
    options: argparse.Namespace, page: "Callable[[], Page]", full: Callable[[], str]
) -> str:
    """The page as long as it was asked for, as wide and as coloured as stdout takes it."""
    from ..terminal import as_asked

    return as_asked(page, full, everything=options.full, quiet=options.quiet)
