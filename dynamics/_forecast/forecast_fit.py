"""Fit one linear system to whole trajectories: Gauss-Newton with exact sensitivities.

The state is the log odds z of the scores over a floor, time is a clock of the size, the system is
dz/dt = b + A z, or b + c u + A z with a constant input u of the family. Each family is predicted
from its smallest model to all larger ones, and what is compared are scores, with a loss that grows
linearly for large errors (Huber 1964, Annals of Mathematical Statistics 35, 73-101), each family
counting once. The normal matrices are stored per family, so the fit without some families is one
Newton step away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit, logit

from .._ode.coordinates import LogOdds
from .._tables.benchmarks import benchmark
from .linear_flow import linear_flow, linear_flow_sensitivity
from .protocol import CohortFamily

Coupling = Literal["full", "reasoning", "own"]

#: How near (as a share of the range) a score may come to its floor or to 1.
_EDGE = 0.01
#: Errors beyond this (a fraction of the scale) count linearly.
_HUBER = 0.05
#: The constants are drawn to zero this much less than the couplings.
_CONSTANT_SHARE = 0.01
#: The size at which the clock runs at one unit per decade, log10.
_CLOCK_ORIGIN = 9.5
#: Ridge of the first guess in mean squares of its terms: it needs to be near, not unbiased.
_GUESS_RIDGE = 0.01
#: Levenberg-Marquardt: damping of the first step, its factor after a step that fails (and the
#: inverse after one that does not), the least there is, and tries before a step is given up.
_DAMPING, _DAMPING_FACTOR, _LEAST_DAMPING, _TRIES = 1e-3, 8, 1e-9, 8
#: Keeps a diagonal and a divisor from being zero.
_POSITIVE = 1e-12
#: Groups that are left out in one batch, so that the memory for it does not grow with their number.
_CHUNK = 128
#: Rows of a block of a sum of products.
_ROWS = 160


@dataclass(frozen=True)
class ForecastSetting:
    """One way to write and to fit the system.

    - `chance_share`: the floor of a benchmark as a share of its chance level.
    - `clock`: exponent a of the clock (1 - (N / 10^9.5)^-a) / (a ln 10); 0 is log10 N itself, a
      positive one runs slower for larger models, as power laws of the loss do.
    - `ridge`: weight of the squared couplings beside the families' mean squared errors.
    - `dropped`: share of all coefficients that backward elimination removes.
    - `coupling`: which scores may drive which: `full`, `own` (none but itself) or `reasoning`
      (itself and the reasoning score).
    """

    chance_share: float = 0.8
    clock: float = 0.05
    ridge: float = 1e-3
    dropped: float = 0.0
    coupling: Coupling = "full"

    def time(self, log10_n: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The clock at a size."""
        decades = np.asarray(log10_n, float) - _CLOCK_ORIGIN
        if self.clock == 0:
            return decades
        return -np.expm1(-self.clock * np.log(10) * decades) / (self.clock * np.log(10))

    def coordinates(self, benchmarks: Sequence[str]) -> LogOdds:
        """The log odds over a floor that the system is written in.

        TruthfulQA has the floor 0: models fall below what the smallest ones score.
        """
        return LogOdds(
            floor=tuple(
                0.0 if name.startswith("truthfulqa") else self.chance_share * benchmark(name).chance
                for name in benchmarks
            ),
            edge=_EDGE,
        )


@dataclass(frozen=True)
class Shooting:
    """All that a fit needs to know of the families: from where, for how long, to what.

    Rows are (family, larger model) pairs in the order of the families. `start` has a leading 1 for
    the constants, then the family's inputs. `weight` is 0, and `target` any number, where a score
    is missing; within a family the other weights sum to the number of benchmarks.
    """

    start: Float[np.ndarray, "pairs order"]
    duration: Float[np.ndarray, " pairs"]
    target: Float[np.ndarray, "pairs benchmarks"]
    weight: Float[np.ndarray, "pairs benchmarks"]
    first: tuple[int, ...]
    floor: Float[np.ndarray, " benchmarks"]

    @classmethod
    def from_families(
        cls, families: Sequence[CohortFamily], benchmarks: Sequence[str], setting: ForecastSetting
    ) -> "Shooting":
        """Pairs of each family's smallest model with each of its larger ones."""
        floor = np.array(setting.coordinates(benchmarks).floor)
        larger = [len(family.models) - 1 for family in families]
        state = to_state(np.concatenate([family.scores[:1] for family in families]), floor)
        start = with_constant(state, np.stack([family.inputs for family in families]))
        times = [setting.time(family.log10_n) for family in families]
        there = [~np.isnan(family.scores[1:]) for family in families]
        target = np.concatenate([family.scores[1:] for family in families])
        return cls(
            start=np.repeat(start, larger, axis=0),
            duration=np.concatenate([time[1:] - time[0] for time in times]),
            target=np.where(np.isnan(target), 0.5, target),
            weight=np.concatenate([each * (each.shape[1] / each.sum()) for each in there]),
            first=tuple(np.cumsum([0, *larger[:-1]]).tolist()),
            floor=floor,
        )

    @property
    def inputs(self) -> int:
        """How many constant inputs there are beside the 1."""
        return self.start.shape[1] - 1 - self.target.shape[1]


@dataclass(frozen=True)
class Normal:
    """Gradient and Gauss-Newton curvature of each family's loss, and the value of their sum."""

    gradient: Float[np.ndarray, "families coefficients"]
    curvature: Float[np.ndarray, "families coefficients coefficients"]


def to_state(
    scores: Float[np.ndarray, "models benchmarks"], floor: Float[np.ndarray, " benchmarks"]
) -> Float[np.ndarray, "models benchmarks"]:
    """`LogOdds.state` in 64 bits whatever the setting."""
    return logit(np.clip((scores - floor) / (1 - floor), _EDGE, 1 - _EDGE))


def to_scores(
    state: Float[np.ndarray, "models benchmarks"], floor: Float[np.ndarray, " benchmarks"]
) -> Float[np.ndarray, "models benchmarks"]:
    """`LogOdds.scores` in 64 bits whatever the setting."""
    return floor + (1 - floor) * expit(state)


def with_constant(
    state: Float[np.ndarray, "models benchmarks"],
    inputs: Float[np.ndarray, "*models inputs"] | None = None,
) -> np.ndarray:
    """States with a leading 1 and the inputs, whose rate of change is 0."""
    first = 1 if inputs is None else 1 + inputs.shape[-1]
    found = np.ones((len(state), first + state.shape[1]))
    if inputs is not None:
        found[:, 1:first] = inputs
    found[:, first:] = state
    return found


def system_matrix(drift: Float[np.ndarray, "*batch benchmarks order"]) -> np.ndarray:
    """The square matrix of (1, u, z)' = M (1, u, z)."""
    *batch, dims, order = drift.shape
    return np.concatenate([np.zeros((*batch, order - dims, order)), drift], axis=-2)


def at_inputs(
    drift: Float[np.ndarray, "*batch benchmarks order"], inputs: Float[np.ndarray, " inputs"]
) -> Float[np.ndarray, "*batch benchmarks _"]:
    """The coefficients of (1, z) for a family of these inputs: b + c u is its constant.

    Raises ValueError where the system has inputs and the family none, or the other way round.
    """
    first = drift.shape[-1] - drift.shape[-2]
    if len(inputs) != first - 1:
        wants = "with" if first > 1 else "without"
        raise ValueError(f"the forecaster was fitted {wants} tokens; give tokens only if it was")
    if first == 1:
        return drift
    constant = drift[..., :1] + (drift[..., 1:first] @ inputs)[..., None]
    return np.concatenate([constant, drift[..., first:]], axis=-1)


def allowed_terms(
    coupling: Coupling, benchmarks: Sequence[str], inputs: int = 0
) -> Bool[np.ndarray, "_ _"]:
    """Which coefficients may differ from zero; columns are the constant, the inputs, then the
    benchmarks."""
    dims, first = len(benchmarks), 1 + inputs
    allowed = np.ones((dims, first + dims), bool)
    if coupling != "full":
        allowed[:, first:] = np.eye(dims, dtype=bool)
    if coupling == "reasoning":
        allowed[:, first + reasoning_index(benchmarks)] = True
    return allowed


def reasoning_index(benchmarks: Sequence[str]) -> int:
    """The index of HellaSwag, or 0 where it is not among the benchmarks."""
    return benchmarks.index("hellaswag") if "hellaswag" in benchmarks else 0


def penalty_weights(
    setting: ForecastSetting, dims: int, inputs: int = 0
) -> Float[np.ndarray, " coefficients"]:
    """The ridge on each coefficient."""
    weights = np.full((dims, 1 + inputs + dims), setting.ridge)
    weights[:, 0] *= _CONSTANT_SHARE
    return weights.ravel()


def first_guess(
    shooting: Shooting, families: Float[np.ndarray, " families"]
) -> Float[np.ndarray, "benchmarks order"]:
    """Least squares of the changes of state on the mean state times the duration."""
    end = to_state(shooting.target, shooting.floor)
    constant, begin = np.split(shooting.start, [1 + shooting.inputs], axis=1)
    middle = np.hstack([constant, (begin + end) / 2]) * shooting.duration[:, None]
    # Pairs that lack a score are left out of the guess, unless all do.
    whole = (shooting.weight > 0).all(axis=1) | ~(shooting.weight > 0).all(axis=1).any()
    weight = shooting.weight.mean(axis=1) * whole * _per_pair(shooting, families)
    weight = weight[:, None]
    gram = middle.T @ (weight * middle)
    change = middle.T @ (weight * (end - begin))
    # z(end) - z(start) = integral of (b + A z) ds, about (b + A (z(start) + z(end)) / 2) times the
    # duration: linear in b and A.
    tame = _GUESS_RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.linalg.solve(gram + tame, change).T


def gauss_newton(
    shooting: Shooting,
    guess: Float[np.ndarray, "benchmarks order"],
    *,
    families: Float[np.ndarray, " families"],
    penalty: Float[np.ndarray, " coefficients"],
    active: Bool[np.ndarray, "benchmarks order"],
    max_steps: int = 30,
    rtol: float = 1e-5,
) -> Float[np.ndarray, "benchmarks order"]:
    """Coefficients that minimise the families' robust losses plus the ridge.

    **Arguments:** `guess`, where to start; `families`, how often each counts; `penalty`, the ridge
    by coefficient; `active`, which coefficients may differ from 0; `rtol`, the relative fall of the
    objective at which it stops. Levenberg-Marquardt damping keeps every step downhill.
    """
    # Not optimistix's: that reaches the same objective (to six digits) in 8.4 s a fit where this
    # takes 0.05 s (benchmarks/forecast_solver.py, two busy cores), since the flow's closed form
    # gives all sensitivities at once. Stops elsewhere: predicted scores move by up to 0.1 points.
    drift = np.where(active, guess, 0.0)
    indices = np.flatnonzero(active)
    value, damping = _objective(shooting, drift, families, penalty), _DAMPING
    for _ in range(max_steps):
        gradient, curvature = _summed(shooting, drift, families)
        gradient = (gradient + penalty * drift.ravel())[indices]
        curvature = (curvature + np.diag(penalty))[np.ix_(indices, indices)]
        before = value
        for _ in range(_TRIES):
            damped = curvature + damping * np.diag(np.diagonal(curvature) + _POSITIVE)
            trial = drift.copy()
            trial.flat[indices] -= np.linalg.solve(damped, gradient)
            value = _objective(shooting, trial, families, penalty)
            if value < before:
                break
            damping *= _DAMPING_FACTOR
        else:
            return drift
        drift, damping = trial, max(damping / _DAMPING_FACTOR, _LEAST_DAMPING)
        if before - value < rtol * before:
            break
    return drift


def normal_equations(shooting: Shooting, drift: Float[np.ndarray, "benchmarks order"]) -> Normal:
    """Gradient and curvature of every family's loss at `drift`, without the ridge."""
    jacobian, weight, residual = _linearised(shooting, drift)
    weighted = jacobian * weight[:, :, None]
    counts = np.diff([*shooting.first, len(shooting.duration)])
    terms = drift.size
    gradient = np.empty((len(counts), terms))
    curvature = np.empty((len(counts), terms, terms))
    # Families with equally many models form one batch of products.
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        rows = np.asarray(shooting.first)[chosen][:, None] + np.arange(count)
        across = np.swapaxes(weighted[rows].reshape(len(chosen), -1, terms), 1, 2)
        gradient[chosen] = (across @ residual[rows].reshape(len(chosen), -1, 1))[:, :, 0]
        curvature[chosen] = across @ jacobian[rows].reshape(len(chosen), -1, terms)
    return Normal(gradient, curvature)


def _summed(
    shooting: Shooting,
    drift: Float[np.ndarray, "benchmarks order"],
    families: Float[np.ndarray, " families"],
) -> tuple[Float[np.ndarray, " coefficients"], Float[np.ndarray, "coefficients coefficients"]]:
    """The sums of `normal_equations` over the families, none of which is held by itself."""
    jacobian, weight, residual = _linearised(shooting, drift)
    weight = weight * _per_pair(shooting, families)[:, None]
    weighted = (jacobian * weight[:, :, None]).reshape(-1, drift.size)
    # In blocks of rows: one large product would be spread over threads, which at this width costs
    # more than it saves.
    jacobian = jacobian.reshape(-1, drift.size)
    curvature = np.zeros((drift.size, drift.size))
    for first in range(0, len(weighted), _ROWS):
        rows = slice(first, first + _ROWS)
        curvature += weighted[rows].T @ jacobian[rows]
    return residual.reshape(-1) @ weighted, curvature


def _linearised(
    shooting: Shooting, drift: Float[np.ndarray, "benchmarks order"]
) -> tuple[
    Float[np.ndarray, "pairs benchmarks coefficients"],
    Float[np.ndarray, "pairs benchmarks"],
    Float[np.ndarray, "pairs benchmarks"],
]:
    """Derivatives of the predicted scores, the weights of iteratively reweighted least squares,
    and the residuals."""
    end, sensitivity = linear_flow_sensitivity(
        system_matrix(drift), shooting.start, shooting.duration
    )
    first = 1 + shooting.inputs
    share = expit(end[:, first:])
    slope = (1 - shooting.floor) * share * (1 - share)
    residual = shooting.floor + (1 - shooting.floor) * share - shooting.target
    jacobian = (sensitivity[:, first:, first:] * slope[:, :, None, None]).reshape(*slope.shape, -1)
    # The loss is sum of w rho(r) with Huber's rho: rho'(r) = psi r, psi = min(1, k / |r|). So its
    # gradient is J'(w psi r), and J'(w psi J), that of iteratively reweighted least squares, is a
    # curvature that is never negative.
    robust = np.minimum(1, _HUBER / np.maximum(np.abs(residual), _POSITIVE))
    return jacobian, shooting.weight * robust, residual


def without(
    drift: Float[np.ndarray, "benchmarks order"],
    normal: Normal,
    *,
    groups: Sequence[Sequence[int]],
    penalty: Float[np.ndarray, " coefficients"],
    active: Bool[np.ndarray, "benchmarks order"],
    dropped: int = 0,
) -> Float[np.ndarray, "groups benchmarks order"]:
    """Fits without each group of families, by one Newton step from the fit `drift` to all.

    This is the approximate jackknife. `dropped` coefficients are then removed by `eliminate`,
    within the families of that fit only.
    """
    # Without some families the gradient at `drift` is g = the sum of the others' gradients +
    # penalty drift, not 0, and the minimum of the quadratic model lies at drift - H^-1 g. The sums
    # of the others are those of all less the group's: so the cost grows as the families do.
    indices = np.flatnonzero(active)
    result = np.zeros((len(groups), drift.size))
    gradient = normal.gradient.sum(axis=0) + penalty * drift.ravel()
    curvature = normal.curvature.sum(axis=0) + np.diag(penalty)
    for first in range(0, len(groups), _CHUNK):
        part = [list(group) for group in groups[first : first + _CHUNK]]
        slopes = np.stack([gradient - normal.gradient[g].sum(axis=0) for g in part])
        matrices = np.stack([curvature - normal.curvature[g].sum(axis=0) for g in part])
        inverse = np.linalg.inv(matrices[:, indices[:, None], indices])
        steps = (inverse @ slopes[:, indices, None])[:, :, 0]
        values = drift.ravel()[indices] - steps
        if dropped:
            values, _ = eliminate(values, inverse, dropped)
        result[first : first + _CHUNK, indices] = values
    return result.reshape(len(groups), *drift.shape)


def eliminate(
    values: Float[np.ndarray, "groups coefficients"],
    covariance: Float[np.ndarray, "groups coefficients coefficients"],
    count: int,
) -> tuple[Float[np.ndarray, "groups coefficients"], Bool[np.ndarray, "groups coefficients"]]:
    """Backward elimination: `count` times set to 0 what raises the quadratic loss least.

    The others move along, as a refit of the quadratic would move them. Returns the values and
    which were retained.
    """
    # Minimum of (w - v)'C^-1 (w - v) under w_j = 0:  w = v - C_.j v_j / C_jj, at a loss of
    # v_j^2 / C_jj. The covariance of what remains is C - C_.j C_j. / C_jj.
    values, covariance = values.copy(), covariance.copy()
    retained, rows = np.ones(values.shape, bool), np.arange(len(values))
    for _ in range(count):
        variance = np.where(retained, np.diagonal(covariance, axis1=1, axis2=2), 1.0)
        worst = np.argmin(np.where(retained, values**2 / variance, np.inf), axis=1)
        column = covariance[rows, :, worst]
        share = column / variance[rows, worst][:, None]
        values -= share * values[rows, worst][:, None]
        covariance -= share[:, :, None] * column[:, None, :]
        retained[rows, worst] = False
        values[~retained] = 0
    return values, retained


def drop_terms(
    shooting: Shooting,
    drift: Float[np.ndarray, "benchmarks order"],
    *,
    families: Float[np.ndarray, " families"],
    penalty: Float[np.ndarray, " coefficients"],
    active: Bool[np.ndarray, "benchmarks order"],
    count: int,
) -> Float[np.ndarray, "benchmarks order"]:
    """Backward elimination of `count` coefficients at a fit, then a refit of the others."""
    if count == 0:
        return drift
    indices = np.flatnonzero(active)
    _, curvature = _summed(shooting, drift, families)
    inverse = np.linalg.inv((curvature + np.diag(penalty))[np.ix_(indices, indices)])
    values, retained = eliminate(drift.ravel()[None, indices], inverse[None], count)
    sparse, allowed = np.zeros(drift.size), np.zeros(drift.size, bool)
    sparse[indices], allowed[indices] = values[0], retained[0]
    return gauss_newton(
        shooting,
        sparse.reshape(drift.shape),
        families=families,
        penalty=penalty,
        active=allowed.reshape(drift.shape),
    )


def _objective(shooting, drift, families, penalty) -> float:
    end = linear_flow(system_matrix(drift)[None], shooting.start, shooting.duration)
    scores = to_scores(end[:, 1 + shooting.inputs :], shooting.floor)
    size = np.abs(scores - shooting.target)
    loss = np.where(size < _HUBER, size**2 / 2, _HUBER * (size - _HUBER / 2))
    total = np.sum((shooting.weight * loss).sum(axis=1) * _per_pair(shooting, families))
    return float(total + penalty @ drift.ravel() ** 2 / 2)


def _per_pair(shooting: Shooting, families: np.ndarray) -> np.ndarray:
    counts = np.diff([*shooting.first, len(shooting.duration)])
    return np.repeat(families, counts)
