"""`nullcline card`: one model among the families."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas_card import Card
from ._arguments import add_example
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ...dynamics import ModelCard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline card`."""
    add_example(parser, "card --model My-7B hellaswag=78.2 truthfulqa_mc2=43.1 params=7B")
    add_study_arguments(parser, Card)
    parser.add_argument(
        "--svg", type=Path, metavar="FILE", help="a picture for a model card (default: none)"
    )


def run(options: argparse.Namespace) -> None:
    """Place the model and print; with `--svg` and `--out` there is a picture, too."""
    if options.svg is not None and options.svg.is_dir():
        raise ValueError(f"--svg {options.svg}: is a folder; name a file such as card.svg")
    run_study("card", options, then=lambda found: _write(options, found))


def _write(options: argparse.Namespace, card: "ModelCard") -> None:
    if options.svg is None:
        return
    from ..figures import card_svg, write_card

    write_card(card_svg(card, getattr(options, "among", Card().among)), options.svg)
