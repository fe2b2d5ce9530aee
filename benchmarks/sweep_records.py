"""What reading a sweep costs as it grows: `status`, `collect` and skipping what is done.

    python benchmarks/sweep_records.py [--records 1000 10000] [--rows 20] [--json]

Records are those of a job with so many rows, written here; each figure is the median of three whole
calls in one process, in CPU seconds: others may use the machine. The exponent is the slope of log
seconds over log records: 1 is linear.
"""

import argparse
import contextlib
import io
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from nullcline.experiments.cli import main as nullcline
from nullcline.experiments.records import write_record
from nullcline.experiments.sweeps._job import JobFolder
from nullcline.experiments.sweeps._state import read_plan

_TRIES = 3


def write_sweep(folder: Path, records: int, rows: int) -> None:
    """The folder of a sweep whose jobs are all done; written without waiting for the disk."""
    os.fsync = lambda _: None
    jobs = [f"seed={number}" for number in range(records)]
    for number, name in enumerate(jobs):
        job = JobFolder(folder / name)
        job.begin(key=name, experiment="trial", label=name)
        write_record(
            job.path,
            command="trial",
            settings={"seed": number, "penalty": {"name": "ridge", "strength": 0.1}, "path": None},
            inputs={"table": "0" * 64},
            result={"mean": number / 7, "rows": [_row(number, row) for row in range(rows)]},
            code={"commit": "c", "dirty": False, "version": "v"},
            job={"experiment": "trial", "key": name, "rows": "rows"},
        )
        job.end("done", key=name)
    planned = [{"folder": name, "label": name, "key": name} for name in jobs]
    plan = {"experiment": "trial", "launcher": {}, "started": time.time(), "jobs": planned}
    (folder / "sweep.json").write_text(json.dumps(plan))


def _row(number: int, row: int) -> Mapping[str, object]:
    return {"term": f"term {row}", "kept": row % 2 == 0} | {
        f"of_{name}": {"value": math.sin(number + row), "low": -1.0, "high": 1.0}
        for name in ("reasoning", "truth")
    }


def seconds(work: Callable[[], object]) -> float:
    """The median of three calls."""
    found = []
    for _ in range(_TRIES):
        began = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, list[float]] = {}
    for records in options.records:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_sweep(folder, records, options.rows)

            def skip(folder: Path = folder) -> None:
                for job in read_plan(folder).jobs:
                    assert JobFolder(folder / job["folder"]).finished(job["key"])

            for what, work in {
                "status": lambda at=name: nullcline(["status", at]),
                "collect (csv)": lambda at=name: nullcline(["collect", at, "-o", f"{at}/t.csv"]),
                "collect (parquet)": lambda at=name: nullcline(["collect", at]),
                "skip what is done": skip,
            }.items():
                figures.setdefault(what, []).append(seconds(work))
    first, last = options.records[0], options.records[-1]
    exponents = {
        what: math.log(found[-1] / found[0]) / math.log(last / first) if last > first else None
        for what, found in figures.items()
    }
    if options.json:
        print(json.dumps({"records": options.records, "seconds": figures, "exponent": exponents}))
        return
    print(f"{'':20}" + "".join(f"{count:>9}" for count in options.records) + "  records, exponent")
    for what, found in figures.items():
        exponent = "" if exponents[what] is None else f"{exponents[what]:.2f}"
        print(f"{what:20}" + "".join(f"{value:8.2f}s" for value in found) + f"  {exponent}")


if __name__ == "__main__":
    main()
