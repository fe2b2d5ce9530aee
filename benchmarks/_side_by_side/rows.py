"""What a comparison found: one row for each thing that ours and a peer did."""

import argparse
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """Ours and a peer's figure of the same work.

    - `work`: what both did; `measured`: what the figures are, with their unit.
    - `ours`, `theirs`: figures in pairs: of repeats in turn, of systems, of folds (`pairs` says
      which). `theirs` is empty where there is no peer.
    - `floor`: the peer does less than ours (it only reads, only runs the model): what ours costs
      above it is the question, not who is faster.
    - `more_is_better`: of a score; of seconds, memory and errors less is.
    - `compile_s`: what our first call took above the later ones; `our_mb`, `their_mb`: peak
      memory above what was held before, MB.
    - `target`: the greatest ratio of ours over the peer's, where one was set.
    """

    work: str
    measured: str
    peer: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()
    pairs: str = "repeats"
    floor: bool = False
    more_is_better: bool = False
    compile_s: float | None = None
    our_mb: float | None = None
    their_mb: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        if self.theirs and len(self.theirs) != len(self.ours):
            raise ValueError(f"{self.work}: {len(self.ours)} figures and {len(self.theirs)} peers'")

    @property
    def our_middle(self) -> float:
        return self._middle(self.ours)

    @property
    def their_middle(self) -> float:
        return self._middle(self.theirs)

    def _middle(self, values: Sequence[float]) -> float:
        """The median of repeats; the mean of scores, which are often 0 or 1."""
        return statistics.mean(values) if self.more_is_better else statistics.median(values)

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours over the peer's, pair by pair; none where a peer's figure is 0."""
        if not all(self.theirs):
            return ()
        return tuple(a / b for a, b in zip(self.ours, self.theirs, strict=bool(self.theirs)))


@dataclass(frozen=True)
class Growth:
    """Seconds and peak memory of one task over its size.

    - `seconds`: of the call after the first one, in the clock that `measured` names; `first`: of
      the first call, which compiles (empty where there is one call alone).
    - `peak_mb`: above what the process held before, MB; empty where it was not looked at.
    - `limit_s` bounds the seconds of the largest size, where a limit was set.
    """

    task: str
    unit: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    first: tuple[float, ...] = ()
    peak_mb: tuple[float, ...] = ()
    measured: str = "CPU seconds"
    note: str = ""
    limit_s: float | None = None

    def exponent(self, values: tuple[float, ...]) -> float | None:
        """Slope of log values on log sizes by least squares; None below three sizes or at 0."""
        if len(values) < 3 or not all(v > 0 for v in values):
            return None
        x, y = ([math.log(v) for v in some] for some in (self.sizes, values))
        return statistics.linear_regression(x, y).slope


def add_rows_option(parser: argparse.ArgumentParser) -> None:
    """The option by which `python -m benchmarks` asks for rows."""
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="write the figures for docs/benchmarks.md there"
    )


def write_rows(options: argparse.Namespace, rows: Sequence[Row | Growth]) -> None:
    """Write rows where `--rows` says."""
    if options.rows:
        found = [{"kind": type(row).__name__, **asdict(row)} for row in rows]
        options.rows.write_text(json.dumps(found, indent=1), encoding="utf-8")


def row_of(entry: dict[str, Any]) -> Row | Growth:
    """A row as `write_rows` wrote it."""
    entry = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    kind = entry.pop("kind")
    return {"Row": Row, "Growth": Growth}[kind](**entry)
