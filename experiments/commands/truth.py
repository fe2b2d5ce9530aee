"""`nullcline truth MODEL`: find a truth direction and judge it beside its controls."""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

from .loading import add_model_arguments
from .steering_arguments import add_search_arguments, add_set_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline truth`."""
    add_model_arguments(parser)
    add_set_arguments(parser)
    add_search_arguments(parser)
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
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a record there")


def run(options: argparse.Namespace) -> None:
    """Find, judge, keep and print."""
    from ..formats import to_json
    from ..progress import report_parts
    from ..records import write_record
    from ..studies.steering import study_truth, truth_to_dict, truth_to_text, vector_report
    from .loading import import_interp
    from .steering_arguments import check_sets, load_asked, plain_options, search_settings

    started = time.monotonic()
    check_sets(options)
    settings = search_settings(options)
    if options.output is not None and options.output.suffix != ".safetensors":
        raise ValueError(f"-o {options.output}: a vector's file ends in .safetensors")
    interp = import_interp()
    model, sets, inputs = load_asked(options)
    study = study_truth(
        model,
        sets,
        inputs=inputs,
        preset=options.preset,
        random=options.random,
        seed=options.seed,
        on_progress=report_parts("truth"),
        **settings,
    )
    result = truth_to_dict(study)
    vector = dataclasses.replace(study.vector, report=vector_report(study))
    if options.output is not None:
        interp.save_vector(vector, options.output)
        print(f"wrote {options.output}", file=sys.stderr)
    for path in options.export:
        interp.export_vector(model, vector, path)
        print(f"wrote {path}", file=sys.stderr)
    if options.out:
        write_record(
            options.out,
            command="truth",
            settings=plain_options(options),
            inputs={model.name: model.fingerprint, **inputs},
            result=result,
            started=started,
        )
    print(to_json(result) if options.json else truth_to_text(study))
    if options.output is None and not options.json:
        print("the vector was not kept; -o truth.safetensors does", file=sys.stderr)
