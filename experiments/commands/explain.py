"""`nullcline explain [TERM]`: what a word of the pages means."""

import argparse
import textwrap

from ...data import shipped
from ..formats import to_json
from ..glossary import Word, explain, terms
from ._arguments import add_example

_WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline explain`."""
    add_example(parser, "explain gate")
    parser.add_argument("term", nargs="*", metavar="TERM", help="a word, such as gate; all if none")
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Print one term, or all of them."""
    found = (explain(" ".join(options.term)),) if options.term else terms()
    if options.json:
        print(to_json({"terms": list(found)}))
    else:
        print("\n\n".join(map(_shown, found)))


def _shown(term: Word) -> str:
    also = f" ({', '.join(term.also)})" if term.also else ""
    text = textwrap.fill(term.text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    head = textwrap.fill(term.name + also, _WIDTH, subsequent_indent="  ")
    # An installed package has no docs/: there the text must do.
    more = f"\n  more: {term.page}" if (shipped().parent / term.page).is_file() else ""
    return f"{head}\n{text}{more}"
