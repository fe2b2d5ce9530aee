"""Run in an environment with PySINDy 2.1: an ensemble of STLSQ fits, once for each line of stdin.

    python _pysindy_ensemble.py IN.npz THRESHOLD ALPHA MEMBERS OUT.npz

IN holds the library's values `design` and the derivatives `target`; OUT gets the `coefficients` of
all members.
"""

import sys
import warnings

import numpy as np
import pysindy as ps  # pyright: ignore[reportMissingImports]
from _side_by_side.measure import serve_turns

warnings.filterwarnings("ignore")


def main(source, threshold, alpha, members, target):
    data = np.load(source)
    np.random.seed(0)  # noqa: NPY002 - what PySINDy draws from

    def fit():
        ensemble = ps.EnsembleOptimizer(
            ps.STLSQ(threshold=float(threshold), alpha=float(alpha)),
            bagging=True,
            n_models=int(members),
        )
        ensemble.fit(data["design"], data["target"])
        np.savez(target, coefficients=np.array(ensemble.coef_list))

    serve_turns({"fit": fit}, {})


main(*sys.argv[1:])
