"""The mean coupling of families that differ: our random effects beside a mixed model.

    python benchmarks/mixed_model.py [--tables 100] [--repeats 5] [--peer-python PATH]

Planted tables: 20 families of 6 models; each family has a slope of its own about .5, standard
deviation .2, and an offset; `x` is known to half a point, as HellaSwag's score, or to two. Ours
takes every family's slope with known errors in both scores, and combines them (Paule-Mandel,
Hartung-Knapp). The peer, in an environment with statsmodels: `MixedLM` with a random offset and a
random slope, on scores less their family's mean, fitted by REML. It knows of no errors in `x`; with
them its slopes are drawn towards zero. Time is of one table.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from _side_by_side.measure import PeerProcess, in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline.dynamics import phases

FAMILIES, MODELS, MEAN, BETWEEN = 20, 6, 0.5, 0.2
#: Standard error of the truth score, and of the reasoning score in the two kinds of table.
Y_ERROR = 0.015
X_ERRORS = {"x known to half a point": 0.005, "x known to 2 points": 0.02}


def planted(x_error: float, seed: int) -> dict[str, np.ndarray]:
    """Scores (fractions) of one table, "families models"."""
    rng = np.random.default_rng((seed, round(1e6 * x_error)))
    true = np.sort(rng.uniform(0.3, 0.45, (FAMILIES, MODELS)), axis=1)
    slope = rng.normal(MEAN, BETWEEN, (FAMILIES, 1))
    offset = rng.normal(0, 0.05, (FAMILIES, 1))
    y = offset + slope * true + rng.normal(0, Y_ERROR, true.shape)
    return {"x": true + rng.normal(0, x_error, true.shape), "y": y}


def ours(table: dict[str, np.ndarray], x_error: float) -> phases.RandomEffects:
    x_stderr, y_stderr = np.full(MODELS, x_error), np.full(MODELS, Y_ERROR)
    return phases.combine_families(
        [
            phases.errors_in_variables_slope(x, y, x_stderr=x_stderr, y_stderr=y_stderr)
            for x, y in zip(table["x"], table["y"], strict=True)
        ]
    )


def compare(name: str, options: argparse.Namespace) -> list[Row]:
    x_error = X_ERRORS[name]
    tables = [planted(x_error, seed) for seed in range(options.tables)]
    found = [ours(table, x_error) for table in tables]
    means = np.array([one.mean for one in found])
    inside = [one.low <= MEAN <= one.high for one in found]
    their_means, their_inside, timings = (), (), None
    routes = {"ours": lambda: ours(tables[0], x_error)}
    if options.peer_python:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "tables.json")
            lists = [{key: values.tolist() for key, values in one.items()} for one in tables]
            source.write_text(json.dumps(lists))
            with PeerProcess(options.peer_python, "_statsmodels_mixed.py", source) as peer:
                fits = np.array(peer.about["fits"])
                timings = in_turn({**routes, "peer": peer.route("fit")}, options.repeats)
        their_means = tuple(np.abs(fits[:, 0] - MEAN))
        their_inside = tuple((fits[:, 1] <= MEAN) & (fits[:, 2] >= MEAN))
    timings = timings or in_turn(routes, options.repeats)
    work = f"mean of {FAMILIES} families' slopes, {name}"
    peer = "MixedLM"
    one, other = timings["ours"], timings.get("peer")
    return [
        Row(
            work,
            "seconds, one table",
            peer,
            tuple(one.seconds),
            tuple(other.seconds) if other else (),
            our_mb=one.peak_mb,
            their_mb=other.peak_mb if other else None,
        ),
        Row(
            work,
            "error of the mean",
            peer,
            tuple(np.abs(means - MEAN).tolist()),
            tuple(map(float, their_means)),
            pairs="tables",
        ),
        _coverage(work, peer, inside, their_inside),
    ]


def _coverage(work: str, peer: str, inside: list[bool], their_inside: tuple[bool, ...]) -> Row:
    """How far the share of intervals of 95 % that hold the mean is from .95."""
    shares = [float(np.mean(some)) for some in (inside, their_inside) if len(some)]
    said = "".join(f", {who} {v:.2f}" for who, v in zip(("ours", "theirs"), shares, strict=False))
    apart = [(abs(share - 0.95),) for share in shares]
    return Row(work, f"coverage off .95{said}", peer, *apart, pairs="all tables")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer-python", help="python of an environment with statsmodels")
    add_rows_option(parser)
    options = parser.parse_args()
    rows = [row for name in X_ERRORS for row in compare(name, options)]
    write_rows(options, rows)
    for row in rows:
        theirs = f", {row.peer} {row.their_middle:.4g}" if row.theirs else ""
        print(f"{row.work}: {row.measured}: ours {row.our_middle:.4g}{theirs}")


if __name__ == "__main__":
    main()
