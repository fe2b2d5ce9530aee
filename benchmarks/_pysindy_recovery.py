"""Run in an environment with PySINDy 2.1: fits planted systems with a grid of settings.

    python _pysindy_recovery.py IN.json OUT.json

IN holds a list of systems, each with lists `s` and `x`; OUT gets for each a list of coefficient
matrices, one per setting. Which setting is best is judged by the caller, who knows the truth.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pysindy as ps  # pyright: ignore[reportMissingImports]

warnings.filterwarnings("ignore")

THRESHOLDS = np.geomspace(0.02, 0.6, 10)


def derivatives():
    yield ps.FiniteDifference(order=2)
    for knots in (1e-3, 1e-2, 1e-1):
        yield ps.SINDyDerivative(kind="spline", s=knots)
    yield ps.SINDyDerivative(kind="kalman", alpha=0.05)
    yield ps.SmoothedFiniteDifference(smoother_kws={"window_length": 5})


def optimizers(dims):
    for threshold in THRESHOLDS:
        for alpha in (1e-5, 0.05):
            yield ps.STLSQ(threshold=threshold, alpha=alpha)
        yield ps.STLSQ(threshold=threshold, alpha=1e-5, normalize_columns=True)
        yield ps.SR3(reg_weight_lam=threshold**2 / 2, regularizer="l0", max_iter=200)
    for iterations in (2, 3, 4, 5):
        yield ps.FROLS(max_iter=iterations)
    yield ps.SSR(alpha=1e-5)


def main(source, target):
    systems = json.loads(Path(source).read_text())
    out = []
    for system in systems:
        s = [np.array(row) for row in system["s"]]
        x = [np.array(row) for row in system["x"]]
        found = []
        for derivative in derivatives():
            try:
                slopes = [np.asarray(derivative(xi, si)) for xi, si in zip(x, s, strict=True)]
            except Exception as error:  # a method that cannot take these points
                print(f"{derivative}: {error}", file=sys.stderr)
                continue
            if not all(np.isfinite(slope).all() for slope in slopes):
                continue
            for optimizer in optimizers(x[0].shape[1]):
                model = ps.SINDy(optimizer, feature_library=ps.PolynomialLibrary(degree=2))
                try:
                    model.fit(x, t=s, x_dot=slopes)
                except Exception as error:
                    print(f"{optimizer}: {error}", file=sys.stderr)
                    continue
                found.append(np.asarray(model.coefficients()).tolist())
        out.append(found)
    Path(target).write_text(json.dumps(out))


main(*sys.argv[1:])
