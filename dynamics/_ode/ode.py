"""From trajectories to a differential equation, with what can be said about it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.errors import ConcretizationTypeError
from jaxtyping import Array, Bool, Float

from ...common.checks import check_known
from .._precision import in_double_precision, jax_array
from .._tables.scores import ScoreTable
from .coordinates import AbstractCoordinates, UnitBox
from .estimate import CoefficientEstimate
from .identifiability import Identifiability
from .library import AbstractLibrary, PolynomialLibrary
from .match import Matching
from .names import FitMethod, Noise, PenaltyName
from .padding import pad_rows, padded_size
from .penalties import penalty_of
from .problem import FitProblem, fit_problem
from .results import RESULTS, DynamicsError, result_name
from .sparse import AbstractPenalty
from .trajectories import Trajectories
from .vector_field import CapabilityODE


class ODEFit(eqx.Module):
    """A fitted capability ODE and what is known about it.

    - `ode`: the equations, ready to integrate; `result`: a member of `dynamics.RESULTS`.
    - `support`: which terms each equation uses; `first`: estimated first scores of every family
      of the data (trajectory matching only); `deviations`: each family's own part of the
      coefficients (partial pooling only); `identifiability`: what the data determine.
    - `families`: names of the families it was fitted to (those of weight 0 are not among them).
    - `penalty`, `method`, `noise`, `matching`: the settings that made it.
    """

    ode: CapabilityODE
    result: RESULTS
    support: Bool[Array, "dims terms"]
    first: Float[Array, "families dims"] | None
    deviations: Float[Array, "families dims terms"] | None
    identifiability: Identifiability
    families: tuple[str, ...] = eqx.field(static=True)
    penalty: AbstractPenalty
    method: FitMethod = eqx.field(static=True)
    noise: Noise = eqx.field(static=True)
    matching: Matching

    def __repr__(self) -> str:
        try:
            result, terms = result_name(self.result), int(jnp.sum(self.support))
        except (TypeError, ConcretizationTypeError):  # a batch of fits, or one that is traced
            return super().__repr__()
        return (
            f"ODEFit({result}: {terms} terms of {self.support.size}, {len(self.families)} families)"
        )

    @property
    def coefficients(self) -> Float[Array, "dims terms"]:
        """One row per equation, one column per term; change of the state per decade."""
        return self.ode.coefficients

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms, in the order of the columns."""
        return self.ode.library.names(self.ode.coordinates.names(self.ode.benchmarks))

    @in_double_precision
    def family_ode(self, trajectories: Trajectories, family: str) -> CapabilityODE:
        """The equations of one family of the data: the shared ones with its deviation, if any."""
        index = trajectories.index(family)
        if self.deviations is None:
            return self.ode
        return replace(self.ode, coefficients=self.coefficients + self.deviations[index])

    def equations(self, *, digits: int = 3) -> tuple[str, ...]:
        """One line per equation; look at `result` before believing them."""
        return self.ode.equations(digits=digits)


def fit_trajectories(
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
) -> ODEFit:
    """`fit_ode` of trajectories or a score table, with its arguments."""
    trajectories = as_trajectories(data, benchmarks)
    library = PolynomialLibrary() if library is None else library
    penalty, method = penalty_and_method(penalty, method)
    coordinates = UnitBox() if coordinates is None else coordinates
    allowed, weights = checked_settings(
        trajectories, library, coordinates, candidates, family_weights
    )
    problem = fit_problem(
        trajectories,
        library,
        coordinates,
        method=method,
        noise=noise,
        matching=Matching() if matching is None else matching,
        candidates=allowed,
        family_weights=weights,
    )
    fit = _as_fit(problem, penalty.fit(problem), penalty, noise)
    if throw and fit.result != RESULTS.successful:
        raise DynamicsError(RESULTS[fit.result], fit.result, fit)
    return fit


def penalty_and_method(
    penalty: AbstractPenalty | PenaltyName | None, method: FitMethod | None
) -> tuple[AbstractPenalty, FitMethod]:
    """Defaults filled in; ValueError for an unknown word, and for two that do not go together."""
    if not isinstance(penalty, AbstractPenalty):
        penalty = penalty_of(penalty or "ridge")
    if method is None:
        method = penalty.methods[0]
    check_known("method", (method,), get_args(FitMethod))
    if method not in penalty.methods:
        name, needed = type(penalty).__name__, penalty.methods[0]
        raise ValueError(f'{name} needs method="{needed}"')
    return penalty, method


def _as_fit(
    problem: FitProblem, estimate: CoefficientEstimate, penalty: AbstractPenalty, noise: Noise
) -> ODEFit:
    trajectories, coordinates = problem.trajectories, problem.coordinates
    support = jax_array(np.asarray(estimate.coefficients) != 0)
    used = zip(trajectories.families, np.asarray(problem.family_weights), strict=True)
    return ODEFit(
        ode=CapabilityODE(
            problem.library, estimate.coefficients, coordinates, trajectories.benchmarks
        ),
        result=_verdict(problem, estimate, support),
        support=support,
        first=None if estimate.first is None else _first_scores(coordinates, estimate.first),
        deviations=estimate.deviations,
        identifiability=estimate.report,
        families=tuple(name for name, weight in used if weight > 0),
        penalty=penalty,
        method=problem.method,
        noise=noise,
        matching=problem.matching,
    )


def _first_scores(
    coordinates: AbstractCoordinates, states: Float[Array, "families dims"]
) -> Float[Array, "families dims"]:
    """Scores of the first states, by code for few numbers of families."""
    rows = np.asarray(states)
    padded = pad_rows(rows, padded_size(len(rows), factor=4), copies=True)
    return jax_array(np.asarray(coordinates.scores(jax_array(padded)))[: len(rows)])


def _verdict(
    problem: FitProblem, estimate: CoefficientEstimate, support: Bool[Array, "dims terms"]
) -> RESULTS:
    """What the data allow to say of the fit, the gravest first; else how the fitting ended."""
    moved = np.asarray(problem.normal_equations().total)
    if (moved <= _constant(problem.trajectories)).any():
        return RESULTS.constant_scores
    if estimate.report.underdetermined:
        return RESULTS.underdetermined
    some = np.asarray(support).any(axis=1)
    if not (some | ~np.asarray(problem.candidates).any(axis=1)).all():
        return RESULTS.no_term_survived
    return estimate.result


def as_trajectories(
    data: Trajectories | ScoreTable, benchmarks: Sequence[str] | None
) -> Trajectories:
    """Trajectories of a table, or trajectories as they are."""
    if isinstance(data, Trajectories):
        if benchmarks is not None and tuple(benchmarks) != data.benchmarks:
            raise ValueError("choose benchmarks when making the trajectories, not here")
        return data
    return Trajectories.from_table(data, benchmarks=benchmarks)


def checked_settings(
    trajectories: Trajectories,
    library: AbstractLibrary,
    coordinates: AbstractCoordinates,
    candidates: Bool[Array | np.ndarray, "dims terms"] | None,
    family_weights: Float[Array | np.ndarray, " families"] | None,
) -> tuple[Bool[Array, "dims terms"], Float[Array, " families"]]:
    """Defaults filled in; ValueError for what does not fit together."""
    shape = (trajectories.dims, library.size(trajectories.dims))
    allowed = np.ones(shape, bool) if candidates is None else np.asarray(candidates, bool)
    if allowed.shape != shape:
        raise ValueError(f"candidates have shape {allowed.shape}; the library needs {shape}")
    count = len(trajectories.families)
    weights = np.ones(count) if family_weights is None else np.asarray(family_weights, float)
    if weights.shape != (count,) or (weights < 0).any() or not (weights > 0).any():
        raise ValueError(f"family_weights must be {count} numbers of at least 0, not all 0")
    x = np.asarray(trajectories.x)
    if isinstance(coordinates, UnitBox) and ((x < 0) | (x > 1)).any():
        raise ValueError("values outside 0..1; scores are fractions, else use Unbounded()")
    return jax_array(allowed), jax_array(weights)


def _constant(trajectories: Trajectories) -> float:
    # Rounding of a sum of squares of scores of this size.
    return float(np.finfo(float).eps ** 1.5 * np.sum(np.asarray(trajectories.x) ** 2))
