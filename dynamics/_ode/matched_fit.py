"""From the integral form to a matched system: what `fit_ode(method="trajectory")` does."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .estimate import Estimate, residual_squares
from .identifiability import Identifiability, identifiability
from .integral import NormalEquations, Regression
from .match import Match, MatchProblem, gauss_newton, match
from .results import RESULTS
from .selection import select
from .sparse import AbstractPenalty, solve
from .subset_search import Criterion

#: The solver's estimated step error may be this share of the noise.
_SOLVER_SHARE = 0.1
_MOST_SOLVER_STEPS = 64
#: The noise level sets the weights and the match sets the noise level; twice is enough.
_NOISE_ROUNDS = 2
#: Keeps the noise unit positive when a score is constant.
_LEAST_VARIANCE = 1e-16


class TrajectorySelection(AbstractPenalty):
    """Terms chosen by what they do to the trajectories, see `dynamics._ode.select`.

    **Arguments:** `gamma`, of the extended Bayesian information criterion: 0 is BIC, 1 also pays
    for the number of candidates; `rounds`, the most of search and matching.

    Needs `fit_ode(..., method="trajectory")`.
    """

    gamma: float = eqx.field(static=True, default=1.0)
    rounds: int = eqx.field(static=True, default=12)

    def __check_init__(self):
        Criterion(self.gamma)
        if self.rounds < 1:
            raise ValueError(f"rounds is {self.rounds}; at least 1")

    def solve(self, normal, candidates):
        raise ValueError('TrajectorySelection needs method="trajectory"')


def fit_matched(
    problem: MatchProblem,
    regression: Regression,
    penalty: AbstractPenalty,
    candidates: Bool[Array, "dims terms"],
    family_weights: Float[Array, " families"],
) -> Estimate:
    """Match trajectories with the terms that the penalty chooses and its ridge."""
    normal = regression.normal_equations(family_weights)
    ridge = penalty.ridge(normal)
    if isinstance(penalty, TrajectorySelection):
        chosen = select(
            problem,
            regression,
            candidates=candidates,
            family_weights=family_weights,
            criterion=Criterion(penalty.gamma),
            rounds=penalty.rounds,
        )
        support, noise, at = chosen.support, chosen.noise, chosen.match
        settled = chosen.settled
    else:
        coefficients = solve(penalty, normal, candidates)
        support, settled = coefficients != 0, True
        noise = _residual_noise(normal, coefficients)
        at = None
        for _ in range(_NOISE_ROUNDS):
            first = problem.state[:, 0] if at is None else at.first
            begin = coefficients if at is None else at.coefficients
            at = _match(problem, begin, first, support, noise, family_weights, ridge)
            noise = _match_noise(at, support, normal.rows, family_weights, problem)
    assert at is not None
    problem, at = _refine_solver(problem, at, support, noise, family_weights, ridge)
    result = RESULTS.successful
    if not (settled and bool(at.converged)):
        result = RESULTS.not_converged
    if not bool(at.solver_error <= _SOLVER_SHARE * jnp.min(noise)):
        result = RESULTS.stiff
    if not bool(jnp.all(jnp.isfinite(at.residual))):
        result = RESULTS.escaped
    report = _report(problem, at, support, noise, family_weights, ridge, float(normal.rows))
    return Estimate(at.coefficients, None, at.first, report, result)


def _match(problem, coefficients, first, support, noise, weights, ridge) -> Match:
    # The penalty's ridge belongs to squares in the state's unit, the match works in noise units.
    scaled = ridge[None, :] / noise[:, None] ** 2
    return match(
        problem, coefficients, first, support, noise=noise, family_weights=weights, ridge=scaled
    )


def _refine_solver(problem, at, support, noise, weights, ridge):
    """More solver steps, and another match, until the solver's error is below the noise."""
    steps = problem.settings.solver_steps
    while at.solver_error > _SOLVER_SHARE * jnp.min(noise) and steps < _MOST_SOLVER_STEPS:
        steps *= 2
        problem = replace(problem, settings=replace(problem.settings, solver_steps=steps))
        at = _match(problem, at.coefficients, at.first, support, noise, weights, ridge)
    return problem, at


def _residual_noise(normal: NormalEquations, coefficients):
    left = jnp.maximum(normal.rows - jnp.sum(coefficients != 0, axis=1), 1)
    squares = residual_squares(normal, coefficients)
    # Noise-free data still need a unit in which residuals are counted.
    return jnp.sqrt(jnp.maximum(squares, 1e-12 * normal.total) / left + _LEAST_VARIANCE)


def _match_noise(at: Match, support, rows, weights, problem):
    square = jnp.einsum("fpd,f->d", at.residual**2, weights)
    left = jnp.maximum(rows - jnp.sum(support, axis=1), 1)
    return jnp.maximum(jnp.sqrt(square / left), 1e-6 * jnp.std(problem.state))


def _report(problem, at, support, noise, weights, ridge, increments) -> Identifiability:
    by_family = gauss_newton(problem, at.coefficients, at.first, noise=noise)
    joint = np.asarray(jnp.einsum("fpq,f->pq", by_family.gram, weights))
    dims, terms = support.shape
    active = np.asarray(support).ravel()
    own = np.repeat(np.arange(dims), terms)
    grams = []
    for d in range(dims):
        mine, others = own == d, (own != d) & active
        cross = joint[np.ix_(mine, others)]
        # What the data say about this equation once all others are estimated too.
        known = cross @ np.linalg.pinv(joint[np.ix_(others, others)], hermitian=True) @ cross.T
        grams.append((joint[np.ix_(mine, mine)] - known) * float(noise[d]) ** 2)
    return identifiability(
        grams,
        np.asarray(jnp.einsum("fpd,f->d", at.residual**2, weights)),
        coefficients=np.asarray(at.coefficients),
        support=np.asarray(support),
        ridge=np.asarray(ridge),
        increments=increments,
    )
