"""How long large tables take: 100,000 rows of CSV, beside a bare parse of the same bytes.

    python benchmarks/tables_speed.py

Ratios of CPU seconds of one run: the whole reader (units, names, kinds, duplicates, warnings) over
pandas' parser and over Python's csv module.
"""

import csv
import io
import random
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


def main() -> None:
    """Print seconds and ratios."""
    text = table(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.csv")
        path.write_text(text, encoding="utf-8")
        small = Path(folder, "small.csv")
        small.write_text(table(_SIZES), encoding="utf-8")
        dynamics.read_scores(small)  # what is imported once
        parser = cpu(lambda: pd.read_csv(path))
        module = cpu(lambda: list(csv.reader(io.StringIO(text))))
        reader = cpu(lambda: dynamics.read_scores(path))
    print(f"{ROWS:,} rows, {len(text) / 1e6:.1f} MB: {reader:.2f} s")
    print(f"{reader / parser:.0f} times pandas' parser, {reader / module:.0f} times Python's csv")


if __name__ == "__main__":
    main()
