"""`nullcline census DIR`: a line per model of a sweep: competing heads, or truth vectors."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._length import add_length_arguments, page_as_asked

if TYPE_CHECKING:
    from ..page import Page

from ._arguments import add_example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline census`."""
    add_example(parser, "census runs/attribute_heads/seeds -o heads.csv")
    parser.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="records of attribute_heads or of evaluate_steering",
    )
    parser.add_argument(
        "-o", "--out", type=Path, metavar="CSV", help="write a row per model there (default: none)"
    )
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    add_length_arguments(parser, full="every model and column")


def run(options: argparse.Namespace) -> None:
    """Read the records, print the counts, write the table if asked."""
    from ..records import commands_of_records
    from ..studies import heads, steering

    if not options.folder.is_dir():
        raise ValueError(f"{options.folder} is no folder; give that of a sweep")
    if "evaluate" in commands_of_records(options.folder):
        steered = steering.read_steering(options.folder)
        _write(steered, options.out)
        _show(
            options,
            lambda: steered,
            lambda: steering.steering_census_page(steered),
            lambda: steering.steering_census_to_text(steered),
        )
        return
    rows = heads.read_census(options.folder)
    _write(rows, options.out)
    _show(
        options,
        lambda: heads.census_to_dict(rows),
        lambda: heads.census_page(rows),
        lambda: heads.census_to_text(rows),
    )


def _show(
    options: argparse.Namespace,
    data: Callable[[], Any],
    page: "Callable[[], Page]",
    full: Callable[[], str],
) -> None:
    from ..formats import to_json

    print(to_json(data()) if options.json else page_as_asked(options, page, full))


def _write(rows: tuple, path: Path | None) -> None:
    """The rows as CSV: whole, or not at all."""
    if path is None:
        return
    import pandas as pd

    from ...common.cells import frame_without_formulas
    from ...common.files import write_whole

    frame = frame_without_formulas(pd.DataFrame([vars(row) for row in rows]))
    write_whole(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
