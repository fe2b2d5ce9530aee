"""`nullcline plan`: what to measure next under a budget."""

import argparse

from ..schemas_card import PlanMeasurements
from ._arguments import add_example
from ._run import add_study_arguments, run_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline plan`."""
    add_example(parser, "plan --family OPT --budget 1e13")
    add_study_arguments(parser, PlanMeasurements)


def run(options: argparse.Namespace) -> None:
    """Plan and print."""
    run_study("plan_measurements", options)
