"""Run in an environment with PySINDy 2.1: STLSQ, SR3, an ensemble and the weak form.

    python _pysindy_odebench.py IN.json OUT.json

IN holds a list of {t, x}; OUT gets for each a dict method -> {powers, coefficients, seconds}.
Each method is tried with polynomials of degree 2 and 3 and a grid of thresholds; the setting whose
equations, integrated from the first measured point, come nearest to the measured points is kept,
as the paper did for its own SINDy. `stlsq, default` is PySINDy as it comes.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pysindy as ps  # pyright: ignore[reportMissingImports]
from scipy.integrate import solve_ivp

warnings.filterwarnings("ignore")

THRESHOLDS = (0.05, 0.1, 0.15)  # those of the paper's own grid


def optimizers(name):
    for threshold in THRESHOLDS[1:2] if name == "ensemble" else THRESHOLDS:
        if name == "sr3":
            yield ps.SR3(reg_weight_lam=threshold**2 / 2, regularizer="l0", max_iter=200)
        elif name == "ensemble":
            yield ps.EnsembleOptimizer(ps.STLSQ(threshold=threshold), bagging=True, n_models=20)
        else:
            yield ps.STLSQ(threshold=threshold)


def derivatives(t, x):
    yield np.asarray(ps.FiniteDifference(order=2)(x, t))
    for window in (15, 51):
        made = ps.SmoothedFiniteDifference(smoother_kws={"window_length": window})
        yield np.asarray(made(x, t))


def fits(name, t, x):
    """Coefficients and powers of one method at each of its settings."""
    dims = x.shape[1]
    for degree in (2, 3):
        library = ps.PolynomialLibrary(degree=degree)
        library.fit(x)
        powers = np.array(library.powers_)
        if name == "weak":
            for threshold in THRESHOLDS:
                weak = ps.WeakPDELibrary(
                    ps.PolynomialLibrary(degree=degree, include_bias=True),
                    spatiotemporal_grid=t, K=100,
                )  # fmt: skip
                model = ps.SINDy(ps.STLSQ(threshold=threshold), feature_library=weak)
                yield from _tried(model, x, t, None, powers, dims)
            continue
        for slopes in derivatives(t, x):
            for optimizer in optimizers(name):
                model = ps.SINDy(optimizer, feature_library=ps.PolynomialLibrary(degree=degree))
                yield from _tried(model, x, t, slopes, powers, dims)


def _tried(model, x, t, slopes, powers, dims):
    np.random.seed(0)  # noqa: NPY002 - what PySINDy draws from
    try:
        model.fit(x, t=t, x_dot=slopes)
        weights = np.asarray(model.coefficients())
    except Exception as error:  # a method that cannot take these points
        print(error, file=sys.stderr)
        return
    if weights.shape == (dims, len(powers)) and np.isfinite(weights).all():
        yield powers, weights


def miss(powers, weights, t, x):
    """Squared distance of the solution from the first point to the points."""

    def escaped(_, state):
        return 1e6 - np.abs(state).max()

    escaped.terminal = True
    begin = time.process_time()

    def field(_, state):
        if time.process_time() - begin > 1:
            raise ValueError("too stiff")
        return weights @ np.prod(state[None] ** powers, axis=1)

    try:
        with np.errstate(all="ignore"):
            found = solve_ivp(
                field, (t[0], t[-1]), x[0], t_eval=t, method="LSODA", rtol=1e-5, events=escaped
            ).y.T
    except ValueError:
        return np.inf
    if len(found) < len(t) or not np.isfinite(found).all():
        return np.inf
    return float(((found - x) ** 2).sum())


def as_it_comes(t, x):
    model = ps.SINDy()
    model.fit(x, t=t)
    library = ps.PolynomialLibrary(degree=2)
    library.fit(x)
    return np.array(library.powers_), np.asarray(model.coefficients())


def best(name, t, x):
    if name == "stlsq, default":
        return as_it_comes(t, x)
    found, least = None, np.inf
    for powers, weights in fits(name, t, x):
        distance = miss(powers, weights, t, x)
        if found is None or distance < least:
            found, least = (powers, weights), distance
    return found


def main(source, target):
    out = []
    for one in json.loads(Path(source).read_text()):
        t, x, answer = np.array(one["t"]), np.array(one["x"]), {}
        for name in ("stlsq, default", "stlsq", "sr3", "ensemble", "weak"):
            begin = time.process_time()
            found = best(name, t, x)
            if found is None:
                found = np.zeros((1, x.shape[1]), int), np.zeros((x.shape[1], 1))
            answer["PySINDy " + name] = {
                "powers": found[0].tolist(),
                "coefficients": found[1].tolist(),
                "seconds": time.process_time() - begin,
            }
        out.append(answer)
    Path(target).write_text(json.dumps(out))


main(*sys.argv[1:])
