"""`nullcline truth MODEL`: find a truth direction and judge it beside its controls."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas import FindTruth
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ..studies.steering import TruthStudy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline truth`."""
    add_study_arguments(parser, FindTruth, without=("keep",))
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="keep the vector (safetensors)"
    )
    parser.add_argument(
        "--export",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help=".gguf (llama.cpp, repeng), .pt (lm-eval), .json",
    )


def run(options: argparse.Namespace) -> None:
    """Find, judge, keep and print."""
    if options.output is not None and options.output.suffix != ".safetensors":
        raise ValueError(f"-o {options.output}: a vector's file ends in .safetensors")
    run_study("find_truth", options, then=lambda found: _keep(options, found))
    if options.output is None and not options.json:
        print("the vector was not kept; -o truth.safetensors does", file=sys.stderr)


def _keep(options: argparse.Namespace, found: "TruthStudy") -> None:
    from ... import interp
    from ..studies.steering import vector_report

    vector = dataclasses.replace(found.vector, report=vector_report(found))
    if options.output is not None:
        interp.save_vector(vector, options.output)
        print(f"wrote {options.output}", file=sys.stderr)
    for path in options.export:
        interp.export_vector(found.model, vector, path)
        print(f"wrote {path}", file=sys.stderr)
