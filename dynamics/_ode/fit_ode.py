"""fit_ode: from score tables, trajectories or time series to a differential equation."""

from collections.abc import Mapping, Sequence
from typing import overload

import numpy as np
from jaxtyping import Array, Bool, Float

from .._precision import in_double_precision
from .._systems.fit import SystemFit, fit_system
from .._systems.limits import CoefficientRange
from .._systems.series import TimeSeries
from .._tables.scores import ScoreTable
from .coordinates import AbstractCoordinates
from .library import AbstractLibrary, PolynomialLibrary
from .match import Matching
from .names import FitMethod, Noise, PenaltyName
from .ode import ODEFit, fit_trajectories, penalty_and_method
from .of_series import fit_series
from .results import RESULTS, DynamicsError
from .sparse import AbstractPenalty
from .trajectories import Trajectories


@overload
def fit_ode(
    data: Trajectories | ScoreTable,
    library: AbstractLibrary | None = None,
    *,
    penalty: AbstractPenalty | PenaltyName | None = None,
    method: FitMethod | None = None,
    coordinates: AbstractCoordinates | None = None,
    benchmarks: Sequence[str] | None = None,
    candidates: Bool[Array | np.ndarray, "dims terms"] | None = None,
    family_weights: Float[Array | np.ndarray, " families"] | None = None,
    noise: Noise = "measurement",
    matching: Matching | None = None,
    throw: bool = True,
) -> ODEFit: ...


@overload
def fit_ode(
    data: TimeSeries,
    library: AbstractLibrary | None = None,
    *,
    penalty: AbstractPenalty | PenaltyName | None = None,
    method: FitMethod | None = None,
    noise: Noise = "measurement",
    matching: Matching | None = None,
    bounds: Mapping[tuple[str, str], CoefficientRange] | None = None,
    members: int = 100,
    seed: int = 0,
    throw: bool = True,
) -> SystemFit: ...


@in_double_precision
def fit_ode(
    data: Trajectories | ScoreTable | TimeSeries,
    library: AbstractLibrary | None = None,
    *,
    penalty: AbstractPenalty | PenaltyName | None = None,
    method: FitMethod | None = None,
    coordinates: AbstractCoordinates | None = None,
    benchmarks: Sequence[str] | None = None,
    candidates: Bool[Array | np.ndarray, "dims terms"] | None = None,
    family_weights: Float[Array | np.ndarray, " families"] | None = None,
    noise: Noise = "measurement",
    matching: Matching | None = None,
    bounds: Mapping[tuple[str, str], CoefficientRange] | None = None,
    members: int = 100,
    seed: int = 0,
    throw: bool = True,
) -> ODEFit | SystemFit:
    """Fit dx/ds = f(x), s = log10 N, to the trajectories of families.

    **Arguments:** `data`, trajectories or a score table (of which `benchmarks` picks the scores);
    `library`, the candidate terms (degree 1 by default); `penalty`, how they are drawn to zero
    (`Ridge()` by default; also by name, as in `penalty="l1"`); `method`, "integral" for the
    integral form (the default, but for TrajectorySelection) or "trajectory" for matching through
    the solver, started from it; `coordinates`, `UnitBox()` by default; `candidates`, which
    terms each equation may use (all by default; the identity pattern gives an uncoupled ODE);
    `family_weights`, how often each family counts (0 leaves it out without a new compilation);
    `noise`, see `integral_form`; `matching`, settings of trajectory matching.

    `data` may also be a `TimeSeries` of any system. Then the time is its own, no box holds the
    states, and the result is a `SystemFit`: by `fit_system` where no `penalty` is given (with its
    `bounds`, `members`, `seed`; of polynomials alone where a `PolynomialLibrary` is given), else by
    the penalty on polynomials (degree 2 by default), whose strength or threshold then refers to
    states in units of their root mean square, and a unit of time in which they move by about 1.

    Computes in 64 bits, whatever JAX is set to: verdicts would depend on the precision.

    **Returns** an `ODEFit`, of a `TimeSeries` a `SystemFit`. **Raises** `DynamicsError` if `throw`
    and the result is not `successful`, ValueError for data or settings that make no sense.

    ```pycon
    >>> from nullcline import dynamics
    >>> table = dynamics.load_table("uniform").select(["Pythia", "OPT"])
    >>> fit = dynamics.fit_ode(
    ...     table,
    ...     dynamics.PolynomialLibrary(degree=1),
    ...     penalty=dynamics.Ridge(),
    ...     benchmarks=("hellaswag", "truthfulqa_mc2"),
    ... )
    >>> fit.equations()[0]
    'd hellaswag/ds = 0.175 - 0.21 hellaswag + 0.336 truthfulqa_mc2'
    >>> dynamics.predict(fit, [0.5, 0.4], start=9.0, log10_n=[9.5, 10.0]).scores.round(2).tolist()
    [[0.6, 0.38], [0.68, 0.36]]

    ```
    """
    if isinstance(data, TimeSeries):
        if not (coordinates is benchmarks is candidates is family_weights is None):
            raise ValueError(
                "coordinates, benchmarks, candidates and family_weights go with Trajectories; fit "
                "Trajectories.from_series(series) with them"
            )
        found = _of_series(data, library, penalty, method, noise, matching, bounds, members, seed)
        if throw and found.result != "successful":
            result = _SYSTEM_RESULTS[found.result]
            raise DynamicsError(f"{RESULTS[result]} Here: {found.reason}.", result, found)
        return found
    if bounds:
        raise ValueError("bounds go with a TimeSeries; leave them out, or name candidates")
    return fit_trajectories(
        data,
        library,
        penalty=penalty,
        method=method,
        coordinates=coordinates,
        benchmarks=benchmarks,
        candidates=candidates,
        family_weights=family_weights,
        noise=noise,
        matching=matching,
        throw=throw,
    )


_SYSTEM_RESULTS = {
    "no_structure_found": RESULTS.no_structure_found,
    "underdetermined": RESULTS.underdetermined,
    "constant_state": RESULTS.constant_scores,
}


def _of_series(
    series, library, penalty, method, noise, matching, bounds, members, seed
) -> SystemFit:
    if penalty is None and method is None:
        plain = isinstance(library, PolynomialLibrary) and library.constant and library.products
        if library is not None and not plain:
            raise ValueError(
                f"{type(library).__name__}: the search takes a PolynomialLibrary with constant and "
                "products, or none; give a penalty too, or fit Trajectories.from_series(series)"
            )
        degree = library.degree if isinstance(library, PolynomialLibrary) else None
        return fit_system(series, degree=degree, bounds=bounds, members=members, seed=seed)
    if bounds:
        raise ValueError("bounds go with the search; leave the penalty out")
    penalty, method = penalty_and_method(penalty, method)
    return fit_series(
        series, library, penalty=penalty, method=method, noise=noise, matching=matching,
        members=members, seed=seed,
    )  # fmt: skip
