"""How long large tables take: 100,000 rows of CSV, beside a bare parse of the same bytes.

    python benchmarks/tables_speed.py [--memory]

Ratios of CPU seconds of one run: the whole reader (units, names, kinds, duplicates, warnings) over
pandas' parser and over Python's csv module. With `--memory` what the reader adds to the largest
resident memory of a process of its own, over the size of the file, and the same for the parser.
"""

import argparse
import csv
import io
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from nullcline import dynamics

ROWS = 100_000
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


def cpu(work) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


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


def seconds(small: Path, path: Path) -> None:
    """Print CPU seconds and their ratios."""
    text = path.read_text("utf-8")
    dynamics.read_scores(small)  # what is imported once
    parser = cpu(lambda: pd.read_csv(path))
    module = cpu(lambda: list(csv.reader(io.StringIO(text))))
    reader = cpu(lambda: dynamics.read_scores(path))
    print(f"{ROWS:,} rows, {len(text) / 1e6:.1f} MB: {reader:.2f} s")
    print(f"{reader / parser:.0f} times pandas' parser, {reader / module:.0f} times Python's csv")


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description="the reader of tables on 100,000 rows")
    parser.add_argument("--memory", action="store_true", help="resident memory instead of seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, path = Path(folder, "small.csv"), Path(folder, "large.csv")
        small.write_text(table(_SIZES), encoding="utf-8")
        path.write_text(table(ROWS), encoding="utf-8")
        if options.memory:
            memory(small, path)
        else:
            seconds(small, path)


if __name__ == "__main__":
    main()
