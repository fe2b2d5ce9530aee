"""`nullcline census DIR`: a line per model of a sweep: competing heads, or truth vectors."""

import argparse
from pathlib import Path

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


def run(options: argparse.Namespace) -> None:
    """Read the records, print the counts, write the table if asked."""
    from ..formats import to_json
    from ..records import commands_of_records
    from ..studies.heads import census_to_json, census_to_text, read_census
    from ..studies.steering import read_steering, steering_census_to_text

    if not options.folder.is_dir():
        raise ValueError(f"{options.folder} is no folder; give that of a sweep")
    if "evaluate" in commands_of_records(options.folder):
        steered = read_steering(options.folder)
        _write(steered, options.out)
        print(to_json(steered) if options.json else steering_census_to_text(steered))
        return
    rows = read_census(options.folder)
    _write(rows, options.out)
    print(census_to_json(rows) if options.json else census_to_text(rows))


def _write(rows: tuple, path: Path | None) -> None:
    """The rows as CSV: whole, or not at all."""
    if path is None:
        return
    import pandas as pd

    from ...common.files import write_whole

    frame = pd.DataFrame([vars(row) for row in rows])
    write_whole(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
