"""`nullcline heads MODEL`: which attention heads push towards the true answer, which compete."""

import argparse
import time
from pathlib import Path

from .loading import add_model_arguments

_METHODS = ("dla", "attribution-patching", "activation-patching")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline heads`."""
    add_model_arguments(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--pairs",
        type=Path,
        metavar="FILE",
        help="CSV of prompt,true,false or statement,label, or TruthfulQA's JSON",
    )
    which.add_argument("--set", dest="named_set", metavar="SET", help="cities, elements, …")
    parser.add_argument(
        "--reasoning-pairs", type=Path, metavar="FILE", help="the same, about reasoning"
    )
    parser.add_argument("--method", choices=_METHODS, default="dla")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="heads shown (10)")
    parser.add_argument("--count", type=int, default=256, metavar="N", help="pairs at most (256)")
    parser.add_argument(
        "--false-discovery-rate", type=float, default=0.05, metavar="Q", help="of named heads (.05)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a record there")


def run(options: argparse.Namespace) -> None:
    """Study the heads of one model and print what was found."""
    from ..formats import to_json
    from ..progress import report_parts
    from ..records import write_record
    from ..studies.heads import choose_pairs, study_heads, study_to_dict, study_to_text
    from .loading import load_chosen

    started = time.monotonic()
    check(options)
    model = load_chosen(options)
    pairs = choose_pairs(
        model,
        pairs=options.pairs,
        named_set=options.named_set,
        reasoning=options.reasoning_pairs,
        count=options.count,
        seed=options.seed,
    )
    study = study_heads(
        model,
        pairs,
        method=options.method,
        false_discovery_rate=options.false_discovery_rate,
        check_top=options.top,
        seed=options.seed,
        on_progress=report_parts("heads"),
    )
    result = study_to_dict(study)
    if options.out:
        hidden = ("command", "run", "json", "out")
        write_record(
            options.out,
            command="heads",
            settings={k: _plain(v) for k, v in vars(options).items() if k not in hidden},
            inputs={model.name: model.fingerprint, **pairs.inputs},
            result=result,
            started=started,
        )
    print(to_json(result) if options.json else study_to_text(study, top=options.top))


def check(options: argparse.Namespace) -> None:
    """Refuse numbers that mean nothing, before anything is loaded."""
    if options.top < 1:
        raise ValueError(f"--top {options.top}: give 1 or more")
    if options.count < 2:
        raise ValueError(f"--count {options.count}: an effect with an interval needs 2 pairs")
    if not 0 < options.false_discovery_rate < 1:
        raise ValueError(f"--false-discovery-rate {options.false_discovery_rate}: give 0 to 1")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed} is negative; give 0 or more")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
