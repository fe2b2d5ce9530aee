"""How long large tables take: 100,000 rows of CSV, beside a bare parse of the same bytes.

    python benchmarks/tables_speed.py [--lines 100000] [--repeats 5] [--memory]

Ratios of CPU seconds in turn: the whole reader (units, names, kinds, duplicates, warnings) over
pandas' parser and over Python's csv module. With `--memory` what the reader adds to the largest
resident memory of a process of its own, over the size of the file, and the same for the parser.
"""

import argparse
import csv
import io
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from _side_by_side.measure import in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics

_SIZES = 8  # of a family


def table(rows: int) -> str:
    """Families of eight sizes with three scores in percent."""
    rng = random.Random(0)
    lines = ["family,model,params,hellaswag,truthfulqa_mc2,mmlu"]
    for i in range(rows):
        family, size = f"F{i // _SIZES}", i % _SIZES + 1
        scores = (rng.uniform(30, 90), rng.uniform(35, 60), rng.uniform(26, 70))
        cells = ",".join(f"{score:.2f}" for score in scores)
        lines.append(f"{family},{family}-{size}b,{size}B,{cells}")
    return "\n".join(lines) + "\n"


def added(read: str, small: Path, large: Path) -> int:
    """Bytes by which reading `large` raises the largest resident memory, after `small` was read."""
    work = pd.read_csv if read == "parser" else dynamics.read_scores
    work(small)  # what is imported once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(large)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (after - before) * (1 if sys.platform == "darwin" else 1024)


def memory(small: Path, large: Path) -> None:
    """Print ratios of memory; each reader has a process of its own."""
    size = large.stat().st_size
    for read in ("reader", "parser"):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            grown = pool.apply(added, (read, small, large))
        print(f"{read}: {grown / 1e6:.0f} MB, {grown / size:.1f} times the file")


def seconds(small: Path, path: Path, options: argparse.Namespace) -> None:
    """Print CPU seconds and their ratios."""
    text = path.read_text("utf-8")
    dynamics.read_scores(small)  # what is imported once
    routes = {
        "ours": lambda: dynamics.read_scores(path),
        "pandas' parser": lambda: pd.read_csv(path),
        "Python's csv": lambda: list(csv.reader(io.StringIO(text))),
    }
    timings = in_turn(routes, options.repeats, clock=time.process_time)
    ours = timings.pop("ours")
    rows = [
        Row(
            f"a table of {options.lines:,} rows read",
            "CPU seconds",
            name,
            tuple(ours.seconds),
            tuple(peer.seconds),
            floor=True,
            our_mb=ours.peak_mb,
            their_mb=peer.peak_mb,
        )
        for name, peer in timings.items()
    ]
    write_rows(options, rows)
    print(f"{options.lines:,} rows, {len(text) / 1e6:.1f} MB: {rows[0].our_middle:.2f} s")
    print(", ".join(f"{statistics.median(row.ratios):.0f} times {row.peer}" for row in rows))


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description="the reader of tables on many rows")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="resident memory instead of seconds")
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, path = Path(folder, "small.csv"), Path(folder, "large.csv")
        small.write_text(table(_SIZES), encoding="utf-8")
        path.write_text(table(options.lines), encoding="utf-8")
        if options.memory:
            memory(small, path)
        else:
            seconds(small, path, options)


if __name__ == "__main__":
    main()
