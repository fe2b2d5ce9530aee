"""Time 10,000 cluster-bootstrap resamples of the pooled fit against a NumPy loop of the same fit.

Both draw the same families: the loop copies the models of the drawn families and fits offsets,
quadratic and two slopes (over the same breaks) to the copies, one least squares after another; the
lean loop fits all breaks of a resample at once. All take turns. Reported: medians of the times,
medians of the ratios turn by turn, the first call apart, the largest difference of the vertices,
peak memory above what was held before. The loops do fewer resamples, and their time is scaled.
"""

import argparse
import json
from statistics import median

import numpy as np
from _side_by_side.measure import in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics
from nullcline.dynamics._phases.critical_bootstrap import _resample, family_sums
from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._statistics.resampling import (
    cluster_weights,
    drawn_families,
    padded_families,
)
from nullcline.dynamics._statistics.threefry import key_of


def loop_vertices(data, weights, breaks, *, centre, scale):
    """The vertices of both curves, one resample after another."""
    members = [np.flatnonzero(data.index == f) for f in range(data.families)]
    vertices = np.full((len(weights), 2), np.nan)
    for row, counts in enumerate(weights.astype(int)):
        drawn = np.repeat(np.arange(data.families), counts)
        models = np.concatenate([members[f] for f in drawn])
        copies = np.repeat(np.arange(drawn.size), [members[f].size for f in drawn])
        size = np.bincount(copies)
        u, y = (data.x[models] - centre) / scale, data.y[models]

        def centred(values, copies=copies, size=size):
            return values - (np.bincount(copies, weights=values) / size)[copies]

        y = centred(y)
        design = np.stack([centred(u), centred(u * u)], axis=1)
        slope, bend = np.linalg.lstsq(design, y, rcond=None)[0]
        vertex = -slope / (2 * bend)
        if bend > 0 and np.min(data.x) < vertex * scale + centre < np.max(data.x):
            vertices[row, 0] = vertex
        best, kept = np.inf, None
        for place in breaks:
            below, above = centred(np.minimum(u - place, 0)), centred(np.maximum(u - place, 0))
            design = np.stack([below, above], axis=1)
            fit, unexplained, rank, _ = np.linalg.lstsq(design, y, rcond=None)
            if rank == 2 and unexplained[0] < best:
                best, kept = unexplained[0], (place, fit)
        if kept is not None and kept[1][0] < 0 < kept[1][1]:
            vertices[row, 1] = kept[0]
    return vertices * scale + centre


def lean_loop_vertices(data, weights, breaks, *, centre, scale):
    """The same, with all breaks of a resample fitted at once by normal equations."""
    members = [np.flatnonzero(data.index == f) for f in range(data.families)]
    vertices = np.full((len(weights), 2), np.nan)
    for row, counts in enumerate(weights.astype(int)):
        drawn = [members[f] for f in np.repeat(np.arange(data.families), counts)]
        models = np.concatenate(drawn)
        size = np.array([m.size for m in drawn])
        starts = np.cumsum(size) - size
        u, y = (data.x[models] - centre) / scale, data.y[models]
        below = np.minimum(u[:, None] - breaks, 0)
        above = np.maximum(u[:, None] - breaks, 0)
        columns = np.hstack([y[:, None], u[:, None], (u * u)[:, None], below, above])
        means = np.add.reduceat(columns, starts) / size[:, None]
        columns = columns - np.repeat(means, size, axis=0)
        y, a, b = columns[:, 0], columns[:, 1], columns[:, 2]
        slope, bend = np.linalg.solve([[a @ a, a @ b], [a @ b, b @ b]], [a @ y, b @ y])
        vertex = -slope / (2 * bend)
        if bend > 0 and np.min(data.x) < vertex * scale + centre < np.max(data.x):
            vertices[row, 0] = vertex
        below, above = columns[:, 3 : 3 + breaks.size], columns[:, 3 + breaks.size :]
        aa, ab, bb = ((p * q).sum(axis=0) for p, q in ((below,) * 2, (below, above), (above,) * 2))
        ay, by = y @ below, y @ above
        determinant = aa * bb - ab * ab
        # A resample may have nothing on one side of a break.
        determinant = np.where(determinant > 1e-12 * aa * bb, determinant, np.nan)
        left = (bb * ay - ab * by) / determinant
        right = (aa * by - ab * ay) / determinant
        best = np.nanargmax(left * ay + right * by)
        if left[best] < 0 < right[best]:
            vertices[row, 1] = breaks[best]
    return vertices * scale + centre


def main():
    parser = argparse.ArgumentParser(description="Time the cluster bootstrap.")
    parser.add_argument("--n-boot", type=int, default=10_000)
    parser.add_argument(
        "--loop", type=int, default=500, help="resamples that the loops do; their time is scaled"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    arguments = parser.parse_args()

    frame = dynamics.load_table("uniform").frame
    data = within_families(
        np.log10(frame["params"].to_numpy(float)),
        frame["truthfulqa_mc2"].to_numpy(float),
        frame["family"].to_numpy(),
    )
    centre, scale = float(np.mean(data.x)), float(np.ptp(data.x)) / 2
    quadratic, segmented, breaks, _ = family_sums(data, centre=centre, scale=scale)
    ends = (np.array([np.min(data.x), np.max(data.x)]) - centre) / scale

    def resample():
        return _resample(0, quadratic, segmented, breaks, ends, n_boot=arguments.n_boot)

    rows = range(min(arguments.loop, arguments.n_boot))
    row_length = padded_families(data.families)
    weights = cluster_weights(
        drawn_families(key_of(0), data.families, rows=rows, row_length=row_length)
    )
    place = {"centre": centre, "scale": scale}
    routes = {
        "ours": resample,
        "NumPy loop": lambda: loop_vertices(data, weights, breaks, **place),
        "lean NumPy loop": lambda: lean_loop_vertices(data, weights, breaks, **place),
    }
    timings = in_turn(routes, arguments.repeats)
    ours = timings["ours"]
    scaled = arguments.n_boot / len(weights)
    rows = [
        Row(
            f"{arguments.n_boot:,} resamples of {data.x.size} models in {data.families} families",
            "seconds",
            name,
            tuple(ours.seconds),
            tuple(scaled * seconds for seconds in timings[name].seconds),
            compile_s=ours.compile_s,
            our_mb=ours.peak_mb,
            their_mb=timings[name].peak_mb,
        )
        for name in ("NumPy loop", "lean NumPy loop")
    ]
    write_rows(arguments, rows)
    drawn, slow, lean = (route() for route in routes.values())
    fast = np.stack(
        [
            np.where(drawn[name][2], drawn[name][0], np.nan)[1:]
            for name in ("quadratic", "segmented")
        ],
        axis=1,
    )[: len(weights)]
    fast = fast * scale + centre
    report = {
        "models": int(data.x.size),
        "families": data.families,
        "n_boot": arguments.n_boot,
        "our_seconds": rows[0].our_middle,
        "first_call_seconds": ours.compile_s,
        "loop_seconds": rows[0].their_middle,
        "lean_loop_seconds": rows[1].their_middle,
        "loop_resamples_timed": len(weights),
        "ratio": 1 / median(rows[0].ratios),
        "ratio_to_lean_loop": 1 / median(rows[1].ratios),
        "largest_difference": float(np.nanmax(np.abs(fast - slow))),
        "largest_difference_lean": float(np.nanmax(np.abs(fast - lean))),
        "same_minimum_or_none": float(np.mean(np.isnan(fast) == np.isnan(slow))),
        "peak_memory_mb": ours.peak_mb,
    }
    if arguments.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name:24s} {value:.6g}" if isinstance(value, float) else f"{name:24s} {value}")


if __name__ == "__main__":
    main()
