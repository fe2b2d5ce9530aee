"""A 1,000-member bootstrap ensemble of sparse fits, timed.

    python benchmarks/ensemble_speed.py [--members 1000] [--points 8 60] [--kinds 2d 5d]
        [--threshold 0.1] [--alpha 0.05] [--repeats 7] [--peer-python PATH] [--json]

Both sides get the same design (monomials of degree 2 at the data points), the same finite
differences, the same threshold and ridge, and resample rows with replacement. Ours: draw the
counts, form all normal equations, fit; the first call's extra time is the compilation. The peer,
with `--peer-python`: `EnsembleOptimizer(STLSQ(...), bagging=True)` of PySINDy 2.1 in its own
environment on one thread, the same number of members. Both take turns; medians are given.

The greatest difference of inclusion probabilities is given in its standard errors (both sides have
Monte Carlo error); among the 12 or 105 of a system about 3 are expected.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import jax
import jax.numpy as jnp
import numpy as np
from _planted import KINDS, planted, terms
from _side_by_side.measure import PeerProcess, in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics

jax.config.update("jax_enable_x64", True)


def rows(kind, points):
    """Design and derivatives of all points of a planted system."""
    system = planted(kind, points=points, seed=0)
    design = terms(np.concatenate(system.x))
    slopes = [np.gradient(x, s, axis=0) for s, x in zip(system.s, system.x, strict=True)]
    return design, np.concatenate(slopes)


def ours(design, target, members, penalty):
    """A function that draws and fits one ensemble, and gives its coefficients."""
    # Each row is a cluster of its own, as in the peer.
    regression = dynamics.ode.Regression(
        design=jnp.array(design)[:, None],
        target=jnp.array(target)[:, None],
        mask=jnp.ones((len(design), 1), bool),
        increments=jnp.ones(len(design)),
    )
    candidates = jnp.ones((target.shape[1], design.shape[1]), bool)
    cluster = np.arange(len(design))

    def once():
        weights = dynamics.ode.draw_counts(jax.random.key(1), cluster, members=members)
        found = dynamics.ode.refit(regression, penalty, candidates, weights)
        return np.asarray(jax.block_until_ready(found))

    return once


def both(design, target, options):
    """Timings of ours and the peer's in turn, and the coefficients of each."""
    penalty = dynamics.STLSQ(options.threshold, options.alpha)
    run = ours(design, target, options.members, penalty)
    if not options.peer_python:
        return in_turn({"ours": run}, options.repeats), run(), None
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, design=design, target=target)
        settings = (source, options.threshold, options.alpha, options.members, out)
        with PeerProcess(options.peer_python, "_pysindy_ensemble.py", *settings) as peer:
            timings = in_turn({"ours": run, "peer": peer.route("fit")}, options.repeats)
            with np.load(out) as found:
                return timings, run(), found["coefficients"]


def run(kind, points, options):
    design, target = rows(kind, points)
    timings, coefficients, peer_coefficients = both(design, target, options)
    mine, peer = timings["ours"], timings.get("peer")
    inclusion = np.mean(coefficients != 0, axis=0)
    row = Row(
        f"{options.members:,} members, {kind} system, {len(design)} points",
        "seconds",
        "PySINDy, EnsembleOptimizer",
        tuple(mine.seconds),
        tuple(peer.seconds) if peer else (),
        compile_s=mine.compile_s,
        our_mb=mine.peak_mb,
        their_mb=peer.peak_mb if peer else None,
    )
    out = {
        "kind": kind,
        "points": points,
        "members": options.members,
        "compile_seconds": mine.compile_s,
        "seconds": row.our_middle,
        "mean_terms": float((coefficients != 0).sum(axis=(1, 2)).mean()),
    }
    if peer:
        theirs = np.mean(peer_coefficients != 0, axis=0)
        mean = (inclusion + theirs) / 2
        error = np.sqrt(np.maximum(mean * (1 - mean), 1 / options.members) * 2 / options.members)
        out["peer_seconds"] = row.their_middle
        out["ratio"] = 1 / median(row.ratios)
        out["inclusion_difference"] = float(np.abs(inclusion - theirs).max())
        out["inclusion_difference_in_errors"] = float((np.abs(inclusion - theirs) / error).max())
    return out, row


def main():
    parser = argparse.ArgumentParser(description="Speed of a bootstrap ensemble of sparse fits")
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--points", type=int, nargs="+", default=[8, 60])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--threshold", type=float, default=0.1)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--peer-python", help="python of an environment with pysindy==2.1.0")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    options = parser.parse_args()
    runs = [run(kind, points, options) for kind in options.kinds for points in options.points]
    found = [figures for figures, _ in runs]
    write_rows(options, [row for _, row in runs])
    if options.json:
        json.dump(found, sys.stdout, indent=1)
        return
    for row in found:
        line = (
            f"{row['kind']} {row['points']:3d} points, {row['members']} members of "
            f"{row['mean_terms']:.1f} terms: {1e3 * row['seconds']:.1f} ms "
            f"(compilation {row['compile_seconds']:.1f} s)"
        )
        if "ratio" in row:
            line += (
                f" | PySINDy {row['peer_seconds']:.2f} s, ratio {row['ratio']:.0f} | inclusion "
                f"differs by at most {row['inclusion_difference']:.3f}, "
                f"{row['inclusion_difference_in_errors']:.1f} standard errors"
            )
        print(line)


if __name__ == "__main__":
    main()
