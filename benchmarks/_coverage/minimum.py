"""Coverage of the pooled minimum's interval, `dynamics.critical_point`, by design."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nullcline import dynamics

from .families import CHOSEN, LAYOUTS, MEAN_VERTEX, layout_sizes, simulate
from .section import Row, Section, Size, Table, held, share

METHODS = ("published", "cluster bootstrap", "slope test")
_SPREADS = (0.0, 0.3, 0.6)
_OFFSETS = (0.0, 0.03)


@dataclass(frozen=True)
class _Design:
    layout: str
    ratio: float
    offset: float
    spread: float

    @property
    def name(self) -> str:
        offset = f"offsets {100 * self.offset:.0f} pp"
        return f"{self.layout}, 1:{self.ratio:.2f}, {offset}, spread {self.spread:.1f}"


def _designs(layouts: tuple[str, ...], ratios: tuple[float, ...]) -> dict[str, _Design]:
    designs = (
        _Design(layout, ratio, offset, spread)
        for layout in layouts
        for ratio in ratios
        for offset in _OFFSETS
        for spread in _SPREADS
    )
    return {design.name: design for design in designs}


_CHOSEN = _designs(tuple(LAYOUTS)[:CHOSEN], (1.2, 1.5, 1 / 1.2, 1 / 1.5))
_HELD_OUT = _designs(tuple(LAYOUTS), (1.35, 1 / 1.35))


def _intervals(
    x: np.ndarray, y: np.ndarray, family: np.ndarray, n_boot: int
) -> list[tuple[float, float]]:
    """(low, high) of each method."""
    pooled = dynamics.critical_point(x, y, family, n_boot=n_boot)
    published = dynamics.phases.critical_point_published(x, y, n_boot=n_boot)
    return [(r.low, r.high) for r in (published, pooled.alternatives[0], pooled)]


def _cover(low: np.ndarray, high: np.ndarray) -> Row:
    """Coverage, share unbounded, coverage given bounded, median width of bounded ones."""
    bounded = np.isfinite(low) & np.isfinite(high)
    width = (high - low)[bounded]
    return {
        "coverage": held(low, high, MEAN_VERTEX),
        "unbounded": float(np.mean(~bounded)),
        "coverage_bounded": held(low[bounded], high[bounded], MEAN_VERTEX) if width.size else None,
        "median_width": float(np.median(width)) if width.size else None,
    }


def _measure(name: str, generator: np.random.Generator, size: Size) -> Row:
    d = _HELD_OUT.get(name) or _CHOSEN[name]
    x, family = layout_sizes(d.layout)
    drawn = []
    for _ in range(size.sims):
        y = simulate(generator, x, family, ratio=d.ratio, offset=d.offset, spread=d.spread)
        drawn.append(_intervals(x, y, family, size.n_boot))
    ends = np.array(drawn)
    return {
        f"{method}: {key}": value
        for place, method in enumerate(METHODS)
        for key, value in _cover(ends[:, place, 0], ends[:, place, 1]).items()
    }


def _table(rows: Mapping[str, Row]) -> Table:
    """Both offsets in one line: estimators with family offsets do not see them."""
    designs = _CHOSEN | _HELD_OUT
    grouped: dict[tuple[str, float, float], list[Row]] = {}
    for name, row in rows.items():
        d = designs[name]
        grouped.setdefault((d.layout, d.ratio, d.spread), []).append(row)
    lines = [
        [layout, f"{ratio:.2f}", f"{spread:.1f}", *_cells(of)]
        for (layout, ratio, spread), of in grouped.items()
    ]
    header = ["families", "right", "spread", "published", "bootstrap", "**test**"]
    return Table([*header, "no end", "if both", "width"], lines)


def _cells(of: list[Row]) -> list[str]:
    published = " / ".join(share(row["published: coverage"], 2) for row in of)

    def mean(key: str, weights: list[float] | None = None) -> float | None:
        known = [
            (row[key], 1.0 if weights is None else weight)
            for row, weight in zip(of, weights or [1.0] * len(of), strict=True)
            if row[key] is not None
        ]
        total = sum(weight for _, weight in known)
        return sum(v * weight for v, weight in known if v is not None) / total if total else None

    bounded = [1 - (row["slope test: unbounded"] or 0.0) for row in of]
    return [
        published,
        share(mean("cluster bootstrap: coverage"), 2),
        f"**{share(mean('slope test: coverage'))}**",
        share(mean("slope test: unbounded"), 2),
        share(mean("slope test: coverage_bounded", bounded)),
        share(mean("slope test: median_width"), 2),
    ]


_COLUMNS = (
    "right: curvature right of the vertex over left; spread: of the vertices, decades; coverage of "
    "the published procedure (offsets 0 / 3 pp), of the percentile cluster bootstrap and of the "
    "slope test; no end: share of its intervals that lack one; if both: coverage of the others, "
    "width: their median, decades"
)


def _numbered(designs: Mapping[str, _Design]) -> dict[str, int]:
    return {name: number for number, name in enumerate(designs)}


MINIMUM = Section(
    name="minimum",
    title="the pooled minimum's interval, designs that took no part in the choice",
    seed=314159,
    sims=300,
    columns=_COLUMNS,
    designs=_numbered(_HELD_OUT),
    measure=_measure,
    table=_table,
)
MINIMUM_CHOSEN = Section(
    name="minimum-chosen",
    title="the pooled minimum's interval, designs that its settings were chosen on",
    seed=11,
    sims=300,
    columns=_COLUMNS,
    designs=_numbered(_CHOSEN),
    measure=_measure,
    table=_table,
)
