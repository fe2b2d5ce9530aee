"""The map of a scan: a cell per pair, rows and columns in clusters."""

import math
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ...dynamics import Scan, benchmark
from ..studies.scan import clustered
from ._style import INK, PHASE_COLOURS, canvas, remove, save

#: Beyond so many names a side they are left out: they would stand on one another.
_MOST_NAMES = 60
_MAP = LinearSegmentedColormap.from_list(
    "coupling", [PHASE_COLOURS["tax"], "#f4f4f2", PHASE_COLOURS["bonus"]]
)


def write_scan_figure(found: Scan, folder: Path) -> dict[str, str]:
    """Correlations inside families, red for a tax and blue for a bonus; a dot where a verdict is
    established: PNG and SVG. **Returns** the figure that would be empty, and why."""
    if not np.isfinite(found.matrix("r")).any():
        remove(folder, "scan")
        return {"scan": "no pair has a correlation inside families"}
    rows, columns = len(found.reasoning), len(found.others)
    width = min(14.0, 3.0 + 0.3 * columns)
    height = min(14.0, 2.2 + 0.26 * rows)
    with canvas(width, height) as figure:
        _map(figure, found)
        save(figure, folder, "scan")
    return {}


def _map(figure: Figure, found: Scan) -> None:
    axes = figure.subplots()
    r = found.matrix("r")
    down, across = clustered(r), clustered(r.T)
    image = axes.imshow(r[np.ix_(down, across)], cmap=_MAP, vmin=-1, vmax=1, aspect="auto")
    row = {found.reasoning[i]: at for at, i in enumerate(down)}
    column = {found.others[i]: at for at, i in enumerate(across)}
    said = [c for c in found.cells if c.verdict in ("tax", "bonus")]
    axes.scatter(
        [column[c.other] for c in said],
        [row[c.reasoning] for c in said],
        s=max(1.0, 120 / math.sqrt(r.size)),
        color=INK,
        linewidths=0,
    )
    for names, order, axis in (
        (found.others, across, axes.xaxis),
        (found.reasoning, down, axes.yaxis),
    ):
        titles = [benchmark(names[i]).compared for i in order]
        axis.set_ticks(range(len(titles)) if len(titles) <= _MOST_NAMES else ())
        axis.set_ticklabels(titles if len(titles) <= _MOST_NAMES else ())
    axes.tick_params(axis="x", rotation=90, labelsize=7)
    axes.tick_params(axis="y", labelsize=7)
    axes.set_title(f"{found.table}: correlation inside families (dots: tax or bonus established)")
    figure.colorbar(image, ax=axes, shrink=0.6, label="r inside families")
