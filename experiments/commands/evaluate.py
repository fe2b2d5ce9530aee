"""`nullcline evaluate MODEL`: what a truth vector does to answers, beside its controls."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas import EvaluateSteering
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ..studies.steering import SteeringStudy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline evaluate`."""
    add_study_arguments(parser, EvaluateSteering)
    parser.add_argument(
        "--lm-eval",
        type=Path,
        metavar="DIR",
        help="write results as lm-evaluation-harness does, for nullcline diagnose DIR",
    )


def run(options: argparse.Namespace) -> None:
    """Judge a vector and print the controlled table."""
    run_study("evaluate_steering", options, then=lambda found: _lm_eval(options, found))


def _lm_eval(options: argparse.Namespace, found: "SteeringStudy") -> None:
    if options.lm_eval is None:
        return
    from ..studies.steering import write_lm_eval

    for path in write_lm_eval(options.lm_eval, found):
        print(f"wrote {path}", file=sys.stderr)
