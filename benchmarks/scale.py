"""How tasks grow: CPU seconds and peak memory over at least three sizes, with exponents.

    python benchmarks/scale.py {read,diagnose,bootstrap,attribution,scan,collect,page} [--quick]

Every size in a process of its own, where a tiny one has loaded what is imported. It is called
twice: the first call compiles, the next one is what the exponent (slope of log seconds on log
sizes) is fitted to. Peak memory is above what the process held with its input made. `page` is the
dashboard in a browser: seconds of the wall clock.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _growth_tasks import TASKS, TITLES
from _side_by_side.measure import once
from _side_by_side.rows import Growth, add_rows_option, write_rows


def one_size(task: str, size: int) -> dict[str, float]:
    """CPU seconds of the first call and of the next, and MB of the greater."""
    make, _, _, tiny = TASKS[task]
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as folder:
        make(tiny[0], Path(small))()
        work = make(size, Path(folder))
        first, first_mb = once(work, time.process_time)
        seconds, peak_mb = once(work, time.process_time)
    return {"first": first, "seconds": seconds, "peak_mb": max(first_mb, peak_mb)}


def grow(task: str, *, quick: bool) -> Growth:
    """All sizes of a task."""
    _, unit, sizes, tiny = TASKS[task]
    sizes = tiny if quick else sizes
    found = []
    for size in sizes:
        words = [sys.executable, __file__, task, "--size", str(size)]
        ran = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(ran.stdout.splitlines()[-1]))
        print(f"{task}, {size:,} {unit}: {found[-1]}", file=sys.stderr, flush=True)
    seconds, first, peak = (
        tuple(one[key] for one in found) for key in ("seconds", "first", "peak_mb")
    )
    return Growth(TITLES[task], unit, sizes, seconds, first, peak)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=[*TASKS, "page"])
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)  # one, in this process
    add_rows_option(parser)
    options = parser.parse_args()
    if options.size:
        print(json.dumps(one_size(options.task, options.size)))
        return
    if options.task == "page":
        from _growth_page import grow_page

        rows = grow_page(quick=options.quick)
    else:
        rows = [grow(options.task, quick=options.quick)]
    write_rows(options, rows)
    for row in rows:
        exponents = [row.exponent(values) for values in (row.seconds, row.peak_mb)]
        shown = ", ".join("–" if e is None else f"{e:.2f}" for e in exponents)
        print(
            f"{row.task}: {row.sizes} {row.unit}: {row.seconds} {row.measured}; exponents {shown}"
        )


if __name__ == "__main__":
    main()
