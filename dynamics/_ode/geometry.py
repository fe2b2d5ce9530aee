"""Where the tax ends and where the dynamics rest: nullclines, fixed points, their stability."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from jaxtyping import Array, Bool, Complex, Float

from ...common.checks import check_known
from .._precision import in_double_precision, jax_array
from .coordinates import LogOdds, Unbounded, UnitBox
from .vector_field import CapabilityODE, linear_system, nameless

#: Two roots nearer than this are one; a score matters to about a tenth of a percentage point.
_SAME = 1e-4
#: An eigenvalue this near to 0, per decade, has no sign that data could tell.
_STILL = 1e-8
#: Newton's tolerance on the state, and how fast (per decade) a state may move that counts as a
#: root: looser, because a nearly singular Jacobian stops the iteration early.
_TOLERANCE, _AT_REST = 1e-10, 1e-6
_MOST_STEPS = 64
#: Roots farther than this are no capabilities: states of interest are below about 6 (log odds).
_FAR = 1e3
#: Above this condition of the Jacobian a root belongs to a line of roots; 1e10 leaves 6 digits.
_SINGULAR = 1e10

Stability = Literal["stable", "unstable", "saddle", "undecided"]


class FixedPoint(eqx.Module):
    """A state at which nothing changes.

    - `x`: scores there; `eigenvalues`: of the Jacobian of dx/ds, per decade; `stability`: "stable"
      if all real parts are negative, "unstable" if all are positive, "saddle" if both occur,
      "undecided" if one is 0; `inside`: whether all scores lie in 0..1; `oscillates`: whether a
      pair of eigenvalues is complex, so that scores wind around the point.
    """

    x: Float[Array, " dims"]
    eigenvalues: Complex[Array, " dims"]
    stability: Stability = eqx.field(static=True)
    inside: bool = eqx.field(static=True)
    oscillates: bool = eqx.field(static=True)


@in_double_precision
def fixed_points(ode: CapabilityODE, *, starts: int = 64, seed: int = 0) -> tuple[FixedPoint, ...]:
    """Fixed points reached by Newton's method from `starts` points spread over the unit box.

    They are looked for in the box and around it (a root outside is reported with `inside=False`).
    For systems of more than degree 1 some may be missed. A linear system has exactly one unless its
    matrix is singular, and then none is reported.
    """
    linear = linear_system(ode)
    if linear is not None:
        return _linear_fixed_point(ode, *linear)
    dims = len(ode.benchmarks)
    draws = np.random.default_rng(seed).uniform(0.02, 0.98, (starts, dims))
    states = ode.coordinates.state(jnp.asarray(draws))
    ends, solved = _roots(ode, states)
    roots: list[np.ndarray] = []
    for state, good in zip(np.asarray(ends), np.asarray(solved), strict=True):
        scores = np.asarray(_scores(ode, jnp.asarray(state)))
        if good and all(np.abs(scores - other).max() > _SAME for other in roots):
            roots.append(scores)
    ordered = sorted(roots, key=lambda x: tuple(np.round(x, 6)))
    return tuple(fixed_point(ode, jnp.asarray(x)) for x in ordered)


@in_double_precision
def fixed_point(ode: CapabilityODE, x: Float[Array, " dims"]) -> FixedPoint:
    """Describe the fixed point at scores `x`."""
    eigenvalues = np.linalg.eigvals(_jacobian_at(ode, x)).astype(complex)
    # Largest real part first: it decides.
    eigenvalues = eigenvalues[np.argsort(-np.real(eigenvalues), kind="stable")]
    real = np.real(eigenvalues)
    if (np.abs(real) < _STILL).any():
        stability = "undecided"
    elif (real < 0).all():
        stability = "stable"
    else:
        stability = "unstable" if (real > 0).all() else "saddle"
    scores = np.asarray(x)
    return FixedPoint(
        x=x,
        eigenvalues=jax_array(eigenvalues),
        stability=stability,
        inside=bool(((scores >= 0) & (scores <= 1)).all()),
        oscillates=bool((np.abs(np.imag(eigenvalues)) > _STILL).any()),
    )


def _linear_fixed_point(ode, matrix, constant) -> tuple[FixedPoint, ...]:
    """The one root of A z + b, unless A is nearly singular or the root lies far beyond any state;
    that is what Newton's method would be left with, and nothing is compiled for it."""
    if not np.linalg.cond(matrix) < _SINGULAR:
        return ()
    state = np.linalg.solve(matrix, -constant)
    if not np.abs(state).max() < _FAR:
        return ()
    logs = isinstance(ode.coordinates, LogOdds)
    x = np.asarray(ode.coordinates.scores(jax_array(state))) if logs else state
    return (fixed_point(ode, jax_array(x)),)


def _jacobian_at(ode, x) -> np.ndarray:
    linear = linear_system(ode)
    if linear is not None and isinstance(ode.coordinates, UnitBox | Unbounded):
        return linear[0]
    return np.asarray(_jacobian(nameless(ode), x))


@eqx.filter_jit
def _jacobian(ode, x):
    return ode.jacobian(x)


def _scores(ode, state):
    # Beyond the walls a root of the equations is still a root; only log odds have another axis.
    return ode.coordinates.scores(state) if isinstance(ode.coordinates, LogOdds) else state


@eqx.filter_jit
def _roots(ode, states):
    def one(state):
        solved = optx.root_find(
            lambda z, _: ode.free(z),
            optx.Newton(rtol=_TOLERANCE, atol=_TOLERANCE),
            state,
            max_steps=_MOST_STEPS,
            throw=False,
        )
        at_rest = jnp.max(jnp.abs(ode.free(solved.value))) < _AT_REST
        near = jnp.max(jnp.abs(solved.value)) < _FAR
        isolated = jnp.linalg.cond(jax.jacfwd(ode.free)(solved.value)) < _SINGULAR
        return solved.value, at_rest & near & isolated

    return jax.vmap(one)(states)


class Nullcline(eqx.Module):
    """The curve on which one score does not change, over a grid of another.

    - `along`: scores of the other benchmark; `at`: score of the one on the curve, NaN where the
      curve does not pass the unit box; with several branches the lowest, and `branches` counts.
    """

    along: Float[Array, " grid"]
    at: Float[Array, "*members grid"]
    branches: Float[Array, "*members grid"]


@in_double_precision
def nullcline(
    ode: CapabilityODE,
    *,
    truth: str,
    reasoning: str,
    others: Float[Array | np.ndarray, " dims"] | Sequence[float],
    along: Float[Array | np.ndarray, " grid"] | Sequence[float] | None = None,
    coefficients: Float[Array, "members dims terms"] | None = None,
    resolution: int = 401,
) -> Nullcline:
    """The nullcline f_truth = 0 in the plane of reasoning and truth scores.

    **Arguments:** `truth`, `reasoning`, names of benchmarks; `others`, scores at which the other
    benchmarks are held (the entries of the two are ignored); `along`, reasoning scores (101 over
    the box by default); `coefficients`, of an ensemble's members, then `at` has a row for each;
    `resolution`, points over 0..1 between which a change of sign is looked for.
    """
    names = ode.benchmarks
    check_known("benchmark", (truth, reasoning), names)
    if truth == reasoning:
        raise ValueError("truth and reasoning are the same benchmark; name two")
    grid = jnp.linspace(0.0, 1.0, 101) if along is None else jnp.asarray(along, float)
    rows = ode.coefficients[None] if coefficients is None else coefficients
    pair = (names.index(truth), names.index(reasoning))
    at, branches = _nullcline(ode, rows, grid, jnp.asarray(others, float), pair, resolution)
    if coefficients is None:
        at, branches = at[0], branches[0]
    return Nullcline(grid, at, branches)


@eqx.filter_jit
def _nullcline(ode, rows, grid, others, pair, resolution):
    truth, reasoning = pair
    levels = jnp.linspace(0.0, 1.0, resolution)

    def speed(coefficients, level, along):
        x = others.at[truth].set(level).at[reasoning].set(along)
        member = eqx.tree_at(lambda o: o.coefficients, ode, coefficients)
        return member.free(member.coordinates.state(x))[truth]

    def one(coefficients, along):
        values = jax.vmap(lambda level: speed(coefficients, level, along))(levels)
        crosses = (values[:-1] == 0) | (values[:-1] * values[1:] < 0)
        first = jnp.argmax(crosses)
        lower, upper = values[first], values[first + 1]
        share = jnp.where(lower == upper, 0, lower / jnp.where(lower == upper, 1, lower - upper))
        level = levels[first] + share * (levels[first + 1] - levels[first])
        count = jnp.sum(crosses)
        return jnp.where(count > 0, level, jnp.nan), count.astype(values.dtype)

    return jax.vmap(lambda row: jax.vmap(lambda along: one(row, along))(grid))(rows)


class StabilityBand(eqx.Module):
    """A fixed point over an ensemble.

    - `x`: each member's fixed point nearest to the reference; `leading`: its eigenvalue with the
      largest real part; `exists`: which members have one (NaN elsewhere).
    """

    x: Float[Array, "members dims"]
    leading: Complex[Array, " members"]
    exists: Bool[Array, " members"]


@in_double_precision
def follow_fixed_point(
    ode: CapabilityODE,
    reference: FixedPoint,
    coefficients: Float[Array, "members dims terms"],
) -> StabilityBand:
    """The fixed point that continues `reference` in each member of an ensemble.

    Newton's method started at the reference; a member whose iteration ends elsewhere than at a
    root has none.
    """
    return _follow(ode, ode.coordinates.state(reference.x), coefficients)


@eqx.filter_jit
def _follow(ode, start, coefficients):
    def one(row):
        member = eqx.tree_at(lambda o: o.coefficients, ode, row)
        ends, solved = _roots(member, start[None])
        x = _scores(member, ends[0])
        values = jnp.linalg.eigvals(member.jacobian(x))
        leading = values[jnp.argmax(values.real)]
        good = solved[0]
        return jnp.where(good, x, jnp.nan), jnp.where(good, leading, jnp.nan), good

    return StabilityBand(*jax.vmap(one)(coefficients))
