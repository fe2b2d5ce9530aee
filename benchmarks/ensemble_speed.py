"""A 1,000-member bootstrap ensemble of sparse fits, timed.

    python benchmarks/ensemble_speed.py [--members 1000] [--points 8 60] [--kinds 2d 5d]
        [--threshold 0.1] [--alpha 0.05] [--peer-python PATH] [--json]

Both sides get the same design (monomials of degree 2 at the data points), the same finite
differences, the same threshold and ridge, and resample rows with replacement. Ours: draw the
counts, form all normal equations, fit; best of seven after a first call, whose extra time is the
compilation. The peer, with `--peer-python`: `EnsembleOptimizer(STLSQ(...), bagging=True)` of
PySINDy 2.1 in its own environment on one thread, one run of the same number of members.

The greatest difference of inclusion probabilities is given in its standard errors (both sides have
Monte Carlo error); among the 12 or 105 of a system about 3 are expected.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from _planted import KINDS, planted, terms

jax.config.update("jax_enable_x64", True)

import dynamics  # noqa: E402

_REPEATS = 7


def rows(kind, points):
    """Design and derivatives of all points of a planted system."""
    system = planted(kind, points=points, seed=0)
    design = terms(np.concatenate(system.x))
    slopes = [np.gradient(x, s, axis=0) for s, x in zip(system.s, system.x, strict=True)]
    return design, np.concatenate(slopes)


def ours(design, target, members, penalty):
    # Each row is a cluster of its own, as in the peer.
    regression = dynamics.ode.Regression(
        design=jnp.array(design)[:, None],
        target=jnp.array(target)[:, None],
        mask=jnp.ones((len(design), 1), bool),
        increments=jnp.ones(len(design)),
    )
    candidates = jnp.ones((target.shape[1], design.shape[1]), bool)
    cluster = np.arange(len(design))

    def once(seed):
        begin = time.perf_counter()
        weights = dynamics.ode.draw_counts(jax.random.key(seed), cluster, members=members)
        found = dynamics.ode.refit(regression, penalty, candidates, weights)
        jax.block_until_ready(found)
        return time.perf_counter() - begin, found

    first, _ = once(0)
    times = [once(seed) for seed in range(1, 1 + _REPEATS)]
    best = min(seconds for seconds, _ in times)
    return first - best, best, np.asarray(times[0][1])


def peer(python, design, target, members, threshold, alpha):
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(source, design=design, target=target)
        script = Path(__file__).with_name("_pysindy_ensemble.py")
        settings = [str(threshold), str(alpha), str(members)]
        # One thread: more of them only hinder each other on matrices of this size.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([python, script, source, *settings, out], check=True, env=environment)
        with np.load(out) as found:
            return float(found["seconds"]), found["coefficients"]


def run(kind, points, options):
    design, target = rows(kind, points)
    penalty = dynamics.STLSQ(options.threshold, options.alpha)
    compilation, seconds, coefficients = ours(design, target, options.members, penalty)
    inclusion = np.mean(coefficients != 0, axis=0)
    out = {
        "kind": kind,
        "points": points,
        "members": options.members,
        "compile_seconds": compilation,
        "seconds": seconds,
        "mean_terms": float((coefficients != 0).sum(axis=(1, 2)).mean()),
    }
    if options.peer_python:
        peer_seconds, peer_coefficients = peer(
            options.peer_python, design, target, options.members, options.threshold, options.alpha
        )
        theirs = np.mean(peer_coefficients != 0, axis=0)
        both = (inclusion + theirs) / 2
        error = np.sqrt(np.maximum(both * (1 - both), 1 / options.members) * 2 / options.members)
        out["peer_seconds"] = peer_seconds
        out["ratio"] = peer_seconds / seconds
        out["inclusion_difference"] = float(np.abs(inclusion - theirs).max())
        out["inclusion_difference_in_errors"] = float((np.abs(inclusion - theirs) / error).max())
    return out


def main():
    parser = argparse.ArgumentParser(description="Speed of a bootstrap ensemble of sparse fits")
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--points", type=int, nargs="+", default=[8, 60])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--threshold", type=float, default=0.1)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--peer-python", help="python of an environment with pysindy==2.1.0")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [run(kind, points, options) for kind in options.kinds for points in options.points]
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
