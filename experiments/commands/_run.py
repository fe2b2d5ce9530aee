"""One study from the command line: settings from what was typed, a record, a page or JSON."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..options import Options
from ._arguments import add_schema_arguments, naming_flags, settings_from


def add_study_arguments(
    parser: argparse.ArgumentParser, schema: type[Options], *, without: tuple[str, ...] = ()
) -> None:
    """The arguments of a study's command: its settings, `--json` and `--out`."""
    add_schema_arguments(parser, schema, without=without)
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write a record there (default: none)"
    )


def run_study(
    name: str,
    options: argparse.Namespace,
    *,
    show: Callable[[Any], str] | None = None,
    then: Callable[[Any], None] | None = None,
    **given: Any,
) -> None:
    """Run the study `name` with the settings that `options` stand for, and print its result.

    `given` are settings that are no arguments; `show` makes the page instead of the study's own;
    `then` writes what else was asked for, before anything is printed.
    """
    from ..formats import to_json
    from ..progress import report_parts
    from ..studies import find_study
    from ..sweeps import run_here

    study = find_study(name)
    settings = settings_from(options, study.schema, **given)
    say = report_parts(options.command)
    with naming_flags(study.schema):
        if options.out:
            found, result = run_here(study, settings, options.out, say=say)
        else:
            outcome, result, _ = study.run(settings, say=say)
            found = outcome.result
    if then is not None:
        then(found)
    if options.json:
        print(to_json(result))
    elif show is not None:
        print(show(found))
    else:
        everything, quiet = getattr(options, "full", False), getattr(options, "quiet", False)
        print(study.shown(found, settings, everything=everything, quiet=quiet))
