"""The command line: `nullcline COMMAND`. Starts light; what a command needs it imports itself."""

import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from ..common.words import printable, system_error
from .interrupts import INTERRUPTED, Interruption, end_now
from .parsers import Commands
from .plain_letters import say_everything

#: What a newcomer types -> what it shows.
_FIRST = {
    "nullcline diagnose": "which families pay a tax, and how surely",
    "nullcline example > my_scores.csv": "a small table; put your own models in",
    "nullcline diagnose my_scores.csv": "the same question to your table",
    "nullcline explain tax": "what a word of the output means",
}
#: What commands are for -> command -> summary, each a line of 80 columns in the help.
_COMMANDS = {
    "a table of scores": {
        "example": "a small table of scores to try things with, on stdout",
        "read": "a table as it is understood, and what became of it all",
        "diagnose": "whether one score falls as another rises, family by family",
        "scan": "every pair of benchmarks: which pay a tax, which turn",
        "card": "one model among the families: level, residual, next size",
        "plan": "what to measure next under a budget",
        "ode": "the coupled capability ODE: fit, predict, crossval",
        "dashboard": "an interactive page; drop a table of your own",
        "report": "the views of that page as one file that opens anywhere",
    },
    "the papers": {
        "reproduce": "the claims of arXiv:2605.18838 and 2605.18840, recomputed",
        "predictions": "the dated predictions of arXiv:2605.18840: where they stand",
    },
    "inside one model": {
        "heads": "attention heads: which push to the truth, which compete",
        "truth": "find the direction that turns false answers into true ones",
        "evaluate": "what a truth vector does to answers, beside its controls",
        "steer": "text from a model that is steered by a truth vector",
        "serve": "an OpenAI-compatible server of a steered model",
    },
    "many runs, and models of one's own": {
        "organisms": "small language models: list, show, train, evaluate, compare",
        "run": "a study under Hydra: one job, or a sweep with -m",
        "status": "where a sweep stands: done, running, failed, its end",
        "collect": "the records of a sweep as one table",
        "census": "competing heads, or truth vectors, over a sweep's models",
    },
    "help": {
        "explain": "what a word of these pages means: gate, tax, ...",
        "completion": "what a shell needs to complete commands: bash, zsh, fish",
    },
}


def command_parser() -> Commands:
    """The parser of all commands, without what each of them needs."""
    parser = Commands(
        _COMMANDS,
        first=_FIRST,
        prog="nullcline",
        description="Does one score of a family of language models fall as another rises? Which "
        "families pay such a tax, how sure that is, and what happens inside the models.",
        epilog="nullcline COMMAND --help has an example of each command.",
    )
    parser.add_argument("--version", action="version", version=f"nullcline {version('nullcline')}")
    return parser


def use_double_precision() -> None:
    """64-bit JAX, with compiled functions kept from one start to the next."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nullcline" / "jax"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ["JAX_ENABLE_X64"] = "1"


def _said(error: Exception, command: str) -> str:
    """What is wrong, on one line; `run` takes `name=value` itself, other commands take flags."""
    message = printable(system_error(error) if isinstance(error, OSError) else str(error))
    if command == "run" or isinstance(error, OSError):
        return message
    from .commands._flags import with_flags

    return with_flags(message)


def main(arguments: list[str] | None = None) -> int:
    """Run one command: 0 if it did, 2 with one line on stderr if what it was given is wrong, 130
    if it was interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    goes_on = arguments[:1] in (["run"], ["truth"]) or arguments[:2] == ["organisms", "train"]
    said = "interrupted; the same command goes on" if goes_on else "interrupted"
    with Interruption(said) as interruption:
        try:
            return _run(arguments)
        except KeyboardInterrupt:
            return interruption.say()


def run_and_exit() -> NoReturn:
    """What the command `nullcline` is: `main`, and the end of the process."""
    status = main()
    if status == INTERRUPTED:
        end_now()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the work is over: nothing is to be said
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    use_double_precision()
    say_everything()
    try:
        options = command_parser().parse_args(arguments)
        options.run(options)
    except BrokenPipeError:
        # The reader of our output has gone (as with `| head`): not our failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        # TableError is a ValueError: the file, the row and a hint on one line.
        if os.environ.get("NULLCLINE_TRACEBACK"):
            raise
        print(f"nullcline: {_said(error, next(iter(arguments), ''))}", file=sys.stderr)
        return 2
    except ImportError as error:
        from ..common.extras import what_to_install

        said = what_to_install(error, next(iter(arguments), ""))
        if said is None or os.environ.get("NULLCLINE_TRACEBACK"):
            raise
        print(f"nullcline: {said}", file=sys.stderr)
        return 2
    return 0
