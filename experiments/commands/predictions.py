"""`nullcline predictions [TABLE]`: where the dated predictions of the frontier paper stand."""

import argparse

from ..schemas import TrackPredictions
from ._arguments import add_example
from ._run import add_study_arguments, run_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline predictions`."""
    add_example(parser, "predictions --as-of 2026-12-31")
    add_study_arguments(parser, TrackPredictions)


def run(options: argparse.Namespace) -> None:
    """Evaluate and print."""
    run_study("track_predictions", options)
