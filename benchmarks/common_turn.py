"""False positives and power of the gate of a shared turn, and coverage of its place, by design.

Null designs come first: no family turns, or families do not share a turn, and the gate should open
in at most 5 % of tables. Then designs with a turn at .65: how often the gate opens, and how often
the reported interval holds the place.
"""

import argparse
import json
import time

import numpy as np
from _turn_designs import NULLS, PLACE, TURNS, draw, real_layout

from nullcline.dynamics._phases.common_turn import GATE, gate_of
from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._phases.scatter import pooled_scatter, residuals_about_curve

SCATTERS = (0.0, 0.012, 0.02)
_ITEMS = 817


def gate(layout, x, y, *, n_boot, seed):
    """The gate as `diagnose` computes it: known errors and the table's own scatter."""
    stderr = np.sqrt(np.maximum(y * (1 - y), 1e-4) / _ITEMS)
    scatter = pooled_scatter(
        residuals_about_curve(*(v[layout.family == f] for v in (layout.log10_params, y, stderr)))
        for f in range(layout.families)
    )
    noise = float(np.mean(stderr**2)) + scatter.sd**2
    return gate_of(within_families(x, y, layout.family), noise=noise, n_boot=n_boot, seed=seed)


def null_row(layout, name, scatter, generator, *, tables) -> dict[str, float | None]:
    """Share of tables at which the gate opens, and each of its three tests."""
    p = []
    for seed in range(tables):
        g = gate(
            layout, *draw(layout, NULLS[name], generator, scatter=scatter), n_boot=2, seed=seed
        )
        p.append([g.p, g.bend.p, g.before.p, g.after.p])
    opened = np.nan_to_num(np.array(p), nan=1.0) < GATE
    return dict(zip(("gate", "bend", "fall", "rise"), opened.mean(axis=0).tolist(), strict=True))


def turn_row(layout, name, generator, *, tables, n_boot) -> dict[str, float | None]:
    """Power of the gate, and coverage and median width of the interval of the place."""
    curve, x_error = TURNS[name]
    rows = []
    for seed in range(tables):
        x, y = draw(layout, curve, generator, scatter=0.012, x_error=x_error)
        g = gate(layout, x, y, n_boot=n_boot, seed=seed)
        spline = g.spline
        assert spline is not None  # the layout has many positions
        rows.append([g.p < GATE, spline.low <= PLACE <= spline.high, spline.high - spline.low])
    opened, held, width = np.array(rows, dtype=float).T
    given = opened == 1
    return {
        "power": float(opened.mean()),
        "coverage": float(held.mean()),
        "coverage_given_open": float(held[given].mean()) if given.any() else None,
        "median_width": float(np.median(width)),
        "unbounded": float(np.mean(~np.isfinite(width))),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200, help="simulated tables per design")
    parser.add_argument("--n-boot", type=int, default=400)
    parser.add_argument("--designs", choices=("null", "turn", "all"), default="all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    layout, start, rows = real_layout(), time.perf_counter(), []
    designs = [("null", name, sd) for name in NULLS for sd in SCATTERS]
    designs += [("turn", name, 0.012) for name in TURNS]
    for number, (kind, name, scatter) in enumerate(designs):
        if arguments.designs not in (kind, "all"):
            continue
        generator = np.random.default_rng([arguments.seed, number])
        if kind == "null":
            found = null_row(layout, name, scatter, generator, tables=arguments.tables)
        else:
            found = turn_row(
                layout, name, generator, tables=arguments.tables, n_boot=arguments.n_boot
            )
        rows.append({"kind": kind, "design": name, "scatter": scatter, **found})
        if not arguments.json:
            cells = "  ".join(f"{k} {v:.3f}" for k, v in found.items() if v is not None)
            print(f"{kind}  {name:30s} scatter {scatter:.3f}  {cells}", flush=True)
    if arguments.json:
        seconds = time.perf_counter() - start
        print(json.dumps({"tables": arguments.tables, "seconds": seconds, "designs": rows}))


if __name__ == "__main__":
    main()
