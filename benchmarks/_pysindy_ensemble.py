"""Run in an environment with PySINDy 2.1: time an ensemble of STLSQ fits.

    python _pysindy_ensemble.py IN.npz THRESHOLD ALPHA MEMBERS OUT.npz

IN holds the library's values `design` and the derivatives `target`; OUT gets `seconds`, of the wall
clock, and `coefficients` of all members.
"""

import sys
import time
import warnings

import numpy as np
import pysindy as ps  # pyright: ignore[reportMissingImports]

warnings.filterwarnings("ignore")


def main(source, threshold, alpha, members, target):
    data = np.load(source)
    np.random.seed(0)  # noqa: NPY002 - what PySINDy draws from
    ensemble = ps.EnsembleOptimizer(
        ps.STLSQ(threshold=float(threshold), alpha=float(alpha)),
        bagging=True,
        n_models=int(members),
    )
    begin = time.perf_counter()
    ensemble.fit(data["design"], data["target"])
    seconds = time.perf_counter() - begin
    np.savez(target, seconds=seconds, coefficients=np.array(ensemble.coef_list))


main(*sys.argv[1:])
