"""Any measured system through the libraries and penalties of the capability ODE."""

import jax
import numpy as np

from .._systems.find import Scaling, prepare_series, scaling_of
from .._systems.fit import SystemFit
from .._systems.judged import judged_fit
from .._systems.prepared import Prepared
from .._systems.series import TimeSeries, filled
from .._systems.terms import Term
from .coordinates import Unbounded
from .ensemble import bootstrap
from .library import AbstractLibrary, PolynomialLibrary
from .match import Matching
from .names import FitMethod, Noise
from .ode import fit_trajectories
from .results import RESULTS, result_name
from .sparse import AbstractPenalty
from .trajectories import Trajectories

_FEW, _WINDOWS, _FEWEST_PER_WINDOW = 4, 16, 6


def fit_series(
    series: TimeSeries,
    library: AbstractLibrary | None,
    *,
    penalty: AbstractPenalty,
    method: FitMethod,
    noise: Noise,
    matching: Matching | None,
    members: int,
    seed: int,
) -> SystemFit:
    """A fit of polynomials with a penalty, in units of size 1.

    The integral form regresses on smoothed states, with which errors of the points do not enter the
    regressors; its standard errors would be those of data without noise and are NaN. Fewer than
    four trajectories are cut into up to 16 windows, each a family of its own: so there is something
    to resample, and no window has to answer for all that went before. Raises ValueError for a
    library whose terms are no products of powers.
    """
    library = PolynomialLibrary(2) if library is None else library
    if not isinstance(library, PolynomialLibrary):
        raise ValueError(
            f"{type(library).__name__}: series take polynomials; for other terms fit "
            "Trajectories.from_series(series) with coordinates=Unbounded()"
        )
    scaling = _of_unit_speed(series)
    data = prepare_series(series, scaling)
    factors = library.factors(series.dims)
    terms = tuple(Term(tuple(f.count(i) for i in range(series.dims))) for f in factors)

    def fit(part: Prepared):
        trajectories = _as_trajectories(part, series.names, smooth=method == "integral")
        found = fit_trajectories(
            trajectories, library, penalty=penalty, method=method, noise=noise,
            matching=matching, coordinates=Unbounded(), throw=False,
        )  # fmt: skip
        return trajectories, found

    trajectories, found = fit(data)
    errors = np.asarray(found.identifiability.standard_error)
    inclusion = None
    if members and len(trajectories.families) >= _FEW and found.result == RESULTS.successful:
        ensemble = bootstrap(found, trajectories, key=jax.random.key(seed), members=members)
        inclusion = np.asarray(ensemble.inclusion)
    bad = found.result not in (RESULTS.successful, RESULTS.not_converged, RESULTS.no_term_survived)
    return judged_fit(
        series, scaling, data, terms, np.asarray(found.coefficients),
        refit=lambda part: np.asarray(fit(part)[1].coefficients),
        standard_error=errors if method == "trajectory" else np.full_like(errors, np.nan),
        inclusion=inclusion,
        condition=np.asarray(found.identifiability.condition),
        underdetermined=RESULTS[found.result] if bad else "",
        library=f"polynomial of degree {library.degree}",
        settings={
            "degree": library.degree, "penalty": type(penalty).__name__, "method": method,
            "members": members, "seed": seed, "fit": result_name(found.result),
        },
    )  # fmt: skip


def _of_unit_speed(series: TimeSeries) -> Scaling:
    """States of size 1 that move by about 1 in a unit of time, so that a strength or threshold
    means the same for all systems."""
    scaling = scaling_of(series)
    data = prepare_series(series, scaling)
    grids = [np.linspace(t[0], t[-1], 512) for t in data.times]
    speeds = [np.gradient(p(g), g, axis=0) for p, g in zip(data.paths, grids, strict=True)]
    speed = float(np.sqrt(np.mean(np.concatenate(speeds) ** 2)))
    return Scaling(scaling.states, scaling.time / speed if speed > 0 else scaling.time)


def _as_trajectories(data: Prepared, names: tuple[str, ...], *, smooth: bool) -> Trajectories:
    times, states = [], []
    per = 1 if len(data.times) >= _FEW else -(-_WINDOWS // len(data.times))
    for t, x, path in zip(data.times, data.states, data.paths, strict=True):
        t, x = filled(t, np.where(np.isnan(x) | smooth, path.inside(t), x))
        cut = max(1, min(per, len(t) // _FEWEST_PER_WINDOW))
        for rows in np.array_split(np.arange(len(t)), cut):
            if len(rows) > 1:
                times.append(t[rows])
                states.append(x[rows])
    return Trajectories.from_arrays(times, states, benchmarks=names)
