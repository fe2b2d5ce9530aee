"""One look for all figures, and how they are saved."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ...common.files import write_whole

PHASE_COLOURS = {
    "tax": "#b2432f",
    "transition": "#b58a2b",
    "bonus": "#2f6f9f",
    "undetermined": "#8a8f98",
}
INK = "#22262b"
FAINT = "#c9cdd3"

_SETTINGS: dict[Any, Any] = {
    "figure.dpi": 120,
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    # The same figure twice gives the same bytes.
    "svg.hashsalt": "nullcline",
}


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """A figure in the house's style; size in inches."""
    with mpl.rc_context(_SETTINGS):
        yield Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write `name.png` and `name.svg` into `folder`, each whole or not at all."""
    for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=ending, metadata=metadata)
        write_whole(folder / f"{name}.{ending}", buffer.getvalue())


def remove(folder: Path, name: str) -> None:
    """Leave no figure of an earlier run where there is none now."""
    for ending in ("png", "svg"):
        (folder / f"{name}.{ending}").unlink(missing_ok=True)
