"""Where the interval of a shared turn holds: asymmetry, curvature, share of straight families."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from .curves import U
from .place import measure_place
from .section import Row, Section, Size, Table, share
from .uniform import draw, real_layout

_ASYMMETRIES = (1, 2, 4, 6)
_CURVATURES = (0.4, 0.8, 1.3)
_STRAIGHT = (0.0, 0.2, 0.4)
_SCATTER = 0.012


def _name(asymmetry: float, curvature: float, straight: float) -> str:
    return f"asymmetry {asymmetry:g}, curvature {curvature:g}, straight {100 * straight:.0f} %"


_DESIGNS = {
    _name(a, k, s): U(k, a, straight=s, slopes=0.3)
    for a, k, s in product(_ASYMMETRIES, _CURVATURES, _STRAIGHT)
}


def _measure(name: str, generator: np.random.Generator, size: Size) -> Row:
    curve, layout = _DESIGNS[name], real_layout()

    def table(generator: np.random.Generator):
        return draw(layout, curve, generator, scatter=_SCATTER)

    return measure_place(table, (curve.at, curve.lowest), generator, size)


def _table(rows: Mapping[str, Row]) -> Table:
    """A line per asymmetry and curvature, a column per share of straight families."""
    cells: dict[tuple[float, float], list[str]] = {}
    for name, row in rows.items():
        curve = _DESIGNS[name]
        power, coverage, width = row["power"], row["coverage"], row["median_width"]
        text = f"**{share(coverage)}** ({share(power, 2)}, {share(width, 2)})"
        cells.setdefault((curve.asymmetry, curve.curvature), []).append(text)
    most = max(len(line) for line in cells.values())
    header = ["asymmetry", "curvature"]
    header += [f"{100 * s:.0f} % straight" for s in _STRAIGHT[:most]]
    lines = [
        [f"{a:g}", f"{k:g}", *line, *["–"] * (most - len(line))] for (a, k), line in cells.items()
    ]
    return Table(header, lines)


MAP = Section(
    name="map",
    title="the place of a shared turn, by asymmetry, curvature and share of straight families",
    columns="coverage of the mean place (power of the gate, median width of the interval)",
    seed=2718,
    sims=300,
    designs={name: 4000 + number for number, name in enumerate(_DESIGNS)},
    measure=_measure,
    table=_table,
)
