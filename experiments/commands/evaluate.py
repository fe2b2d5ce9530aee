"""`nullcline evaluate MODEL`: what a truth vector does to answers, beside its controls."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas import EvaluateSteering
from ._arguments import add_example
from ._length import add_length_arguments
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ..studies.steering import SteeringStudy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline evaluate`."""
    add_example(parser, "evaluate organism:knowing-48 --vector truth.safetensors")
    add_study_arguments(parser, EvaluateSteering)
    parser.add_argument(
        "--lm-eval",
        type=Path,
        metavar="DIR",
        help="write results as lm-evaluation-harness does, to diagnose DIR (default: none)",
    )
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="write FILE.md, a model card, and FILE.json (default: none)",
    )
    parser.add_argument(
        "--push",
        metavar="OWNER/NAME",
        help="upload card and vector to that repository of the HuggingFace hub (default: none)",
    )
    add_length_arguments(parser, full="every column of the controlled table")


def run(options: argparse.Namespace) -> None:
    """Judge a vector and print the controlled table."""
    from ..studies import steering

    if options.card is not None:
        steering.card_paths(options.card)
    repo: str | None = options.push
    token = "" if repo is None else steering.check_push(repo)
    judged: list[SteeringStudy] = []

    def written(found: "SteeringStudy") -> None:
        judged.append(found)
        _write(options, found)

    run_study("evaluate_steering", options, then=written)
    if repo is not None:  # after the table is printed: the network may fail
        for found in judged:
            address = steering.push(repo, found, token=token, say=_say)
            print(f"pushed {address}", file=sys.stderr)


def _write(options: argparse.Namespace, found: "SteeringStudy") -> None:
    from ..studies.steering import write_card, write_lm_eval

    paths: tuple[Path, ...] = ()
    if options.lm_eval is not None:
        paths += write_lm_eval(options.lm_eval, found)
    if options.card is not None:
        paths += write_card(options.card, found)
    for path in paths:
        print(f"wrote {path}", file=sys.stderr)


def _say(doing: str, done: int = 0, of: int = 0) -> None:
    print(doing, file=sys.stderr)
