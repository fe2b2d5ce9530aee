"""The parsers of the command line: complaints on one line with the nearest word, help by use."""

import argparse
import importlib
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..common.nearest import there_are
from ..common.words import printable


class _Help(argparse.HelpFormatter):
    """Usage names what is needed, and help breaks lines at blanks alone."""

    def _format_usage(self, usage, actions, groups, prefix):
        needed = [one for one in actions if one.required or not one.option_strings]
        text = super()._format_usage(usage, needed, [], prefix)
        # Where there are none, argparse makes the name of a command from this.
        return text if needed == list(actions) else f"{text.rstrip()} [options]\n\n"

    def _split_lines(self, text, width):
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """argparse, with every complaint on one line, and unknown words beside their nearest."""

    def __init__(self, **how: Any) -> None:
        super().__init__(formatter_class=_Help, **how)
        self._optionals.title = "options (switches are off unless given)"

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)} (see {self.prog} --help)\n")

    def unknown(self, said: str, word: object, known: list[str]) -> NoReturn:
        """Leave with one line: what was said of a word, which is nearest, and how to list all."""
        there = there_are(word, known, listed_by=f"{self.prog} --help")
        self.exit(2, f"{self.prog}: {printable(said)}; {there}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            if action.option_strings:
                self.unknown(f"{action.option_strings[-1]} {value}: no such choice", value, known)
            self.unknown(f"no {str(action.metavar).lower()} {value!r}", value, known)


class Command(Parser):
    """The parser of one command; `module` is imported when argparse comes to it."""

    module: str | None = None

    def load(self) -> None:
        """Give the parser the arguments of its command."""
        if self.module is not None:
            command = importlib.import_module(self.module, __package__)
            self.module = None
            command.add_arguments(self)
            self.set_defaults(run=command.run)

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        self.load()
        self._refuse_unknown_flags(args or [])
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"too many arguments: {' '.join(left)}")
        return found, left

    def _refuse_unknown_flags(self, arguments: Sequence[str]) -> None:
        """Before argparse misses an argument that stands behind a misspelt flag."""
        if any(action.nargs in (argparse.PARSER, argparse.REMAINDER) for action in self._actions):
            return  # what follows is not for this parser
        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        for argument in arguments:
            if argument == "--":
                return
            flag = argument.partition("=")[0]
            if flag.startswith("--") and not any(one.startswith(flag) for one in known):
                self.unknown(f"no option {flag}", flag, known)


class Commands(Parser):
    """The parser of all commands; its help lists them by use.

    `groups`: title -> command -> summary; each command's module is `.commands.NAME`. `first`: what
    to type first -> what it shows; it stands above the groups.
    """

    def __init__(
        self, groups: Mapping[str, Mapping[str, str]], *, first: Mapping[str, str], **how: Any
    ) -> None:
        super().__init__(**how)
        self._groups = groups
        self._first = first
        self._commands = self.add_subparsers(
            dest="command", metavar="COMMAND", required=True, parser_class=Command
        )
        for group in groups.values():
            for name, summary in group.items():
                added = self._commands.add_parser(name, help=summary, description=summary)
                added.module = f".commands.{name}"

    def format_help(self) -> str:
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        width = max(map(len, self._first))
        lines = (f"  {typed:{width}}  {shows}" for typed, shows in self._first.items())
        begin = "\n".join(["start here:", *lines]) + "\n\n"
        formatter._add_item(lambda: begin, [])  # as it is: argparse would fill it as one paragraph
        shown = {action.dest: action for action in self._commands._get_subactions()}
        for title, group in self._groups.items():
            formatter.start_section(title)
            formatter.add_arguments([shown[name] for name in group])
            formatter.end_section()
        formatter.start_section("options")
        formatter.add_arguments([one for one in self._actions if one.option_strings])
        formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()
