"""What docs/scan.md shows beside the command's own output, and how the scan grows.

Sections: `safety`, safety scores along the mean of capabilities; `tuning`, what tuning moves;
`shapes`, what width does where it was varied by design; `speed`, seconds and memory by the number
of pairs.
"""

import resource
import time

import numpy as np
import pandas as pd
from _coverage.section import Table
from _sections import run_sections

from nullcline import dynamics
from nullcline.common.numbers import bounded, signed
from nullcline.common.progress import Progress

#: Benchmarks of the tables that `speed` scans, of which there are so many pairs squared.
_BENCHMARKS = (26, 51, 101)
_SIX = ("hellaswag", "arc_challenge", "winogrande", "mmlu", "gsm8k", "truthfulqa_mc2")
_MOST_MOVED = 12


def _points(value: float, low: float, high: float) -> str:
    return bounded(100 * value, 100 * low, 100 * high, 1, plus=True)


def safety(progress: Progress) -> Table:
    """The scores with a verdict, tax first."""
    progress("safety")
    found = dynamics.scan(dynamics.load_table("safety"), n_boot=100)
    said = [c for c in found.general if c.verdict != "undetermined"]
    lines = [
        [
            cell.other,
            cell.verdict,
            bounded(cell.coupling, cell.low, cell.high),
            f"{cell.q:.3f}",
            signed(cell.pooled_r),
        ]
        for cell in sorted(said, key=lambda c: (c.verdict != "tax", c.q))
    ]
    return Table(["score", "verdict", "coupling", "q", "r, all models"], lines)


def tuning(progress: Progress) -> Table:
    """The scores that tuning moves most."""
    progress("tuning")
    found = dynamics.scan(dynamics.load_table("safety"), n_boot=100)
    moved = [one for one in found.moved if one.way != "undetermined"][:_MOST_MOVED]
    lines = [
        [one.benchmark, _points(one.gain, one.low, one.high), f"{one.q:.3f}", str(one.pairs)]
        for one in moved
    ]
    return Table(["score", "tuned less base, points", "q", "pairs"], lines)


def shapes(progress: Progress) -> Table:
    """Per decade of width at equal size, and per decade of size."""
    progress("shapes")
    table = dynamics.load_table("shapes")
    effects = dynamics.controls.shape_effects(dynamics.load_figures("shapes"), table.benchmarks)
    lines = [
        [
            dynamics.benchmark(one.benchmark).title,
            _points(one.by_width, one.low, one.high),
            f"{one.p:.3f}",
            _points(one.by_size, one.by_size_low, one.by_size_high),
            "yes" if one.within(0.5) else "not shown",
        ]
        for one in effects
    ]
    header = ["score", "tenfold width", "p (Holm)", "tenfold size", "width below half of size"]
    return Table(header, lines)


def speed(progress: Progress) -> Table:
    """Scans of made tables: the shipped families with mixtures of their scores."""
    lines = []
    for count in _BENCHMARKS:
        progress(f"{count} benchmarks")
        table = mixtures(count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        found = dynamics.scan(table)
        seconds = time.perf_counter() - start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        lines.append([str(len(found.cells)), f"{seconds:.1f}", f"{max(grown, 0):.0f}"])
    return Table(["pairs", "seconds", "more memory, MB"], lines)


def mixtures(count: int) -> dynamics.ScoreTable:
    rng = np.random.default_rng(0)
    frame = dynamics.load_table("uniform").frame
    known = frame[list(_SIX)].fillna(frame[list(_SIX)].mean()).to_numpy(float)
    mixed = {
        f"bench_{i}": np.clip(
            known @ rng.dirichlet(np.ones(len(_SIX))) + rng.normal(0, 0.02, len(frame)), 0.01, 0.99
        )
        for i in range(count)
    }
    about = frame[["family", "model", "params"]]
    return dynamics.read_scores(pd.concat([about, pd.DataFrame(mixed, index=frame.index)], axis=1))


if __name__ == "__main__":
    run_sections(
        "scan_page",
        __doc__ or "",
        {"safety": safety, "tuning": tuning, "shapes": shapes, "speed": speed},
    )
