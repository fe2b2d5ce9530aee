"""Ensembles: how far a fit depends on which families were seen.

Whole families (or labs) are drawn with replacement. A resample is a vector of counts, and least
squares needs nothing but sums over families, so all members' normal equations are one matrix
product and all members are fitted in one call.
"""

import functools
from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ...common.display import shown
from .._precision import in_double_precision
from .coordinates import AbstractCoordinates
from .estimate import CoefficientEstimate
from .integral import Regression
from .integrate import MEMBER_STEPS, Solution, integrate, is_usable
from .library import AbstractLibrary
from .ode import ODEFit
from .problem import fit_problem
from .sparse import AbstractRegressionPenalty, solve_members
from .trajectories import Trajectories
from .vector_field import CapabilityODE


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
        used = self.coefficients != 0
        return jnp.mean(used.astype(self.coefficients.dtype), axis=0)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms, in the order of the columns."""
        return self.library.names(self.coordinates.names(self.benchmarks))

    @in_double_precision
    def member(self, index: int) -> CapabilityODE:
        """One member as an ODE."""
        return CapabilityODE(
            self.library, self.coefficients[index], self.coordinates, self.benchmarks
        )

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
        x0, log10_n = jnp.asarray(x0, float), jnp.asarray(log10_n, float)
        return _solutions(self, x0, log10_n)


@eqx.filter_jit
def _solutions(ensemble, x0, log10_n):
    def one(coefficients):
        ode = CapabilityODE(
            ensemble.library, coefficients, ensemble.coordinates, ensemble.benchmarks
        )
        solution = integrate(ode, x0, log10_n=log10_n, max_steps=MEMBER_STEPS, throw=False)
        x = jnp.where(is_usable(solution.result), solution.x, jnp.nan)
        return eqx.tree_at(lambda s: s.x, solution, x)

    return jax.vmap(one)(ensemble.coefficients)


@in_double_precision
def band(values: Float[Array, "members *rest"], *, level: float = 0.95) -> Band:
    """Percentile band over the first axis; values that are not finite are left out and counted."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level!r}; it lies between 0 and 1")
    finite = jnp.isfinite(values)
    ends = jnp.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    low, median, high = jnp.nanquantile(jnp.where(finite, values, jnp.nan), ends, axis=0)
    return Band(low, median, high, jnp.mean(finite.astype(values.dtype), axis=0))


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
    return counts if np.array_equal(index, np.arange(count)) else counts[:, index]


@functools.partial(jax.jit, static_argnums=(1, 2))
def _counts(key, count, members):
    # Half the random bits that unbiased integers take; the bias is below count / 2^24.
    draws = jnp.floor(jax.random.uniform(key, (members, count), jnp.float32) * count)
    # Where each draw counts in the flattened table of members and clusters.
    cells = draws.astype(jnp.int32) + count * jnp.arange(members, dtype=jnp.int32)[:, None]
    counted = jnp.zeros(members * count, jnp.int32).at[cells.reshape(-1)].add(1)
    return counted.reshape(members, count).astype(jnp.result_type(float))


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
    weights = draw_counts(key, cluster, members=members) * jnp.asarray(used, float)[None]
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
        candidates=None if candidates is None else jnp.asarray(candidates),
    )
    first = None if fit.first is None else ode.coordinates.state(fit.first)
    estimate = CoefficientEstimate(
        fit.coefficients, fit.deviations, first, fit.identifiability, fit.result
    )
    return fit.penalty.refit(problem, estimate, jnp.asarray(weights, float))
