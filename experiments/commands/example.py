"""`nullcline example`: a small table to try things with, and to put one's own scores into."""

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: the table goes to stdout."""
    parser.epilog = "nullcline example > my_scores.csv, then nullcline diagnose my_scores.csv"


def run(options: argparse.Namespace) -> None:
    """Write the table."""
    from ..example_table import example_table

    sys.stdout.write(example_table())
