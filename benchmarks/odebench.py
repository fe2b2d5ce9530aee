"""ODEBench: 63 systems, reconstruction and generalisation, beside PySINDy.

    python benchmarks/odebench.py SYSTEMS.json [--peer-python PATH] [--seed 0] [--ids 1 2 3]
        [--conditions 0 1 2 3] [--json OUT.json]

SYSTEMS.json has for each system `id`, `dim`, `equations`, two first states `init`, `t_end`,
`points`. Fitted to the first trajectory only, each method's equations are integrated from both
exact first states. A system counts where R^2 > .9. Support F1 is that of the monomials of the
polynomial systems. Ours is `dynamics.fit_system(series)` with no setting at all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from _odebench_data import CONDITIONS, r2, read_systems, solution
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics

#: Published: R^2 > .9, all points, no noise (arXiv:2310.05573, ODEFormer).
PUBLISHED = {"ODEFormer (published)": (0.664, 0.328)}


def ours(times, states):
    """Our fit, its terms as powers, and CPU seconds."""
    begin = time.process_time()
    fit = dynamics.fit_system(dynamics.TimeSeries.from_arrays([times], [states]), members=0)
    seconds = time.process_time() - begin
    support = [
        {
            term.powers if term.factor is None else (term.powers, term.factor)
            for term, c in zip(fit.terms, row, strict=True)
            if c != 0
        }
        for row in fit.coefficients
    ]
    return fit, support, seconds


def f1(found, true):
    """Of the monomials of all equations together."""
    hits = sum(len(a & b) for a, b in zip(found, true, strict=True))
    count = sum(map(len, found)) + sum(map(len, true))
    return 2 * hits / count if count else 1.0


def run_ours(systems, condition, seed):
    rows = []
    for system in systems:
        fit, support, seconds = ours(*system.measured(*condition, seed))
        both = [fit.simulate(x0, system.times) for x0 in system.first]
        rows.append(_row(system, both, support, seconds) | {"verdict": fit.result})
        print(_line(system, condition, rows[-1]), file=sys.stderr, flush=True)
    return {"ours": rows}


def run_peers(python, systems, condition, seed):
    """What PySINDy's optimizers find on the same data, judged alike."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.json"), Path(folder, "out.json")
        data = [system.measured(*condition, seed) for system in systems]
        source.write_text(json.dumps([{"t": t.tolist(), "x": x.tolist()} for t, x in data]))
        script = Path(__file__).with_name("_pysindy_odebench.py")
        subprocess.run([python, script, source, target], check=True, stderr=subprocess.DEVNULL)
        answers = json.loads(target.read_text())
    out = {}
    for system, answer in zip(systems, answers, strict=True):
        for name, one in answer.items():
            powers, weights = np.array(one["powers"]), np.array(one["coefficients"])
            both = [_solve(powers, weights, x0, system.times) for x0 in system.first]
            support = [{tuple(p) for p in powers[row != 0].tolist()} for row in weights]
            out.setdefault(name, []).append(_row(system, both, support, one["seconds"]))
    return out


def _solve(powers, weights, x0, times):
    def field(_, x):
        return weights @ np.prod(x[None, :] ** powers, axis=1)

    return solution(field, x0, times)


def _row(system, both, support, seconds):
    rebuilt, other = (r2(t, f) for t, f in zip(system.solutions, both, strict=True))
    right = f1(support, system.support()) if system.polynomial else None
    return {
        "id": system.id, "reconstruction": rebuilt, "generalisation": other, "f1": right,
        "polynomial": system.polynomial, "seconds": seconds,
    }  # fmt: skip


def _line(system, condition, row):
    return (
        f"{condition} {system.id:2d} rebuilt {row['reconstruction']:8.3f} other "
        f"{row['generalisation']:8.3f} f1 {row['f1']} {row['seconds']:.1f} s {row['verdict']}"
    )


def summary(rows):
    """Shares of R^2 > .9 of all and of the polynomial systems, mean F1, seconds."""
    poly = [row for row in rows if row["polynomial"]]

    def share(chosen, key):
        return float(np.mean([row[key] > 0.9 for row in chosen])) if chosen else float("nan")

    return {
        "systems": len(rows),
        "reconstruction": share(rows, "reconstruction"),
        "generalisation": share(rows, "generalisation"),
        "polynomial": len(poly),
        "polynomial_reconstruction": share(poly, "reconstruction"),
        "polynomial_generalisation": share(poly, "generalisation"),
        "f1": float(np.mean([row["f1"] for row in poly])) if poly else float("nan"),
        "seconds": float(np.sum([row["seconds"] for row in rows])),
    }


def as_rows(found):
    """Ours beside each of PySINDy's optimizers, system by system, for docs/benchmarks.md."""
    mine = {row["condition"]: row["rows"] for row in found if row["method"] == "ours"}
    rows = []
    for row in found:
        if row["method"] == "ours" or row["condition"] not in mine:
            continue
        both, (noise, dropped) = (mine[row["condition"]], row["rows"]), row["condition"]
        work = f"ODEBench, noise {noise:.0%}, {dropped:.0%} dropped"
        for key, measured in (
            ("reconstruction", "share rebuilt, R² > .9"),
            ("generalisation", "share from another start, R² > .9"),
        ):
            ours, theirs = (tuple(float(one[key] > 0.9) for one in some) for some in both)
            rows.append(
                Row(work, measured, row["method"], ours, theirs, "systems", more_is_better=True)
            )
        ours, theirs = (tuple(one["f1"] for one in some if one["polynomial"]) for some in both)
        rows.append(
            Row(work, "F1 of the terms", row["method"], ours, theirs, "polynomial systems",
                more_is_better=True)
        )  # fmt: skip
        ours, theirs = ((float(sum(one["seconds"] for one in some)),) for some in both)
        rows.append(Row(work, "CPU seconds", row["method"], ours, theirs, "all systems, once"))
    return rows


def main():
    parser = argparse.ArgumentParser(description="ODEBench beside PySINDy")
    parser.add_argument("systems", type=Path)
    parser.add_argument("--peer-python", help="python of an environment with pysindy==2.1.0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ids", type=int, nargs="+")
    parser.add_argument("--conditions", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--only-peers", action="store_true")
    parser.add_argument("--json", type=Path)
    add_rows_option(parser)
    options = parser.parse_args()
    systems = read_systems(options.systems)
    if options.ids:
        systems = [one for one in systems if one.id in options.ids]
    found = []
    for condition in (CONDITIONS[i] for i in options.conditions):
        methods = {} if options.only_peers else run_ours(systems, condition, options.seed)
        if options.peer_python:
            methods |= run_peers(options.peer_python, systems, condition, options.seed)
        for name, rows in methods.items():
            found.append({"condition": condition, "method": name, **summary(rows), "rows": rows})
            show(found[-1])
    for name, (rebuilt, other) in PUBLISHED.items():
        print(f"{name}: reconstruction {100 * rebuilt:.1f} %, generalisation {100 * other:.1f} %")
    write_rows(options, as_rows(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def show(row):
    noise, dropped = row["condition"]
    print(
        f"noise {100 * noise:.0f} %, {100 * dropped:.0f} % dropped | {row['method']:24s} | "
        f"rebuilt {100 * row['reconstruction']:5.1f} % other start "
        f"{100 * row['generalisation']:5.1f} % | polynomial: "
        f"{100 * row['polynomial_reconstruction']:5.1f} % "
        f"{100 * row['polynomial_generalisation']:5.1f} % F1 {row['f1']:.3f} | "
        f"{row['seconds']:.0f} CPU s",
        flush=True,
    )


if __name__ == "__main__":
    main()
