"""`nullcline read PATH …`: a table as it is understood, and what became of everything in it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.words import counted
from ..schemas import ReadTables
from ._arguments import add_example, add_schema_arguments, settings_from

if TYPE_CHECKING:
    import pandas as pd

    from ...dynamics import ScoreTable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline read`."""
    add_example(parser, "read my_scores.xlsx -o understood.csv")
    parser.add_argument(
        "path",
        nargs="+",
        metavar="PATH",
        help="tables of scores (CSV, Excel, Markdown, JSON, ...) and folders of evaluation results",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="write the table as CSV, to be corrected and read again (default: none)",
    )
    add_schema_arguments(parser, ReadTables)
    parser.add_argument("--all", action="store_true", help="every row and column that was left out")
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")


def run(options: argparse.Namespace) -> None:
    """Read, print the account, and write the table where that is asked for."""
    from ... import dynamics
    from ...common.cells import frame_without_formulas
    from ...common.files import write_whole
    from ..accounts import account_to_text
    from ..inputs import score_sources
    from ..progress import report_parts

    settings = settings_from(options, ReadTables)
    with report_parts("read") as progress:
        table = dynamics.read_scores(
            score_sources(options.path), kind=settings.kind, family=settings.name, progress=progress
        )
    if options.out is not None:
        written = frame_without_formulas(understood(table))
        write_whole(options.out, written.to_csv(index=False, float_format="%.12g"))
    if options.json:
        from ..formats import to_json

        print(to_json(table_to_dict(table)))
        return
    print(account_to_text(table, everything=options.all))
    if options.out is not None:
        print(f"\n{options.out}: {counted(len(table.frame), 'model')}, scores as fractions")


def understood(table: "ScoreTable") -> "pd.DataFrame":
    """The rows that count as a table that reads as the same again: counts, fractions, kinds."""
    frame = table.frame.drop(columns="row")
    frame = frame[[column for column in frame if not frame[column].isna().all()]].copy()
    for column in ("params", "active_params", "d_model", "layers"):
        if column in frame:
            frame[column] = frame[column].round().astype("Int64")
    return frame


def table_to_dict(table: "ScoreTable") -> dict[str, Any]:
    """JSON-ready: the models as they are understood, warnings, and the account."""
    from ..accounts import account_to_dict
    from ..records import SCHEMA_VERSION

    frame = table.frame
    return {
        "schema_version": SCHEMA_VERSION,
        "table": table.name,
        "unit": table.unit,
        "benchmarks": table.benchmarks,
        "families": table.families,
        "models": frame.where(frame.notna(), None).to_dict(orient="records"),
        "warnings": table.warnings,
        "account": account_to_dict(table.account),
    }
