"""Recovery of planted sparse dynamics from few irregular noisy points.

    python benchmarks/sparse_recovery.py [--systems 20] [--points 8 60] [--kinds 2d 5d]
        [--peer-python PATH] [--json]

Every system is drawn at random (see `_planted.py`): 10 trajectories, 1 % noise. Ours chooses its
settings itself. With `--peer-python`, the interpreter of an environment that holds PySINDy 2.1,
the same data go through PySINDy with a grid of derivatives, optimizers and thresholds, of which an
oracle picks the best for each system, once by support F1 and once by trajectory error.

Trajectory error: root mean square difference to exact trajectories from 20 other first points, in
standard deviations of each variable; a solution that leaves |x| < 10 counts as 10 from there on.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np
from _planted import KINDS, f1, planted, solve_all
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics

jax.config.update("jax_enable_x64", True)


def ours(system):
    data = dynamics.Trajectories.from_arrays(system.s, system.x)
    begin = time.perf_counter()
    fit = dynamics.fit_ode(
        data,
        dynamics.PolynomialLibrary(2),
        penalty=dynamics.TrajectorySelection(),
        method="trajectory",
        coordinates=dynamics.ode.Unbounded(),
        throw=False,
    )
    return np.asarray(fit.coefficients), time.perf_counter() - begin


def trajectory_errors(coefficients, system):
    found = solve_all(np.stack(coefficients), system.test_x[:, 0], system.test_s)
    return np.sqrt(np.mean(((found - system.test_x) / system.scale) ** 2, axis=(1, 2, 3)))


def peer(python, systems):
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.json"), Path(folder, "out.json")
        rows = [
            {"s": [s.tolist() for s in one.s], "x": [x.tolist() for x in one.x]} for one in systems
        ]
        source.write_text(json.dumps(rows))
        script = Path(__file__).with_name("_pysindy_recovery.py")
        subprocess.run([python, script, source, target], check=True, stderr=subprocess.DEVNULL)
        return [[np.array(c) for c in found] for found in json.loads(target.read_text())]


def oracle(found, system):
    true = system.coefficients != 0
    best_f1 = max(f1(coefficients != 0, true) for coefficients in found)
    return best_f1, float(trajectory_errors(found, system).min())


def run(kind, points, count, python):
    systems = [planted(kind, points=points, seed=seed) for seed in range(count)]
    rows = [ours(system) for system in systems]
    true = [system.coefficients != 0 for system in systems]
    each = [f1(c != 0, t) for (c, _), t in zip(rows, true, strict=True)]
    out = {
        "kind": kind,
        "points": points,
        "systems": count,
        "f1": float(np.mean(each)),
        "f1_least": float(min(each)),
        "f1_each": each,
        "errors": [
            float(trajectory_errors([c], s)[0]) for (c, _), s in zip(rows, systems, strict=True)
        ],
        "seconds": float(np.median([seconds for _, seconds in rows])),
    }
    if python:
        found = [oracle(f, s) for f, s in zip(peer(python, systems), systems, strict=True)]
        out["peer_f1"] = float(np.mean([one[0] for one in found]))
        out["peer_f1_each"] = [float(one[0]) for one in found]
        out["peer_errors"] = [one[1] for one in found]
        ratio = np.array(out["errors"]) / np.array(out["peer_errors"])
        out["error_ratio_median"] = float(np.median(ratio))
        out["error_ratio_of_means"] = float(np.mean(out["errors"]) / np.mean(out["peer_errors"]))
    return out


def as_rows(found):
    """Support and trajectories of one kind of system, for docs/benchmarks.md."""
    work = f"{found['systems']} planted {found['kind']} systems, {found['points']} points each"
    peer, pairs = "PySINDy, best of a grid by an oracle", "systems"
    theirs = (tuple(found.get(name, ())) for name in ("peer_f1_each", "peer_errors"))
    f1s, errors = theirs
    return [
        Row(work, "support F1", peer, tuple(found["f1_each"]), f1s, pairs, more_is_better=True),
        Row(work, "trajectory error, sd", peer, tuple(found["errors"]), errors, pairs),
    ]


def main():
    parser = argparse.ArgumentParser(description="Recovery of planted sparse dynamics")
    parser.add_argument("--systems", type=int, default=20)
    parser.add_argument("--points", type=int, nargs="+", default=[8, 60])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--peer-python", help="python of an environment with pysindy==2.1.0")
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    options = parser.parse_args()
    rows = []
    for kind in options.kinds:
        for points in options.points:
            rows.append(run(kind, points, options.systems, options.peer_python))
            if not options.json:
                show(rows[-1])
    write_rows(options, [row for found in rows for row in as_rows(found)])
    if options.json:
        json.dump(rows, sys.stdout, indent=1)


def show(row):
    line = (
        f"{row['kind']} {row['points']:3d} points, {row['systems']} systems: F1 {row['f1']:.3f} "
        f"(least {row['f1_least']:.2f}), trajectory error median {np.median(row['errors']):.4f} "
        f"mean {np.mean(row['errors']):.4f} sd, {row['seconds']:.1f} s"
    )
    if "peer_f1" in row:
        line += (
            f" | PySINDy, oracle: F1 {row['peer_f1']:.3f}, error median "
            f"{np.median(row['peer_errors']):.4f} mean {np.mean(row['peer_errors']):.4f} | "
            f"error ratio: median {row['error_ratio_median']:.3f}, "
            f"of means {row['error_ratio_of_means']:.3f}"
        )
    print(line, flush=True)


if __name__ == "__main__":
    main()
