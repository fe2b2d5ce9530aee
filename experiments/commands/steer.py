"""`nullcline steer MODEL --vector F`: text from a steered model, and a model with the vector baked
in."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ...interp import Frame
from ..positions import AFTER, POSITIONS, chosen_positions
from ..schemas import ModelChoice
from ..terminal import page_width
from ..text import filled
from ._arguments import LAYER, add_example, add_schema_arguments, settings_from

if TYPE_CHECKING:
    from ...interp import Model, TruthVector

_LONGEST_PROMPT = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline steer`."""
    add_example(parser, "steer organism:knowing-48 --vector truth.safetensors --chat")
    add_schema_arguments(parser, ModelChoice)
    parser.add_argument(
        "--vector",
        type=Path,
        required=True,
        metavar="FILE",
        help="of nullcline truth, or another tool's: .gguf, .pt, .json, .npy",
    )
    parser.add_argument("--layer", type=int, metavar="N", help=LAYER)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--prompt", help="the text to continue; - reads it from stdin (default: -)")
    what.add_argument(
        "--prompt-file", type=Path, metavar="FILE", help="a file with it (default: none)"
    )
    what.add_argument("--chat", action="store_true", help="a prompt per line, until an empty one")
    what.add_argument(
        "--bake",
        type=Path,
        metavar="DIR",
        help="write a checkpoint that needs no hook (default: none)",
    )
    what.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="the vector as .gguf (llama.cpp, repeng), .pt (lm-eval) or .json (default: none)",
    )
    parser.add_argument(
        "--strength",
        type=float,
        help="share of the residual norm (default: the vector's); of another tool's, times it (1)",
    )
    parser.add_argument(
        "--positions", metavar="POSITIONS", help=f"{POSITIONS} (default: the vector's)"
    )
    parser.add_argument("--after", metavar="TEXT", help=f"{AFTER} (default: the vector's)")
    parser.add_argument("--ablate", action="store_true", help="take the direction out instead")
    parser.add_argument(
        "--guard",
        type=float,
        metavar="NATS",
        help="back off when the KL of a text would exceed it (default: none)",
    )
    parser.add_argument(
        "--frame",
        choices=get_args(Frame),
        help="how the prompt is put (default: chat for a tuned model, else plain)",
    )
    parser.add_argument("--compare", action="store_true", help="show the unsteered text too")
    parser.add_argument(
        "--max-new-tokens",
        type=int,
        default=40,
        metavar="N",
        help="how long it may get (default: 40)",
    )
    parser.add_argument("--temperature", type=float, default=0.0, help="0 is greedy (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument("--force", action="store_true", help="take another model's vector")
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Write steered text to stdout, and what was done to stderr."""
    from ... import interp
    from ..models import load_model

    _check(options)
    positions = chosen_positions(options.positions, options.after)
    read = interp.read_vector(options.vector)
    prompt = None if options.chat or options.bake or options.export else _prompt(options)
    model = load_model(settings_from(options, ModelChoice))
    vector = interp.place_vector(model, read, layer=options.layer)
    if positions is not None:
        vector = dataclasses.replace(vector, positions=positions)
    if options.bake:
        folder = interp.bake(
            model, vector, options.bake, strength=options.strength, force=options.force
        )
        print(f"wrote {folder}: steered at {vector.hook_point} without a hook", file=sys.stderr)
    elif options.export:
        interp.export_vector(model, vector, options.export)
        print(f"wrote {options.export}", file=sys.stderr)
    elif options.chat:
        _chat(model, vector, options)
    else:
        _answer(model, vector, str(prompt), options)


def _check(options: argparse.Namespace) -> None:
    if options.guard is not None and options.ablate:
        raise ValueError("--guard backs off a strength, and --ablate has none; give one of them")
    if options.ablate and options.strength is not None:
        raise ValueError("--ablate takes the whole direction out; leave --strength away")
    if options.ablate and (options.positions, options.after) != (None, None):
        raise ValueError("--ablate acts on all positions; leave --positions and --after away")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed} is negative; give 0 or more")


def _prompt(options: argparse.Namespace) -> str:
    if options.prompt_file:
        with options.prompt_file.open(encoding="utf-8") as file:
            text = file.read(_LONGEST_PROMPT + 1)
    elif options.prompt is None or options.prompt == "-":
        text = sys.stdin.read(_LONGEST_PROMPT + 1)
    else:
        return options.prompt
    if len(text) > _LONGEST_PROMPT:
        raise ValueError(f"the prompt has over {_LONGEST_PROMPT} characters; shorten it")
    # A file ends with a line break that nobody means.
    return text.removesuffix("\n")


def _chat(model: Model, vector: TruthVector, options: argparse.Namespace) -> None:
    """A prompt per line; each stands alone, so that every answer is the vector's doing."""
    if sys.stdin.isatty():
        print(f"A prompt per line, such as {_offer(model)}; an empty line ends.", file=sys.stderr)
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline().strip()
        if not line:
            return
        try:
            _answer(model, vector, line, options)
        except ValueError as error:
            print(f"nullcline: {error}", file=sys.stderr)


def _answer(model: Model, vector: TruthVector, prompt: str, options: argparse.Namespace) -> None:
    from ... import interp
    from ..formats import to_json

    frame = interp.prompt_frame(model, options.frame)
    result: dict[str, Any] = {
        "prompt": prompt,
        "frame": frame,
        **_described(model, vector, options),
    }
    try:
        tokens = interp.encode_prompt(model, prompt, frame=frame)
    except interp.InterpError as error:
        if not interp.unknown_words(model, prompt):
            raise
        raise ValueError(f"{error}; prompts that work: {_offer(model)}") from None
    if options.compare:
        result["unsteered"] = _text(model, vector, tokens, options, steered=False)["text"]
        if not options.json:
            print(f"unsteered: {prompt}{_joint(result['unsteered'])}{result['unsteered']}")
            print(f"steered:   {prompt}", end="", flush=True)
    result |= _text(model, vector, tokens, options, steered=True)
    if options.compare and not options.json:
        line = _which_is_true(model, prompt, result)
        print(filled(line, page_width(sys.stdout), indent=" " * len("unsteered: ")))
    result["marker_came"] = interp.marker_comes(model, vector, tokens, written=result["text"])
    print(f"steer: {_said(vector, result)}", file=sys.stderr)
    if options.json:
        print(to_json(result))


def _offer(model: Model) -> str:
    from ..prompts import working_prompts

    return ", ".join(repr(prompt) for prompt in working_prompts(model))


def _which_is_true(model: Model, prompt: str, result: dict[str, Any]) -> str:
    """The true answer, where a question knows it, and which answer each text gives."""
    from ..prompts import given_answer, question_of

    question = question_of(model, prompt)
    if question is None:
        return "truth: not known of this prompt, which is no question of the model's sets"

    def said(text: str) -> str:
        given = given_answer(question, text)
        if given is None:
            return "begins with none of the answers"
        return f"says {given[0]!r}, which is {'true' if given[1] else 'false'}"

    return (
        f"truth: {question.options[question.best]!r}; the unsteered text "
        f"{said(result['unsteered'])}; the steered one {said(result['text'])}"
    )


def _text(
    model: Model,
    vector: TruthVector,
    prompt: list[int],
    options: argparse.Namespace,
    *,
    steered: bool,
) -> dict[str, Any]:
    """One text, shown while it is written."""
    from ... import interp

    show = steered and not options.json
    begun = False

    def tell(piece: str) -> None:
        nonlocal begun
        if not begun and options.compare:
            piece = f"{_joint(piece)}{piece}"
        begun = True
        print(piece, end="", flush=True)

    shared = {
        "max_new_tokens": options.max_new_tokens,
        "temperature": options.temperature,
        "seed": options.seed,
        "on_text": tell if show else None,
    }
    if steered and options.guard is not None:
        guarded = interp.generate_guarded(
            model,
            vector,
            prompt,
            budget=options.guard,
            strength=options.strength,
            force=options.force,
            **shared,
        )
        made = guarded.generated
        more = {
            "guard": {
                "budget": guarded.budget,
                "spent": guarded.spent,
                "backed_off": guarded.backed_off,
                "strengths": guarded.strengths,
            }
        }
    else:
        strength = options.strength if steered else 0.0
        with interp.steer(
            model,
            vector,
            strength=strength,
            ablate=steered and options.ablate,
            force=options.force,
        ):
            made = interp.generate(model, prompt, **shared)
        more = {}
    if show:
        print()
    return {
        "text": made.text,
        "tokens": len(made.tokens),
        "prompt_tokens": made.prompt_tokens,
        "finish": made.finish,
        **more,
    }


def _described(model: Model, vector: TruthVector, options: argparse.Namespace) -> dict[str, Any]:
    from ... import interp

    return {
        "layer": vector.hook_point.layer,
        "site": vector.hook_point.site,
        "layers": [point.layer for point in vector.additions()],
        "method": vector.method,
        "strength": None
        if options.ablate
        else (vector.strength if options.strength is None else options.strength),
        "strength_unit": None if options.ablate else vector.strength_unit,
        "positions": "all" if options.ablate else str(vector.positions),
        "ablated": options.ablate,
        "condition": vector.condition is not None,
        "note": interp.fit_note(model, vector),
        "settings_left_out": interp.own_settings(model),
    }


def _said(vector: TruthVector, result: dict[str, Any]) -> str:
    """What was done, in one line."""
    whose = "its own" if vector.own_norm else "the residual"
    done = (
        "its direction taken out"
        if result["ablated"]
        else f"strength {result['strength']:g} of {whose} norm"
    )
    where = vector.places if vector.also else f"layer {result['layer']} ({result['site']})"
    line = f"{result['method']} vector, {where}, {done}"
    if vector.positions != "all" and not result["ablated"]:
        from ... import interp

        line += f", {interp.said_positions(vector.positions)}"
        if not result["marker_came"]:
            line += " (it did not come: nothing was added)"
    if result["condition"]:
        line += ", where a plain question is recognised"
    if "guard" in result:
        guard = result["guard"]
        line += (
            f"; {guard['spent']:.3f} of {guard['budget']:g} nats spent, backed off at "
            f"{guard['backed_off']} of {len(guard['strengths'])} tokens"
        )
    if result["frame"] != "plain":
        line += f", the prompt in the frame {result['frame']}"
    if result["note"]:
        line += f"; {result['note']}"
    if result["settings_left_out"]:
        line += f"; without the model's own {', '.join(result['settings_left_out'])}"
    return f"{line}; {result['tokens']} tokens, ended by {result['finish']}"


def _joint(piece: str) -> str:
    """A blank between prompt and continuation, where the text brings none."""
    return "" if piece[:1].isspace() else " "
