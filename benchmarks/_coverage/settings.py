"""The pooled minimum under other settings, and where each of three families brackets it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nullcline import dynamics

from .families import MEAN_VERTEX, layout_sizes, simulate
from .section import Row, Section, Size, Table, held, share

_LAYOUT = "3 families, 14 models"
_RATIO = 1.35
#: Prior of the asymmetry, floor of the spread.
_PRIORS = ((0.15, 0.07), (0.3, 0.035), (0.3, 0.07), (0.3, 0.14), (0.6, 0.07))
#: Evenly spaced sizes of families that each bracket the vertex.
_BRACKETS, _FIRST, _LAST, _BRACKET_RATIO = (8, 3, 3), 8.0, 10.7, 1.3


@dataclass(frozen=True)
class _Design:
    asymmetry: float
    floor: float
    spread: float
    brackets: bool = False

    def sizes(self) -> tuple[np.ndarray, np.ndarray]:
        if not self.brackets:
            return layout_sizes(_LAYOUT)
        sizes = [np.linspace(_FIRST, _LAST, count) for count in _BRACKETS]
        return np.concatenate(sizes), np.repeat(np.arange(len(_BRACKETS)), _BRACKETS)


def _name(asymmetry: float, floor: float, spread: float) -> str:
    return f"asymmetry prior {asymmetry:.2f}, floor {floor:g}, spread {spread:.1f}"


_SPREADS = (0.0, 0.3)
_DESIGNS = {
    **{_name(a, f, s): _Design(a, f, s) for a, f in _PRIORS for s in _SPREADS},
    **{f"each brackets it, spread {s:.1f}": _Design(0.3, 0.07, s, True) for s in _SPREADS},
}


def _measure(name: str, generator: np.random.Generator, size: Size) -> Row:
    d = _DESIGNS[name]
    ratio = _BRACKET_RATIO if d.brackets else _RATIO
    x, family = d.sizes()
    ends = []
    for _ in range(size.sims):
        y = simulate(generator, x, family, ratio=ratio, offset=0.03, spread=d.spread)
        # The bootstraps beside it are not looked at.
        point = dynamics.critical_point(
            x, y, family, asymmetry=d.asymmetry, least_spread=d.floor, n_boot=2
        )
        ends.append((point.low, point.high))
    low, high = np.array(ends).T
    bounded = np.isfinite(low) & np.isfinite(high)
    return {
        "coverage": held(low, high, MEAN_VERTEX),
        "median_width": float(np.median((high - low)[bounded])) if bounded.any() else None,
        "unbounded": float(np.mean(~bounded)),
    }


def _table(rows: Mapping[str, Row]) -> Table:
    lines: dict[str, list[str]] = {}
    for name, row in rows.items():
        width, unbounded = share(row["median_width"], 2), share(row["unbounded"], 2)
        cell = f"{share(row['coverage'])} ({width}, {unbounded})"
        lines.setdefault(name.rpartition(", spread")[0], []).append(cell)
    header = ["setting or design", *(f"spread {s:.1f}" for s in _SPREADS)]
    return Table(header, [[name, *cells] for name, cells in lines.items()])


SETTINGS = Section(
    name="settings",
    title="the pooled minimum from three families, under other settings",
    columns="coverage (median width of bounded intervals, share unbounded)",
    seed=2605,
    sims=600,
    designs={name: number for number, name in enumerate(_DESIGNS)},
    measure=_measure,
    table=_table,
)
