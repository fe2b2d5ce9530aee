"""Trajectory matching: coefficients and first points for which solutions pass by the data.

Nonlinear least squares through the solver. Every observed score has an error, the first one too,
so each family's true first point is estimated with the coefficients.
"""

from dataclasses import replace
from typing import Literal

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import optimistix as optx
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from .._precision import in_double_precision, jax_array
from .coordinates import AbstractCoordinates
from .integral import NormalEquations
from .library import AbstractLibrary
from .padding import is_traced, pad_rows, padded_size
from .trajectories import Trajectories

#: The library is evaluated no further outside the observed range than this many ranges, so that a
#: trial step with wild coefficients gives a large residual and not a blow-up.
_REACH = 3.0
#: Stands for a residual that the solver did not reach, in units of the noise.
_UNREACHED = 1e3


class Matching(eqx.Module):
    """Settings of trajectory matching.

    - `first_point`: "free" if the first score has an error like any other; "fixed" to start each
      solution at the observed first point.
    - `loss`: "squared", or "robust" (pseudo-Huber: linear beyond about one noise unit times
      `robust_scale`).
    - `tolerance`: relative and absolute tolerance of Levenberg-Marquardt, in noise units and
      coefficients; `steps`: the most it takes; `solver_steps`: steps of the differential equation
      solver between neighbouring sizes.
    """

    first_point: Literal["free", "fixed"] = eqx.field(static=True, default="free")
    loss: Literal["squared", "robust"] = eqx.field(static=True, default="squared")
    robust_scale: float = eqx.field(static=True, default=2.0)
    tolerance: float = eqx.field(static=True, default=1e-4)
    steps: int = eqx.field(static=True, default=40)
    solver_steps: int = eqx.field(static=True, default=4)


class MatchProblem(eqx.Module):
    """Data and model of a matching problem, as arrays; build it with `match_problem`.

    - `s`, `state`, `mask`: sizes, observed state and what counts; `lower`, `upper`: bounds of the
      region in which the library is evaluated.
    """

    s: Float[Array, "families points"]
    state: Float[Array, "families points dims"]
    mask: Bool[Array, "families points"]
    lower: Float[Array, " dims"]
    upper: Float[Array, " dims"]
    library: AbstractLibrary
    settings: Matching = eqx.field(static=True)


class Match(eqx.Module):
    """A matched system.

    - `coefficients`; `first`: estimated first state of each family; `residual`: observed minus
      fitted state, 0 in the padding; `converged`; `steps` taken; `solver_error`, the greatest
      estimated error of one solver step.
    """

    coefficients: Float[Array, "dims terms"]
    first: Float[Array, "families dims"]
    residual: Float[Array, "families points dims"]
    converged: Bool[Array, ""]
    steps: Int[Array, ""]
    solver_error: Float[Array, ""]


@in_double_precision
def match_problem(
    trajectories: Trajectories,
    library: AbstractLibrary,
    coordinates: AbstractCoordinates,
    settings: Matching | None = None,
) -> MatchProblem:
    """The matching problem of some trajectories."""
    state = coordinates.rows(np.asarray(trajectories.x))
    lower, upper = state.min(axis=(0, 1)), state.max(axis=(0, 1))
    reach = _REACH * (upper - lower)
    return MatchProblem(
        s=trajectories.s,
        state=jax_array(state),
        mask=trajectories.mask,
        lower=jax_array(lower - reach),
        upper=jax_array(upper + reach),
        library=library,
        settings=Matching() if settings is None else settings,
    )


@in_double_precision
def match(
    problem: MatchProblem,
    coefficients: Float[Array, "dims terms"],
    first: Float[Array, "families dims"],
    support: Bool[Array, "dims terms"],
    *,
    noise: Float[Array, " dims"],
    family_weights: Float[Array, " families"],
    ridge: Float[Array, "dims terms"],
) -> Match:
    """Match trajectories, starting from `coefficients` and `first`.

    **Arguments:** `support`, which coefficients may differ from 0; `noise`, the unit of each
    equation's residuals (its standard deviation); `family_weights`, how often each family counts;
    `ridge`, the weight of each squared coefficient beside the sum of squared residuals (0 for
    none). All shapes are fixed by the problem, so other supports and weights compile nothing new,
    and the function may be vmapped. Families are padded to 8, 32, 128, ..., sizes to 8, 16, 32, ...
    """
    if is_traced(problem, coefficients, first, support, noise, family_weights, ridge):
        return _match(problem, first, family_weights, coefficients, support, noise, ridge)
    families, points = problem.s.shape
    wide = _padded(problem)
    starts = pad_rows(np.asarray(first), len(wide.s))
    counted = pad_rows(np.asarray(family_weights), len(wide.s))
    found = _match(wide, starts, counted, coefficients, support, noise, ridge)
    return replace(
        found,
        first=jax_array(np.asarray(found.first)[:families]),
        residual=jax_array(np.asarray(found.residual)[:families, :points]),
    )


def _padded(problem: MatchProblem) -> MatchProblem:
    """More families, of which nothing counts, and more points, at the last one's size."""
    families = padded_size(problem.s.shape[0], factor=4)
    points = padded_size(problem.s.shape[1])
    s, state, mask = (np.asarray(v) for v in (problem.s, problem.state, problem.mask))
    s, state = (pad_rows(v, points, axis=1, copies=True) for v in (s, state))
    mask = pad_rows(pad_rows(mask, points, axis=1), families)
    s, state = (pad_rows(v, families, copies=True) for v in (s, state))
    return replace(problem, s=jax_array(s), state=jax_array(state), mask=jax_array(mask))


@eqx.filter_jit
def _match(problem, first, family_weights, coefficients, support, noise, ridge) -> Match:
    settings = problem.settings
    used = support.astype(coefficients.dtype)
    root = jnp.sqrt(family_weights)[:, None, None] * problem.mask[..., None]
    root = root / noise[None, None, :]
    free = settings.first_point == "free"

    def residuals(parameters, _):
        weights, shift = parameters
        start = first + shift * noise[None] if free else problem.state[:, 0]
        path, _ = _paths(weights * used, start, problem=problem)
        scaled = jnp.where(jnp.isfinite(path), problem.state - path, _UNREACHED) * root
        if settings.loss == "robust":
            scaled = _soften(scaled, settings.robust_scale)
        return scaled, jnp.sqrt(ridge) * used * weights

    shift = jnp.zeros_like(first) if free else jnp.zeros_like(first[:0])
    solved = optx.least_squares(
        residuals,
        # Normal equations: the damping keeps them well conditioned, and QR of the tall Jacobian
        # would cost more than all else.
        optx.LevenbergMarquardt(
            rtol=settings.tolerance,
            atol=settings.tolerance,
            linear_solver=lx.Normal(lx.Cholesky()),
        ),
        (coefficients * used, shift),
        max_steps=settings.steps,
        throw=False,
    )
    weights, shift = solved.value
    start = first + shift * noise[None] if free else problem.state[:, 0]
    path, error = _paths(weights * used, start, problem=problem)
    return Match(
        coefficients=weights * used,
        first=start,
        residual=jnp.where(problem.mask[..., None], problem.state - path, 0),
        converged=solved.result == optx.RESULTS.successful,
        steps=solved.stats["num_steps"],
        solver_error=jnp.max(error),
    )


@eqx.filter_custom_jvp
def _paths(coefficients, first, *, problem):
    """The state at the observed sizes, and the greatest estimated error of a solver step."""
    solve = jax.vmap(lambda s, start: _solve(problem, coefficients, s, start))
    return solve(problem.s, first)


@_paths.def_jvp
def _paths_jvp(parameters, tangents, *, problem):
    # The path x_f(s; w, a_f) of family f depends on all coefficients w and its own first point a_f:
    #     dx_f(s) = sum_t (dx_f/dw_t) dw_t + (dx_f/da_f) da_f,
    # where the sensitivities solve the variational equation d/ds (dx/dp) = J dx/dp + df/dp of the
    # same solver steps. They are computed once; then the least-squares solver's many directions
    # (dw, da) cost products, not solves. (The clipping of the state is differentiated with them.)
    of_weights, of_starts = _sensitivities(problem, *parameters)
    weights, starts = tangents
    change = jnp.zeros(problem.state.shape, problem.state.dtype)
    if weights is not None:
        change = change + jnp.einsum("fpdt,t->fpd", of_weights, weights.reshape(-1))
    if starts is not None:
        change = change + jnp.einsum("fpde,fe->fpd", of_starts, starts)
    path, error = _paths(*parameters, problem=problem)
    return (path, error), (change, jnp.zeros_like(error))


def _sensitivities(problem, coefficients, first):
    shape = coefficients.shape

    def one_family(s, start):
        def path(flat, start):
            return _solve(problem, flat.reshape(shape), s, start)[0]

        return jax.jacfwd(path, argnums=(0, 1))(coefficients.reshape(-1), start)

    return jax.vmap(one_family)(problem.s, first)


def _solve(problem, coefficients, s, start):
    """One family's path, by a fixed number of solver steps between neighbouring sizes.

    Fixed steps make the path a smooth function of the coefficients, as least squares wants; the
    solver's own error estimate says whether there are enough of them.
    """

    def field(_, state, coefficients):
        inside = jnp.clip(state, problem.lower, problem.upper)
        return coefficients @ problem.library(inside)

    term, solver = diffrax.ODETerm(field), diffrax.Tsit5(scan_kind="lax")
    count = problem.settings.solver_steps
    parts = jnp.arange(count, dtype=s.dtype) / count

    def interval(state, ends):
        begin, length = ends[0], ends[1] - ends[0]

        def step(carry, part):
            state, memory = carry
            t0 = begin + length * part
            state, error, _, memory, _ = solver.step(
                term, t0, t0 + length / count, state, coefficients, memory, made_jump=False
            )
            return (state, memory), jnp.max(jnp.abs(error))

        memory = solver.init(term, begin, begin + length / count, state, coefficients)
        (state, _), errors = lax.scan(step, (state, memory), parts)
        return state, (state, jnp.max(errors))

    _, (states, errors) = lax.scan(interval, start, jnp.stack([s[:-1], s[1:]], axis=1))
    return jnp.concatenate([start[None], states]), jnp.max(errors)


def _soften(residual, scale):
    # The square of the result is the pseudo-Huber loss, smooth also at 0.
    return residual * jnp.sqrt(2 / (1 + jnp.sqrt(1 + (residual / scale) ** 2)))


@in_double_precision
def gauss_newton(
    problem: MatchProblem,
    coefficients: Float[Array, "dims terms"],
    first: Float[Array, "families dims"],
    *,
    noise: Float[Array, " dims"],
) -> NormalEquations:
    """Each family's Gauss-Newton information on ALL coefficients, its first point profiled out.

    **Returns** normal equations with a leading axis of families, one target, and dims * terms
    columns (equation by equation). Near the given coefficients the weighted sum of squares is that
    of this linear regression, so terms can be added, dropped and swapped without a new solve.
    """
    if is_traced(problem, coefficients, first, noise):
        return _gauss_newton(problem, coefficients, first, noise)
    families, wide = len(problem.s), _padded(problem)
    starts = pad_rows(np.asarray(first), len(wide.s), copies=True)
    normal = _gauss_newton(wide, coefficients, starts, noise)
    return jax.tree.map(lambda values: jax_array(np.asarray(values)[:families]), normal)


@eqx.filter_jit
def _gauss_newton(problem, coefficients, first, noise) -> NormalEquations:
    dims, terms = coefficients.shape
    fixed = problem.settings.first_point == "fixed"
    flat = coefficients.reshape(-1)
    values, _ = _paths(coefficients, first, problem=problem)
    sensitivities = _sensitivities(problem, coefficients, first)

    def one_family(state, mask, value, weights, starts):
        rows = mask[:, None] / noise[None]
        residual = ((state - value) * rows).reshape(-1)
        weights = (weights * rows[..., None]).reshape(-1, dims * terms)
        starts = (starts * rows[..., None]).reshape(-1, dims)
        target = residual + weights @ flat
        if not fixed:
            # min over da of |r - B da - A w|^2 = |P (r - A w)|^2 with P = 1 - Q Q', B = Q R: the
            # first point is profiled out.
            basis, _ = jnp.linalg.qr(starts)
            weights = weights - basis @ (basis.T @ weights)
            target = target - basis @ (basis.T @ target)
        return NormalEquations(
            gram=weights.T @ weights,
            moment=(weights.T @ target)[:, None],
            total=jnp.sum(target**2, keepdims=True),
            rows=(jnp.sum(mask) - 1) * dims * jnp.ones(()),
        )

    return jax.vmap(one_family)(problem.state, problem.mask, values, *sensitivities)
