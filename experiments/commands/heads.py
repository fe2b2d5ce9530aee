"""`nullcline heads MODEL`: which attention heads push towards the true answer, which compete."""

import argparse

from ..schemas import AttributeHeads
from ._arguments import add_example
from ._length import add_length_arguments
from ._run import add_study_arguments, run_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline heads`."""
    add_example(parser, "heads organism:heads-64 --top 5")
    add_study_arguments(parser, AttributeHeads)
    add_length_arguments(parser, full="patched heads, edges, the output projection")


def run(options: argparse.Namespace) -> None:
    """Study the heads of one model and print what was found."""
    run_study("attribute_heads", options)
