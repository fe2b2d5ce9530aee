"""The study `nullcline scan`, and `nullcline run scan -m table=uniform,leaderboard`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...inputs import read_families, table_inputs
from ...schemas import ScanPairs
from ...study import Outcome, Say, study
from . import scan_to_dict, scan_to_text

if TYPE_CHECKING:
    from .... import dynamics


def _figures(settings: ScanPairs, found: "dynamics.Scan", folder: Path) -> None:
    from ...figures import write_scan_figure

    for name, why in write_scan_figure(found, folder).items():
        print(f"scan: no figure {name}: {why}", file=sys.stderr)


@study(
    ScanPairs,
    command="scan",
    inputs=table_inputs,
    to_dict=scan_to_dict,
    to_text=lambda found, settings: scan_to_text(found),
    files=_figures,
    rows="cells",
)
def scan(settings: ScanPairs, say: Say) -> Outcome:
    """Scan the pairs of one table."""
    from .... import dynamics

    table = read_families(settings, say)
    found = dynamics.scan(
        table,
        reasoning=_names(settings.reasoning),
        against=_names(settings.against),
        q=settings.q,
        n_boot=settings.n_boot,
        seed=settings.seed,
        on_progress=say,
    )
    return Outcome(found, inputs={table.name: table.sha256})


def _names(typed: list[str]) -> list[str] | None:
    """Benchmarks as they were typed: one an argument, or several between commas."""
    return [name.strip() for text in typed for name in text.split(",") if name.strip()] or None
