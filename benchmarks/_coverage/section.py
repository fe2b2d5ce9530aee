"""What a section of the coverage study is, and how its table is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

#: What one design comes to: shares, widths, counts; None where there is nothing to say.
Row = dict[str, float | None]


@dataclass(frozen=True)
class Size:
    """How much is simulated: tables per design, resamples per table."""

    sims: int
    n_boot: int


@dataclass(frozen=True)
class Table:
    """A header and lines of cells."""

    header: list[str]
    lines: list[list[str]]

    def markdown(self) -> str:
        rule = ["---"] * len(self.header)
        return "\n".join(f"| {' | '.join(line)} |" for line in (self.header, rule, *self.lines))

    def text(self) -> str:
        rows = [self.header, *self.lines]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.header))]
        return "\n".join(
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )


@dataclass(frozen=True)
class Section:
    """One question: its designs, what is measured on each, and the table of them all.

    `designs`: name -> number of its random stream, which with `seed` makes its tables: numbers
    stay with a design when others are added. `seed` is that of the published tables; settings were
    chosen on others. `columns` says what the table's columns are.
    """

    name: str
    title: str
    columns: str
    seed: int
    sims: int
    designs: Mapping[str, int]
    measure: Callable[[str, np.random.Generator, Size], Row]
    table: Callable[[Mapping[str, Row]], Table]


def share(value: float | None, digits: int = 3) -> str:
    """`.047`, `1.000`, `–` for nothing."""
    if value is None:
        return "–"
    if not np.isfinite(value):
        return "none"
    text = f"{value:.{digits}f}"
    return "0" if not value else text.removeprefix("0") if value < 1 else text


def held(low: np.ndarray, high: np.ndarray, target: float) -> float:
    """Share of the intervals that hold `target`."""
    return float(np.mean((low <= target) & (target <= high)))
