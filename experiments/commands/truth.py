"""`nullcline truth MODEL`: find a truth direction and judge it beside its controls."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas import FindTruth
from ._arguments import add_example, settings_from
from ._length import add_length_arguments
from ._run import add_study_arguments, run_study

if TYPE_CHECKING:
    from ..studies.steering import TruthStudy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline truth`."""
    add_example(parser, "truth organism:knowing-48 -o truth.safetensors")
    add_study_arguments(parser, FindTruth, without=("keep",))
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="keep the vector, safetensors (default: it is not kept)",
    )
    parser.add_argument(
        "--plan", action="store_true", help="say how many tokens and how long, and stop"
    )
    parser.add_argument(
        "--export",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help=".gguf (llama.cpp, repeng), .pt (lm-eval), .json (default: none)",
    )
    add_length_arguments(parser, full="every place and candidate, every column of the table")


def run(options: argparse.Namespace) -> None:
    """Find, judge, keep and print; or only say how long that will take."""
    if options.plan:
        if options.full or options.quiet:
            raise ValueError("--plan has one page; leave out --full and --quiet")
        _plan(options)
        return
    if options.output is not None and options.output.suffix != ".safetensors":
        raise ValueError(f"-o {options.output}: a vector's file ends in .safetensors")
    run_study("find_truth", options, then=lambda found: _keep(options, found))
    if options.output is None and not options.json:
        print("the vector was not kept; -o truth.safetensors does", file=sys.stderr)


def _plan(options: argparse.Namespace) -> None:
    from ..formats import to_json
    from ..studies.steering import plan_of, plan_to_dict, plan_to_text

    settings = settings_from(options, FindTruth)
    if settings.preset:
        raise ValueError("preset searches nothing, so that there is nothing to plan; leave it out")
    planned = plan_of(settings)
    print(to_json(plan_to_dict(*planned)) if options.json else plan_to_text(*planned))


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
