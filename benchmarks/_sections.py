"""The command line of a study in sections, each a table: text, Markdown or JSON."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence

import jax
from _coverage.section import Table

from nullcline.common.progress import Progress
from nullcline.experiments.progress import report_parts


def run_sections(
    name: str, description: str, sections: Mapping[str, Callable[[Progress], Table]]
) -> None:
    """Print the sections that the command line names, all where it names none."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_section_arguments(parser, list(sections))
    options = parser.parse_args()
    if options.list:
        print(*options.section, sep="\n")
        return
    jax.config.update("jax_enable_x64", True)
    with report_parts(name) as progress:
        tables = {section: sections[section](progress) for section in options.section}
    print_tables(tables, options)


def add_section_arguments(parser: argparse.ArgumentParser, sections: Sequence[str]) -> None:
    """Which sections, and in what form."""
    parser.add_argument("--section", nargs="+", choices=tuple(sections), default=list(sections))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--list", action="store_true", help="name the sections and stop")


def print_tables(tables: Mapping[str, Table], options: argparse.Namespace) -> None:
    """Tables of sections in the form that was asked for."""
    if options.json:
        lines = {
            section: [dict(zip(table.header, line, strict=True)) for line in table.lines]
            for section, table in tables.items()
        }
        print(json.dumps(lines))
        return
    for table in tables.values():
        print(table.markdown() if options.markdown else table.text(), end="\n\n")
