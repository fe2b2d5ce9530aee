"""From the integral form to a matched system: what `fit_ode(method="trajectory")` does."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .._precision import jax_array
from .elimination import restricted
from .estimate import CoefficientEstimate, residual_squares
from .identifiability import Identifiability, identifiability
from .integral import NormalEquations
from .match import Match, MatchProblem, gauss_newton, match
from .members import by_members
from .problem import FitProblem
from .results import RESULTS
from .selection import LEAST_NOISE

#: The solver's estimated step error may be this share of the noise.
_SOLVER_SHARE = 0.1
_MOST_SOLVER_STEPS = 64
#: The noise level sets the weights and the match sets the noise level; twice is enough.
_NOISE_ROUNDS = 2
#: Keeps the noise unit positive when a score is constant.
_LEAST_VARIANCE = 1e-16


def match_support(
    problem: FitProblem, coefficients: Float[Array, "dims terms"], ridge: Float[Array, " terms"]
) -> CoefficientEstimate:
    """Match trajectories with the terms that `coefficients` use, starting from these."""
    matching, normal = problem.match_problem(), problem.normal_equations()
    support = jax_array(np.asarray(coefficients) != 0)
    weights = problem.family_weights
    noise = _residual_noise(normal, coefficients)
    first, at = jax_array(np.asarray(matching.state)[:, 0]), None
    for _ in range(_NOISE_ROUNDS):
        at = _match(matching, coefficients, first, support, noise, weights, ridge)
        coefficients, first = at.coefficients, at.first
        noise = _match_noise(at, support, normal.rows, weights, matching)
    assert at is not None
    return matched_estimate(problem, matching, at, support, noise, ridge, settled=True)


def matched_estimate(
    problem: FitProblem,
    matching: MatchProblem,
    at: Match,
    support: Bool[Array, "dims terms"],
    noise: Float[Array, " dims"],
    ridge: Float[Array, " terms"],
    *,
    settled: bool,
) -> CoefficientEstimate:
    """The estimate of a match, with the solver's error below the noise and a verdict.

    `settled` is whether the choice of terms came to an end.
    """
    weights, increments = problem.family_weights, float(problem.normal_equations().rows)
    matching, at = _refine_solver(matching, at, support, noise, weights, ridge)
    result = RESULTS.successful
    if not (settled and bool(at.converged)):
        result = RESULTS.not_converged
    if not float(at.solver_error) <= _SOLVER_SHARE * np.asarray(noise).min():
        result = RESULTS.stiff
    if not np.isfinite(np.asarray(at.residual)).all():
        result = RESULTS.escaped
    report = _report(matching, at, support, noise, weights, ridge, increments)
    return CoefficientEstimate(at.coefficients, None, at.first, report, result)


def linearised(problem: FitProblem, estimate: CoefficientEstimate) -> NormalEquations:
    """Each family's Gauss-Newton information at a matched estimate, in units of its noise.

    Raises ValueError where the estimate has no residual noise.
    """
    noise = estimate.report.noise
    if estimate.first is None or not (np.asarray(noise) > 0).all():
        raise ValueError("this fit has no residual noise to resample with; see its result")
    matching = problem.match_problem()
    return gauss_newton(matching, estimate.coefficients, estimate.first, noise=noise)


def newton_steps(
    per_family: NormalEquations,
    estimate: CoefficientEstimate,
    ridge: Float[Array, " terms"],
    weights: Float[Array, "members families"],
) -> Float[Array, "members dims terms"]:
    """One Gauss-Newton step from an estimate, its support unchanged, for each row of weights."""
    support = np.asarray(estimate.coefficients) != 0
    diagonal = np.asarray(ridge) / np.asarray(estimate.report.noise)[:, None] ** 2
    found = by_members(
        lambda normal: _newton_steps(normal, support, diagonal.reshape(-1)), per_family, weights
    )
    return jax_array(np.asarray(found).reshape(-1, *support.shape))


@eqx.filter_jit
def _newton_steps(normal, support, diagonal):
    used = support.reshape(-1)

    def one(normal):
        system = restricted(normal.gram + jnp.diag(diagonal), used)
        return jnp.linalg.solve(system, jnp.where(used, normal.moment[:, 0], 0))

    return jax.vmap(one)(normal)


def _match(problem, coefficients, first, support, noise, weights, ridge) -> Match:
    # The penalty's ridge belongs to squares in the state's unit, the match works in noise units.
    scaled = jax_array(np.asarray(ridge) / np.asarray(noise)[:, None] ** 2)
    return match(
        problem, coefficients, first, support, noise=noise, family_weights=weights, ridge=scaled
    )


def _refine_solver(problem, at, support, noise, weights, ridge):
    """More solver steps, and another match, until the solver's error is below the noise."""
    steps = problem.settings.solver_steps
    while (
        float(at.solver_error) > _SOLVER_SHARE * np.asarray(noise).min()
        and steps < _MOST_SOLVER_STEPS
    ):
        steps *= 2
        problem = replace(problem, settings=replace(problem.settings, solver_steps=steps))
        at = _match(problem, at.coefficients, at.first, support, noise, weights, ridge)
    return problem, at


def _residual_noise(normal: NormalEquations, coefficients):
    left = np.maximum(float(normal.rows) - np.sum(np.asarray(coefficients) != 0, axis=1), 1)
    squares = np.asarray(residual_squares(normal, coefficients))
    # Noise-free data still need a unit in which residuals are counted.
    squares = np.maximum(squares, LEAST_NOISE**2 * np.asarray(normal.total))
    return jax_array(np.sqrt(squares / left + _LEAST_VARIANCE))


def _match_noise(at: Match, support, rows, weights, problem):
    square = _squares(at, weights)
    left = np.maximum(float(rows) - np.sum(np.asarray(support), axis=1), 1)
    return jax_array(
        np.maximum(np.sqrt(square / left), LEAST_NOISE * np.std(np.asarray(problem.state)))
    )


def _squares(at: Match, weights: Float[Array, " families"]) -> Float[np.ndarray, " dims"]:
    return np.einsum("fpd,f->d", np.asarray(at.residual) ** 2, np.asarray(weights))


def _report(problem, at, support, noise, weights, ridge, increments) -> Identifiability:
    per_family = gauss_newton(problem, at.coefficients, at.first, noise=noise)
    joint = np.einsum("fpq,f->pq", np.asarray(per_family.gram), np.asarray(weights))
    dims, terms = support.shape
    active = np.asarray(support).ravel()
    own = np.repeat(np.arange(dims), terms)
    grams = []
    for d in range(dims):
        mine, others = own == d, (own != d) & active
        cross = joint[np.ix_(mine, others)]
        # What the data say about this equation once all others are estimated too.
        known = cross @ np.linalg.pinv(joint[np.ix_(others, others)], hermitian=True) @ cross.T
        grams.append((joint[np.ix_(mine, mine)] - known) * float(np.asarray(noise)[d]) ** 2)
    return identifiability(
        grams,
        _squares(at, weights),
        coefficients=np.asarray(at.coefficients),
        support=np.asarray(support),
        ridge=np.asarray(ridge),
        increments=increments,
    )
