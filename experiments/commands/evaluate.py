"""`nullcline evaluate MODEL`: what a truth vector does to answers, beside its controls."""

import argparse
import sys
import time
from pathlib import Path

from .loading import add_model_arguments
from .steering_arguments import add_search_arguments, add_set_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline evaluate`."""
    add_model_arguments(parser)
    parser.add_argument(
        "--vector",
        type=Path,
        metavar="FILE",
        help="of nullcline truth; else one is found",
    )
    parser.add_argument("--strength", type=float, help="in place of the vector's own")
    parser.add_argument("--force", action="store_true", help="take another model's vector")
    add_set_arguments(parser)
    add_search_arguments(parser)
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a record there")
    parser.add_argument(
        "--lm-eval",
        type=Path,
        metavar="DIR",
        help="write results as lm-evaluation-harness does, for nullcline diagnose DIR",
    )


def run(options: argparse.Namespace) -> None:
    """Judge a vector and print the controlled table."""
    from ..formats import to_json
    from ..progress import report_parts
    from ..records import write_record
    from ..studies.steering import (
        steering_to_dict,
        steering_to_text,
        study_steering,
        write_lm_eval,
    )
    from .loading import import_interp
    from .steering_arguments import check_sets, load_asked, plain_options, search_settings

    started = time.monotonic()
    check_sets(options)
    settings = search_settings(options)
    interp = import_interp()
    vector = interp.load_vector(options.vector) if options.vector else None
    model, sets, inputs = load_asked(options)
    say = report_parts("evaluate")
    if vector is None and options.preset:
        vector = interp.published_vector(model, sets, seed=options.seed)
    elif vector is None:
        vector = interp.find_truth_vector(
            model, sets, seed=options.seed, on_progress=say, **settings
        ).vector
    study = study_steering(
        model,
        sets,
        vector,
        inputs=inputs,
        questions=options.questions or "",
        strength=options.strength,
        random=options.random,
        seed=options.seed,
        force=options.force,
        on_progress=say,
    )
    result = steering_to_dict(study)
    if options.out:
        write_record(
            options.out,
            command="evaluate",
            settings=plain_options(options),
            inputs={model.name: model.fingerprint, **study.inputs},
            result=result,
            started=started,
        )
    if options.lm_eval:
        for path in write_lm_eval(options.lm_eval, study):
            print(f"wrote {path}", file=sys.stderr)
    print(to_json(result) if options.json else steering_to_text(study))
