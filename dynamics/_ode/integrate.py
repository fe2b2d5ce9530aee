"""Solve the capability ODE on any grid of sizes from any scores."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ...common.checks import check_known
from ...common.display import shown
from .._precision import in_double_precision, jax_array
from .coordinates import Unbounded
from .padding import is_traced, pad_rows, padded_size
from .results import RESULTS, DynamicsError, result_name
from .times import check_grid, check_rounding
from .vector_field import CapabilityODE, nameless

#: A state this many times the start's size has escaped; solutions of interest stay near 1.
_ESCAPE = 1e6
#: Steps of one solve among thousands: a member of an ensemble that needs more is stiff.
MEMBER_STEPS = 512
#: A grid of 32 bits may be rounded by one in so many of its steps.
_ROUNDED = 100.0
_USABLE = ("successful", "left_unit_box")


@shown
class Solution(eqx.Module):
    """A solution of the capability ODE.

    - `log10_n`: the grid; `x`: scores there; `velocity`: dx/ds there, as the equations say.
    - `held`: true from the first grid point on by which a score had been held at a wall.
    - `result`: a member of `dynamics.RESULTS`; `left_unit_box` tells that some score was held.
    """

    log10_n: Float[Array, " grid"]
    x: Float[Array, "grid dims"]
    velocity: Float[Array, "grid dims"]
    held: Bool[Array, "grid dims"]
    result: RESULTS
    benchmarks: tuple[str, ...] = eqx.field(static=True)

    @in_double_precision
    def gamma(self, *, reasoning: str, truth: str) -> Float[Array, " grid"]:
        """The local coupling f_truth / f_reasoning along the solution."""
        check_known("benchmark", (reasoning, truth), self.benchmarks)
        above = self.velocity[:, self.benchmarks.index(truth)]
        return above / self.velocity[:, self.benchmarks.index(reasoning)]


def integrate(
    ode: CapabilityODE,
    x0: Float[Array | np.ndarray, " dims"] | Sequence[float],
    *,
    log10_n: Float[Array | np.ndarray, " grid"] | Sequence[float],
    start: float | Float[Array, ""] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    max_steps: int = 4096,
    solver: diffrax.AbstractSolver[Any] | None = None,
    adjoint: diffrax.AbstractAdjoint | None = None,
    throw: bool = True,
) -> Solution:
    """Solve `ode` from scores `x0` (fractions).

    **Arguments:** `log10_n`, the sizes to report, in order (rising, or falling to go back in size);
    `start`, the size at which the scores are `x0` (the grid's first by default); `rtol`, `atol`,
    tolerances of the steps; `max_steps`; `solver`, Tsit5 by default (`diffrax.Kvaerno5()` for stiff
    systems); `adjoint`, how gradients go through the solve, by default recursive checkpointing
    (reverse mode), `diffrax.ForwardMode()` for `jax.jvp` and `jax.jacfwd`.

    **Returns** a `Solution`. **Raises** `DynamicsError` for `stiff` and `escaped` if `throw`; never
    for `left_unit_box`, which is an answer; ValueError for counts where their log10 is meant, and
    for a grid that 32 bits have rounded. With `throw=False` what was not reached is NaN. The
    function may be vmapped, jitted and differentiated with `throw=False`; then it keeps the
    caller's precision, else it computes in 64 bits.
    """
    check_rounding("log10_n", log10_n, steps=_ROUNDED)
    solution = _solved(ode, x0, log10_n, start, rtol, atol, max_steps, solver, adjoint)
    if throw and result_name(solution.result) not in _USABLE:
        raise DynamicsError(RESULTS[solution.result], solution.result, solution)
    return solution


@in_double_precision
def _solved(ode, x0, log10_n, start, rtol, atol, max_steps, solver, adjoint) -> Solution:
    traced = is_traced(ode, x0, log10_n, start)
    xp = jnp if traced else np
    x0, log10_n = xp.asarray(x0, float), xp.asarray(log10_n, float)
    if x0.shape != (len(ode.benchmarks),):
        raise ValueError(f"x0 has shape {x0.shape}; one score for each of {ode.benchmarks}")
    if log10_n.ndim != 1 or not log10_n.size:
        raise ValueError(f"log10_n has shape {log10_n.shape}; give a list of sizes")
    begin = log10_n[0] if start is None else xp.asarray(start, float)
    if not traced and not isinstance(ode.coordinates, Unbounded):
        check_grid(float(begin), np.asarray(log10_n))
    # From 0 on, as the equations know no time of their own: near a large time, such as seconds
    # since 1970, a first small step would round to none.
    elapsed = log10_n - begin
    solution = _integrate(
        nameless(ode),
        x0,
        elapsed if traced else pad_grid(np.asarray(elapsed)),
        rtol,
        atol,
        max_steps,
        diffrax.Tsit5() if solver is None else solver,
        diffrax.RecursiveCheckpointAdjoint() if adjoint is None else adjoint,
    )
    solution = solution if traced else cut_grid(solution, len(log10_n))
    return replace(solution, log10_n=jax_array(log10_n), benchmarks=ode.benchmarks)


def pad_grid(grid: Float[np.ndarray, " grid"]) -> Float[np.ndarray, " padded"]:
    """The grid, its last point repeated to 16, 128, 1024, ... points: few programs serve all."""
    return pad_rows(grid, padded_size(len(grid), least=16, factor=8), copies=True)


def cut_grid(solution: Solution, points: int, *, axis: int = 0) -> Solution:
    """The solution without what `pad_grid` put behind its grid."""

    def cut(values):
        return jax_array(np.take(np.asarray(values), range(points), axis=axis))

    def parts(solution: Solution):
        return solution.log10_n, solution.x, solution.velocity, solution.held

    return eqx.tree_at(parts, solution, tuple(map(cut, parts(solution))))


def is_usable(result: RESULTS) -> Bool[Array, ""]:
    """Whether a solution with this result reaches the end of its grid."""
    return (result == RESULTS.successful) | (result == RESULTS.left_unit_box)


@eqx.filter_jit
def _integrate(ode, x0, elapsed, rtol, atol, max_steps, solver, adjoint):
    def field(s, carry, args):
        state, _ = carry
        free = ode.free(state)
        held = ode.coordinates.hold(state, free)
        # How far the walls have pushed back so far, summed along the way.
        return held, jnp.abs(free - held)

    state = ode.coordinates.state(x0)
    bound = _ESCAPE * (1 + jnp.max(jnp.abs(state)))

    def escaped(s, carry, args, **kwargs):
        return jnp.max(jnp.abs(carry[0])) > bound

    solved = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        solver,
        t0=jnp.zeros_like(elapsed[0]),
        t1=elapsed[-1],
        dt0=None,
        y0=(state, jnp.zeros_like(state)),
        saveat=diffrax.SaveAt(ts=elapsed),
        stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
        max_steps=max_steps,
        adjoint=adjoint,
        event=diffrax.Event(escaped),
        throw=False,
    )
    assert solved.ys is not None  # SaveAt(ts=...) always saves
    states, pushed = solved.ys
    reached = jnp.isfinite(states)
    x = jnp.where(reached, ode.coordinates.scores(states), jnp.nan)
    speeds = jax.vmap(lambda z: ode.coordinates.score_velocity(z, ode.free(z)))(states)
    velocity = jnp.where(reached, speeds, jnp.nan)
    held = jnp.where(jnp.isfinite(pushed), pushed, 0) > 0
    result = RESULTS.where(
        solved.result == diffrax.RESULTS.event_occurred, RESULTS.escaped, RESULTS.stiff
    )
    finished = solved.result == diffrax.RESULTS.successful
    reaches = RESULTS.where(jnp.any(held), RESULTS.left_unit_box, RESULTS.successful)
    result = RESULTS.where(finished, reaches, result)
    return Solution(elapsed, x, velocity, held, result, ode.benchmarks)
