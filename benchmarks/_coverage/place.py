"""Where there is a shared turn: how often the gate opens, and how often the interval holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from nullcline.dynamics._phases.common_turn import GATE

from . import planted
from .curves import TURNS, U
from .families import MEAN_VERTEX, NOISE, layout_sizes, simulate
from .section import Row, Section, Size, Table, held, share
from .turn import TruthTable, gate, interval_of
from .uniform import Layout, draw, real_layout

_SCATTER = 0.012
#: First streams of the three kinds of designs: those of the null designs end at 38.
_STREAMS = (39, 2000, 3000)


@dataclass(frozen=True)
class _Uniform:
    """On the real sizes of `uniform`."""

    curve: str

    def table(self, generator: np.random.Generator) -> TruthTable:
        curve, x_error = TURNS[self.curve]
        return draw(_layout(), curve, generator, scatter=_SCATTER, x_error=x_error)

    @property
    def targets(self) -> tuple[float, float]:
        """Mean place of the families, and lowest position of their mean curve."""
        curve, _ = TURNS[self.curve]
        return curve.at, curve.lowest


@dataclass(frozen=True)
class _Families:
    """A few families along log10 N."""

    layout: str
    ratio: float
    spread: float

    def table(self, generator: np.random.Generator) -> TruthTable:
        x, family = layout_sizes(self.layout)
        y = simulate(generator, x, family, ratio=self.ratio, offset=0.03, spread=self.spread)
        return TruthTable(x, y, np.full(x.size, NOISE), family, x)

    @property
    def targets(self) -> tuple[float, float]:
        curve = U(1.0, self.ratio, spread=self.spread, at=MEAN_VERTEX)
        return MEAN_VERTEX, curve.lowest


@dataclass(frozen=True)
class _Planted:
    noise: float

    def table(self, generator: np.random.Generator) -> TruthTable:
        return planted.planted(generator, noise=self.noise)

    @property
    def targets(self) -> tuple[float, float]:
        return planted.PLACE, planted.PLACE


@cache
def _layout() -> Layout:
    return real_layout()


_SMALL = {
    f"{layout}, 1:{ratio:g}, spread {spread}": _Families(layout, ratio, spread)
    for layout in ("3 families, 14 models", "6 families, 27 models", "16 families, 62 models")
    for ratio, spread in ((1, 0.0), (4, 0.0), (1.35, 0.3))
}
_PLANTED = {
    f"planted table, noise {100 * noise:.1f} pp": _Planted(noise) for noise in (0.002, 0.02)
}
_UNIFORM = {name: _Uniform(name) for name in TURNS}
_DESIGNS = _UNIFORM | _SMALL | _PLANTED


def measure_place(
    table, targets: tuple[float, float], generator: np.random.Generator, size: Size
) -> Row:
    """Power of the gate; coverage of both targets and median width of the interval.

    `table` makes a simulated table from the generator.
    """
    rows = []
    for _ in range(size.sims):
        drawn = table(generator)
        found = gate(drawn)
        rows.append([found.p < GATE, *interval_of(drawn, found)])
    opened, low, high = np.array(rows, dtype=float).T
    given = opened == 1
    return {
        "power": float(opened.mean()),
        "coverage": held(low, high, targets[0]),
        "coverage_given_open": held(low[given], high[given], targets[0]) if given.any() else None,
        "coverage_of_mean_curve": held(low, high, targets[1]),
        "median_width": float(np.median(high - low)),
        "unbounded": float(np.mean(~np.isfinite(high - low))),
    }


def _measure(name: str, generator: np.random.Generator, size: Size) -> Row:
    design = _DESIGNS[name]
    return measure_place(design.table, design.targets, generator, size)


def _table(rows: Mapping[str, Row]) -> Table:
    header = ["design with a turn", "power", "place", "if open", "curve", "width", "no end"]
    lines = [[name, *(share(cell) for cell in row.values())] for name, row in rows.items()]
    return Table(header, lines)


PLACE_OF_TURN = Section(
    name="place",
    title="the place of a shared turn",
    columns="power: how often the gate opens; place: how often the interval holds the families' "
    "mean place, if open: where the gate is; curve: the lowest position of their mean curve; "
    "width: its median, none where half the intervals lack an end; no end: that share",
    seed=2718,
    sims=300,
    designs={
        name: first + number
        for first, kind in zip(_STREAMS, (_UNIFORM, _SMALL, _PLANTED), strict=True)
        for number, name in enumerate(kind)
    },
    measure=_measure,
    table=_table,
)
