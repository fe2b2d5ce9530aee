"""`nullcline example`: a small table to try things with, and to put one's own scores into."""

import argparse
import sys

from ._arguments import add_example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: the table goes to stdout."""
    add_example(parser, "example > my_scores.csv")


def run(options: argparse.Namespace) -> None:
    """Write the table."""
    from ..example_table import example_table

    sys.stdout.write(example_table())
