"""What a capability ODE costs as its table grows: compilations, time and memory.

    python benchmarks/ode_scale.py [--families 22 100 1000] [--forecasters] [--json]

Planted tables of linear systems in log odds, five benchmarks, three to six sizes a family. In one
process each: `fits`, fits and predictions of tables and grids of many sizes, with the programs that
XLA compiles and the longest fit of a size not met before; and `cross_validate` of each number of
families, the second call of two, with its exponent between the least and the greatest number. By
default the ten baselines are cross-validated, as `nullcline ode fit` does; with `--forecasters` the
three forecasters too, which takes about ten minutes.

Targets: at most 8 compilations; a second fit of any size within 0.1 s; an exponent of at most 1.2,
and memory that does not grow with the table.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import jax
import numpy as np
from scipy.linalg import expm

from nullcline import dynamics
from nullcline.dynamics.forecast import HELD_OUT_BENCHMARKS, Cohort, CohortFamily

#: Sizes of the tables that are fitted, and lengths of the grids that are predicted.
TABLES = (5, 9, 17, 22, 33, 64, 100, 200, 500, 1000)
GRIDS = (1, 2, 3, 5, 7, 12, 20, 30, 50, 100)
_FLOOR = np.array([0.2, 0.0, 0.2, 0.4, 0.2])


def planted(families: int, *, seed: int = 0) -> Cohort:
    """Families that follow one linear system in log odds, with errors of measurement."""
    rng = np.random.default_rng(seed)
    dims = len(_FLOOR)
    system = np.zeros((dims + 1, dims + 1))
    system[1:, 0] = 0.3 + 0.1 * rng.normal(size=dims)
    system[1:, 1:] = 0.12 * rng.normal(size=(dims, dims)) - 0.25 * np.eye(dims)
    found = []
    for index in range(families):
        size = np.sort(rng.uniform(8, 11, rng.integers(3, 7)))
        start = np.concatenate([[1.0], -1.2 + 0.4 * rng.normal(size=dims) + 0.4 * (size[0] - 8)])
        state = np.array([expm(system * (s - size[0])) @ start for s in size])[:, 1:]
        state += 0.08 * rng.normal(size=state.shape)
        scores = _FLOOR + (1 - _FLOOR) / (1 + np.exp(-state))
        models = tuple(f"f{index}-{i}" for i in range(len(size)))
        found.append(CohortFamily(f"f{index}", f"lab{index}", models, size, scores))
    return Cohort(tuple(found), HELD_OUT_BENCHMARKS, ())


def measure_fits() -> dict:
    """Compilations of all fits and predictions, and the longest one after the first."""
    compiled = 0

    def count(event: str, duration_secs: float, **kwargs: str | int) -> None:
        nonlocal compiled
        compiled += event == "/jax/core/compile/backend_compile_duration"

    jax.monitoring.register_event_duration_secs_listener(count)
    cohorts = [planted(families) for families in TABLES]
    seconds, memory, fits = [], [], []
    for cohort in cohorts:
        begin = time.process_time()
        data = dynamics.Trajectories.from_arrays(
            [family.log10_n for family in cohort.families],
            [family.scores for family in cohort.families],
            benchmarks=cohort.benchmarks,
        )
        fits.append(dynamics.fit_ode(data, throw=False))
        seconds.append(time.process_time() - begin)
        memory.append(_peak())
    of_fits = compiled
    for points in GRIDS:
        grid = np.linspace(10, 11, points)
        dynamics.predict(fits[-1], [0.5] * 5, log10_n=grid, start=9.5, throw=False)
    return {
        "tables": TABLES,
        "grids": GRIDS,
        "compilations_of_fits": of_fits,
        "compilations": compiled,
        "first_fit_cpu_s": seconds[0],
        "slowest_later_fit_cpu_s": max(seconds[1:]),
        "memory_after_first_mib": memory[0],
        "memory_after_last_mib": memory[-1],
    }


def measure_cross_validation(families: int, forecasters: bool) -> dict:
    """CPU seconds of a second cross-validation, and the greatest memory of the process."""
    cohort = planted(families)
    found = dynamics.cross_validate(cohort, forecasters=())  # the programs of its shapes
    begin = time.process_time()
    if forecasters:
        found = dynamics.cross_validate(cohort)
    else:
        found = dynamics.cross_validate(cohort, forecasters=())
    seconds = time.process_time() - begin
    return {
        "families": families,
        "folds": found.folds,
        "grouped": found.grouped,
        "cpu_s": seconds,
        "peak_mib": _peak(),
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_own_process(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--families", type=int, nargs="+", default=[22, 100, 1000])
    parser.add_argument("--forecasters", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", help=argparse.SUPPRESS)  # one measurement, in this process
    options = parser.parse_args()
    if options.only:
        one = options.only
        found = (
            measure_fits()
            if one == "fits"
            else measure_cross_validation(int(one), options.forecasters)
        )
        print(json.dumps(found))
        return
    flags = ["--forecasters"] if options.forecasters else []
    fits = _in_own_process("--only", "fits")
    rows = [_in_own_process("--only", str(n), *flags) for n in options.families]
    least, most = min(rows, key=lambda r: r["families"]), max(rows, key=lambda r: r["families"])
    exponent = np.log(most["cpu_s"] / least["cpu_s"]) / np.log(most["families"] / least["families"])
    if options.json:
        print(json.dumps({"fits": fits, "cross_validate": rows, "exponent": float(exponent)}))
        return
    later = fits["slowest_later_fit_cpu_s"]
    grown = fits["memory_after_last_mib"] - fits["memory_after_first_mib"]
    print(
        f"{len(TABLES)} tables of {TABLES[0]} to {TABLES[-1]} families fitted and {len(GRIDS)} "
        f"grids predicted:\n"
        f"  {fits['compilations']} compilations (target 8), "
        f"{fits['compilations_of_fits']} of them of fits\n"
        f"  the first fit {fits['first_fit_cpu_s']:.2f} CPU s; another of a new size at most "
        f"{later:.3f} s (target 0.1)\n"
        f"  memory grows by {grown:.0f} MiB from the first fit to the last\n"
    )
    print(f"cross_validate {'families':>8} {'folds':>6} {'CPU s':>8} {'ratio':>6} {'peak MiB':>9}")
    for row in rows:
        ratio = row["cpu_s"] / rows[0]["cpu_s"]
        print(
            f"               {row['families']:8d} {row['folds']:6d} {row['cpu_s']:8.2f} "
            f"{ratio:6.1f} {row['peak_mib']:9.0f}"
        )
    print(f"  exponent {exponent:.2f} (target 1.2)")


if __name__ == "__main__":
    main()
