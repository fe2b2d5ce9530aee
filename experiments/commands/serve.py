"""`nullcline serve MODEL`: an OpenAI-compatible server of a steered model."""

import argparse
import dataclasses
import math
import sys
from pathlib import Path

from ..positions import AFTER, POSITIONS, chosen_positions
from ..schemas import ModelChoice
from ._arguments import LAYER, add_example, add_schema_arguments, settings_from
from .address import add_address_arguments, say_address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline serve`."""
    add_example(parser, "serve organism:knowing-48 --vector truth.safetensors")
    add_schema_arguments(parser, ModelChoice)
    parser.add_argument(
        "--vector",
        type=Path,
        metavar="FILE",
        help="of nullcline truth, or another tool's: .gguf, .pt, .json, .npy (default: none)",
    )
    parser.add_argument("--layer", type=int, metavar="N", help=LAYER)
    parser.add_argument(
        "--strength", type=float, help="of requests that give none (default: the vector's)"
    )
    parser.add_argument(
        "--positions", metavar="POSITIONS", help=f"{POSITIONS} (default: the vector's)"
    )
    parser.add_argument("--after", metavar="TEXT", help=f"{AFTER} (default: the vector's)")
    parser.add_argument(
        "--force", action="store_true", help="take a vector that was found on another model"
    )
    parser.add_argument("--name", help="what requests call the model (default: MODEL)")
    add_address_arguments(parser, port=8400)
    parser.add_argument(
        "--max-concurrent", type=int, default=2, metavar="N", help="requests at once (default: 2)"
    )
    parser.add_argument(
        "--queue",
        type=int,
        default=8,
        metavar="N",
        help="requests that wait for a place (default: 8)",
    )
    parser.add_argument(
        "--queue-seconds",
        type=float,
        default=30.0,
        metavar="S",
        help="they wait for so long (default: 30)",
    )
    parser.add_argument(
        "--max-tokens",
        type=int,
        default=512,
        metavar="N",
        help="new tokens of a prompt (default: 512)",
    )
    parser.add_argument(
        "--max-prompt",
        type=int,
        default=2048,
        metavar="N",
        help="tokens of a prompt (default: 2048)",
    )


def run(options: argparse.Namespace) -> None:
    """Serve until interrupted; the address is printed on stderr."""
    _check(options)
    from ... import interp
    from .. import serving, web
    from ..models import load_model, short_name

    positions = chosen_positions(options.positions, options.after)
    limits = serving.Limits(
        concurrent=options.max_concurrent,
        queue=options.queue,
        wait=options.queue_seconds,
        tokens=options.max_tokens,
        prompt=options.max_prompt,
    )
    with web.bound(options.host, options.port) as own:
        read = interp.read_vector(options.vector) if options.vector else None
        model = load_model(settings_from(options, ModelChoice))
        vector = None
        if read is not None:
            vector = interp.place_vector(model, read, layer=options.layer)
            interp.check_fits(model, vector, force=options.force)
            if options.strength is not None:
                vector = dataclasses.replace(vector, strength=options.strength)
            if positions is not None:
                vector = dataclasses.replace(vector, positions=positions)
            note = interp.fit_note(model, vector)
            print(f"{vector}{'; ' if note else ''}{note}", file=sys.stderr)
        if left_out := interp.own_settings(model):
            print(f"without the model's own {', '.join(left_out)}", file=sys.stderr)
        name = options.name or short_name(options.model_name)
        app = serving.create_app(
            model, vector, name=name, hosts=web.own_names(options.host), limits=limits
        )
        said = f"{web.shown_address(options.host, own)}/v1 serves {name}"
        web.run_until_stopped(app, own, on_listening=lambda: say_address(said, host=options.host))


def _check(options: argparse.Namespace) -> None:
    for name in ("max_concurrent", "max_tokens", "max_prompt"):
        if getattr(options, name) < 1:
            flag = f"--{name.replace('_', '-')}"
            raise ValueError(
                f"{flag} {getattr(options, name)} lets nothing through; give 1 or more"
            )
    for name in ("queue", "queue_seconds"):
        value = getattr(options, name)
        if not 0 <= value < math.inf:
            raise ValueError(f"--{name.replace('_', '-')} {value} is none; give 0 or more")
    if options.layer is not None and options.vector is None:
        raise ValueError("--layer is a vector's; give --vector FILE too")
    for name in ("positions", "after"):
        if getattr(options, name) is not None and options.vector is None:
            raise ValueError(f"--{name} is a vector's; give --vector FILE too")
    if options.strength is not None:
        if not math.isfinite(options.strength):
            raise ValueError(
                f"--strength {options.strength} is no number; give a share such as 0.5"
            )
        if options.vector is None:
            raise ValueError("--strength is a vector's; give --vector FILE too")
