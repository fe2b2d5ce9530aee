"""`nullcline census DIR`: how many models of a sweep have competing heads."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline census`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="records of attribute_heads")
    parser.add_argument("-o", "--out", type=Path, metavar="CSV", help="write a row per model there")
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Read the records, print the counts, write the table if asked."""
    from ..heads_census import census_to_json, census_to_text, read_census, write_census

    if not options.folder.is_dir():
        raise ValueError(f"{options.folder} is no folder; give that of a sweep")
    rows = read_census(options.folder)
    if options.out:
        write_census(rows, options.out)
    print(census_to_json(rows) if options.json else census_to_text(rows))
