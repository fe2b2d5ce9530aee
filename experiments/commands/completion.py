"""`nullcline completion SHELL`: the script with which a shell completes commands, by shtab."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from ._arguments import add_example

_SHELLS = ("bash", "zsh", "fish")
_FOLDERS = frozenset({"DIR", "FOLDER", "SWEEP_DIR"})
_FILES = frozenset({"PATH", "TABLE"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline completion`."""
    add_example(parser, "completion bash > ~/.local/share/bash-completion/completions/nullcline")
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="%(choices)s")


def run(options: argparse.Namespace) -> None:
    """Print the script; it knows the shipped tables, their families and their benchmarks."""
    import shtab

    from ..cli import command_parser

    parser = command_parser()
    words = _words()
    for action in _actions(parser):
        if action.choices is None and action.dest in words:
            action.choices = words[action.dest]
        elif action.choices is None and action.metavar in _FOLDERS:
            action.complete = shtab.DIRECTORY  # pyright: ignore[reportAttributeAccessIssue]
        elif action.choices is None and (action.type is Path or action.metavar in _FILES):
            action.complete = shtab.FILE  # pyright: ignore[reportAttributeAccessIssue]
    print(shtab.complete(parser, options.shell))


def _words() -> dict[str, Sequence[str]]:
    """Setting -> words that it often has; others are as good."""
    from ...dynamics import load_table
    from ..glossary import terms

    table = load_table("uniform")
    families, benchmarks = sorted(table.families), list(table.benchmarks)
    return {
        "family_names": families, "holdout": families, "extend": families,
        "reasoning": benchmarks, "truth": benchmarks, "against": benchmarks,
        "benchmarks": benchmarks, "term": [term.name for term in terms() if " " not in term.name],
    }  # fmt: skip


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of the commands in it, which are loaded."""
    from ..parsers import Command

    if isinstance(parser, Command):
        parser.load()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _actions(inner)
        else:
            yield action
