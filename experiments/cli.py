"""The command line: `nullcline COMMAND`. Starts light; what a command needs it imports itself."""

import argparse
import importlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

from ..common.words import printable, system_error
from .plain_letters import say_everything

_COMMANDS = {
    "card": "one model among the families: level, phase around it, residual, next size",
    "census": "competing heads, or truth vectors, over the models of a sweep",
    "collect": "the records of a sweep as one table",
    "dashboard": "an interactive page: phases, dynamics, claims; drop a table of your own",
    "diagnose": "phase and critical point of each family in a table of scores",
    "organisms": "small language models of this project: list, show, train, evaluate",
    "evaluate": "what a truth vector does to answers, beside its controls",
    "example": "a small table of scores to try things with, on stdout",
    "explain": "what a word of these pages means: gate, tax, completeness, ...",
    "heads": "attention heads of one model: which push to the truth, which compete",
    "ode": "the coupled capability ODE: fit, predict, crossval",
    "predictions": "the dated predictions of arXiv:2605.18840: which pass, fail, are open",
    "plan": "what to measure next under a budget, for a family or a whole table",
    "read": "a table as it is understood, and what became of everything in it",
    "report": "the same views as one file that opens anywhere",
    "reproduce": "the claims of arXiv:2605.18838 and 2605.18840 beside sound estimates",
    "run": "a study under Hydra: one job, or a sweep with -m",
    "scan": "every pair of benchmarks at once: which pay a tax, which turn",
    "serve": "an OpenAI-compatible server of a steered model",
    "steer": "text from a model that is steered by a truth vector",
    "status": "where a sweep stands: done, running, failed, its estimated end",
    "truth": "find the direction that turns false answers of a model into true ones",
}


class _Parser(argparse.ArgumentParser):
    """argparse, with every complaint on one line."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Command(_Parser):
    """The parser of one command; `module` is imported when argparse comes to it."""

    module: str | None = None

    def parse_known_args(self, args=None, namespace=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.module is not None:
            command = importlib.import_module(self.module, __package__)
            command.add_arguments(self)
            self.set_defaults(run=command.run)
        return super().parse_known_args(args, namespace)


def _parser() -> argparse.ArgumentParser:
    """The parser of all commands, without what each of them needs."""
    parser = _Parser(
        prog="nullcline",
        description="Phases of language-model families, their dynamics, and what steers them.",
    )
    parser.add_argument("--version", action="version", version=f"nullcline {version('nullcline')}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Command
    )
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        command.module = f".commands.{name}"
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
    """Run one command; 0 if it did, 2 with one line on stderr if what it was given is wrong."""
    arguments = sys.argv[1:] if arguments is None else arguments
    use_double_precision()
    say_everything()
    try:
        options = _parser().parse_args(arguments)
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
        from .extras import what_to_install

        said = what_to_install(error, next(iter(arguments), ""))
        if said is None or os.environ.get("NULLCLINE_TRACEBACK"):
            raise
        print(f"nullcline: {said}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("nullcline: interrupted", file=sys.stderr)
        return 130
    return 0
