"""Ensembles: how far a fit depends on which families were seen.

Whole families (or labs) are drawn with replacement. A resample is a vector of counts, and least
squares needs nothing but sums over families, so all members' normal equations are one matrix
product and all members are fitted in one call.
"""

import functools
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ...common.display import shown
from .._precision import in_double_precision, jax_array
from .coordinates import AbstractCoordinates
from .estimate import CoefficientEstimate
from .integral import Regression
from .integrate import MEMBER_STEPS, Solution, cut_grid, integrate, is_usable, pad_grid
from .library import AbstractLibrary
from .ode import ODEFit
from .padding import padded_size
from .problem import fit_problem
from .sparse import AbstractRegressionPenalty, solve_members
from .trajectories import Trajectories
from .vector_field import CapabilityODE

_FEWEST_DRAWS = 4096


class Band(eqx.Module):
    """Pointwise percentile band over members: `low`, `median`, `high`, and the `share` of members
    that have a finite value there."""

    low: Float[Array, "..."]
    median: Float[Array, "..."]
    high: Float[Array, "..."]
    share: Float[Array, "..."]


@shown
class Ensemble(eqx.Module):
    """Systems fitted to resampled families.

    - `coefficients`: of each member; `weights`: how often each family counts in it.
    - `library`, `coordinates`, `benchmarks`: as in the fit; `clusters`: what was resampled.
    """

    coefficients: Float[Array, "members dims terms"]
    weights: Float[Array, "members families"]
    library: AbstractLibrary
    coordinates: AbstractCoordinates
    benchmarks: tuple[str, ...] = eqx.field(static=True)
    clusters: str = eqx.field(static=True)

    @property
    @in_double_precision
    def inclusion(self) -> Float[Array, "dims terms"]:
        """Inclusion probability: the share of members that use a term."""
        return jax_array(np.mean(np.asarray(self.coefficients) != 0, axis=0))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms, in the order of the columns."""
        return self.library.names(self.coordinates.names(self.benchmarks))

    @in_double_precision
    def member(self, index: int) -> CapabilityODE:
        """One member as an ODE."""
        row = jax_array(np.asarray(self.coefficients)[index])
        return CapabilityODE(self.library, row, self.coordinates, self.benchmarks)

    def coefficient_band(self, *, level: float = 0.95) -> Band:
        """Percentile band of each coefficient; 0 counts as a value."""
        return band(self.coefficients, level=level)

    @in_double_precision
    def solutions(
        self,
        x0: Float[Array | np.ndarray, " dims"] | Sequence[float],
        *,
        log10_n: Float[Array | np.ndarray, " grid"] | Sequence[float],
    ) -> Solution:
        """Every member's solution from scores `x0`, fields with a leading axis of members.

        NaN where a member does not reach; use `band(solutions.x)`.
        """
        x0, grid = np.asarray(x0, float), np.asarray(log10_n, float)
        solved = _solutions(self.member(0), self.coefficients, x0, pad_grid(grid))
        return cut_grid(solved, len(grid), axis=1)


@eqx.filter_jit
def _solutions(like, coefficients, x0, log10_n):
    def one(coefficients):
        ode = replace(like, coefficients=coefficients)
        solution = integrate(ode, x0, log10_n=log10_n, max_steps=MEMBER_STEPS, throw=False)
        x = jnp.where(is_usable(solution.result), solution.x, jnp.nan)
        return eqx.tree_at(lambda s: s.x, solution, x)

    return jax.vmap(one)(coefficients)


@in_double_precision
def band(values: Float[Array, "members *rest"], *, level: float = 0.95) -> Band:
    """Percentile band over the first axis; values that are not finite are left out and counted."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level!r}; it lies between 0 and 1")
    rows = np.asarray(values)
    finite = np.isfinite(rows)
    ends = np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    with warnings.catch_warnings():
        # Where no member has a value the band is NaN, and `share` says so.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, median, high = np.nanquantile(np.where(finite, rows, np.nan), ends, axis=0)
    return Band(*map(jax_array, (low, median, high, np.mean(finite, axis=0))))


@in_double_precision
def draw_counts(
    key: PRNGKeyArray | Array, cluster: Sequence[int] | np.ndarray, *, members: int
) -> Float[Array, "members rows"]:
    """How often each row counts when whole clusters are drawn with replacement.

    `cluster` gives each row's cluster, numbered from 0.
    """
    index = np.asarray(cluster)
    count = int(index.max()) + 1
    counts = _counts(key, count, members)
    same = np.array_equal(index, np.arange(count))
    return counts if same else jax_array(np.asarray(counts)[:, index])


def _counts(key: PRNGKeyArray | Array, count: int, members: int) -> Float[Array, "_ _"]:
    # Draw i of a flat list is the same however long the list is, so few lengths are compiled.
    length = padded_size(members * count, least=_FEWEST_DRAWS, factor=4)
    # Half the random bits that unbiased integers take; the bias is below count / 2^24.
    draws = np.asarray(_uniform(key, length))[: members * count].reshape(members, count)
    drawn = np.floor(draws * np.float32(count)).astype(np.int32)
    # Where each draw counts in the flattened table of members and clusters.
    cells = drawn + count * np.arange(members)[:, None]
    counted = np.bincount(cells.reshape(-1), minlength=members * count)
    return jax_array(counted.reshape(members, count).astype(float))


@functools.partial(jax.jit, static_argnums=1)
def _uniform(key, length):
    return jax.random.uniform(key, (length,), jnp.float32)


@in_double_precision
def refit(
    regression: Regression,
    penalty: AbstractRegressionPenalty,
    candidates: Bool[Array, "dims terms"],
    weights: Float[Array, "members families"],
) -> Float[Array, "members dims terms"]:
    """Coefficients of the regression for each row of family weights, all in one call."""
    return solve_members(penalty, regression, candidates, weights)


@in_double_precision
def bootstrap(
    fit: ODEFit,
    trajectories: Trajectories,
    *,
    key: PRNGKeyArray | Array,
    members: int = 1000,
    clusters: Literal["family", "lab"] = "family",
    candidates: Bool[Array | np.ndarray, "dims terms"] | None = None,
) -> Ensemble:
    """Fit again to resampled families, with the settings of `fit`.

    **Arguments:** `trajectories`, the data of the fit; `key`, a PRNG key; `members`, the number of
    resamples; `clusters`, whether families or whole labs are drawn; `candidates`, which terms each
    equation may use, as in the fit.

    With `method="integral"` each member is the full fit of its resample. With
    `method="trajectory"` a member is one Gauss-Newton step from the fit: the regression around it,
    resampled, with the support searched anew if the fit selected terms; so members near the fit
    are right, and how far a member's own matching would wander is not seen.

    Raises ValueError for fewer than 3 clusters, of which no resampling tells anything.
    """
    names = trajectories.families if clusters == "family" else trajectories.labs
    used = np.array([name in fit.families for name in trajectories.families])
    distinct = sorted({name for name, fitted in zip(names, used, strict=True) if fitted})
    if len(distinct) < 3:
        raise ValueError(f"{len(distinct)} {clusters} clusters; a bootstrap needs at least 3")
    index = {name: i for i, name in enumerate(distinct)}
    cluster = np.array([index.get(name, 0) for name in names])
    drawn = draw_counts(key, cluster, members=members)
    weights = jax_array(np.asarray(drawn) * used)
    coefficients = reweight(fit, trajectories, weights, candidates=candidates)
    ode = fit.ode
    return Ensemble(coefficients, weights, ode.library, ode.coordinates, ode.benchmarks, clusters)


@in_double_precision
def reweight(
    fit: ODEFit,
    trajectories: Trajectories,
    weights: Float[Array | np.ndarray, "members families"],
    *,
    candidates: Bool[Array | np.ndarray, "dims terms"] | None = None,
) -> Float[Array, "members dims terms"]:
    """Coefficients of the fit for each row of family weights; 0 leaves a family out.

    Exact with `method="integral"`, one Gauss-Newton step with `method="trajectory"` (`bootstrap`).
    """
    ode = fit.ode
    problem = fit_problem(
        trajectories,
        ode.library,
        ode.coordinates,
        method=fit.method,
        noise=fit.noise,
        matching=fit.matching,
        candidates=None if candidates is None else jax_array(candidates),
    )
    first = fit.first
    if first is not None:
        first = jax_array(ode.coordinates.rows(np.asarray(first)))
    estimate = CoefficientEstimate(
        fit.coefficients, fit.deviations, first, fit.identifiability, fit.result
    )
    return fit.penalty.refit(problem, estimate, jax_array(weights, float))
