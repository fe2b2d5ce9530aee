"""What a sweep costs: 200 small fits by one worker and by two, and the overhead of every engine.

    python benchmarks/sweep_speed.py [--fits 200] [--engines local joblib ...] [--json]

Every figure comes from whole commands, `nullcline run fit_dynamics -m ...`, started here
one after the other; ratios are of one run. The load of the machine before each is beside it: where
others use its cores, the ratio of CPU seconds of the busiest worker says what free ones would give.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _side_by_side.rows import Row, add_rows_option, write_rows

_ROOT = Path(__file__).parent.parent
_FIT = ("family=pythia", "penalty=trajectory")  # 0.4 s, where everything is compiled
_SMALL = ("family=pythia", "penalty=ridge")  # 0.02 s
_FEW, _MANY = 8, 48  # jobs between which the overhead of one is a slope


def run_sweep(arguments: tuple[str, ...], jobs: int, launcher: tuple[str, ...]) -> dict:
    """One sweep over seeds in a folder of its own: seconds of the command and of its jobs."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        subprocess.run(
            [
                *(sys.executable, "-m", "nullcline", "run", "fit_dynamics", "-m", *arguments),
                *(f"seed=range(0,{jobs})", *launcher, f"hydra.sweep.dir={folder}"),
            ],
            check=True,
            cwd=_ROOT,
            stderr=subprocess.DEVNULL,
        )
        wall = time.monotonic() - started
        states = [json.loads(path.read_text()) for path in Path(folder).glob("*/job.json")]
    assert len(states) == jobs
    seconds = [state["seconds"] for state in states]
    cpu: dict[int, float] = {}
    for state in states:
        cpu[state["pid"]] = cpu.get(state["pid"], 0.0) + state["cpu_seconds"]
    median = statistics.median(seconds)
    return {
        "wall": wall,
        "median": median,
        "busiest": max(cpu.values()),
        "workers": len(cpu),
        "compiled": sum(value > 3 * median for value in seconds),
        "load": load,
    }


def overhead(engine: str) -> dict:
    """Seconds that a job costs beside its own, and those before the first one."""
    one = ("launcher.workers=1",) if engine in ("submitit_local", "ray") else ()
    launcher = (f"launcher={engine}", *one)
    if engine == "joblib":
        launcher = (*launcher, "launcher.workers=2")
    few, many = (run_sweep(_SMALL, jobs, launcher) for jobs in (_FEW, _MANY))
    workers = many["workers"]
    slope = (many["wall"] - few["wall"]) / (_MANY - _FEW)
    return {
        "engine": engine,
        "per_job": slope - many["median"] / workers,
        "start": few["wall"] - _FEW * slope,
        "workers": workers,
        "load": many["load"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=200)
    parser.add_argument(
        "--engines", nargs="*", default=["local", "joblib", "submitit_local", "ray"]
    )
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    run_sweep(_FIT, 1, ())  # compiled functions are kept on disk from here on
    found = {
        workers: run_sweep(_FIT, arguments.fits, ("launcher=joblib", f"launcher.workers={workers}"))
        for workers in (1, 2)
    }
    ratio, cpu_ratio = (found[1][key] / found[2][key] for key in ("wall", "busiest"))
    costs = [overhead(engine) for engine in arguments.engines]
    work, peer = f"a sweep of {arguments.fits} fits, two workers", "the same, one worker"
    write_rows(
        arguments,
        [
            Row(work, measured, peer, (found[2][key],), (found[1][key],), pairs="one sweep each")
            for key, measured in (("wall", "seconds"), ("busiest", "CPU s of the busiest worker"))
        ],
    )
    if arguments.json:
        print(json.dumps({"fits": arguments.fits, "by_workers": found, "ratio": ratio,
                          "cpu_ratio": cpu_ratio,
                          "overhead": costs}))  # fmt: skip
        return
    print(f"{arguments.fits} fits, launcher=joblib, {os.cpu_count()} cores")
    print("workers  wall s  CPU s of the busiest  median fit s  compiled in  load before")
    for workers, row in found.items():
        print(
            f"{workers:7d}  {row['wall']:6.1f}  {row['busiest']:20.1f}  {row['median']:12.3f}  "
            f"{row['compiled']:4d} jobs    {row['load']:11.1f}"
        )
    print(f"two workers are {ratio:.2f} times as fast as one; by CPU seconds {cpu_ratio:.2f}\n")
    print("engine          workers  overhead per job ms  before the first job s  load before")
    for row in costs:
        print(
            f"{row['engine']:14s}  {row['workers']:7d}  {1e3 * row['per_job']:19.1f}  "
            f"{row['start']:22.1f}  {row['load']:11.1f}"
        )


if __name__ == "__main__":
    main()
