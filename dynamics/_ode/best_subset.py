"""Exact best subsets of small libraries, by trying all."""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

from .elimination import solve_positive
from .integral import NormalEquations
from .sparse import AbstractRegressionPenalty
from .subset_search import Criterion

_MOST_SUBSETS = 100_000


class BestSubset(AbstractRegressionPenalty):
    """The subset of terms with the best criterion among all of at most `max_terms` terms.

    **Arguments:** `max_terms` per equation; `gamma`, of the extended Bayesian information
    criterion (`Criterion`).

    Exact, because every subset is tried; a library and size with more than 100,000 subsets per
    equation is refused with a ValueError.
    """

    max_terms: int = eqx.field(static=True, default=4)
    gamma: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        if self.max_terms < 1:
            raise ValueError(f"max_terms is {self.max_terms}; at least 1")

    def solve(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "dims terms"]:
        terms = normal.gram.shape[0]
        count = sum(math.comb(terms, k) for k in range(min(self.max_terms, terms) + 1))
        if count > _MOST_SUBSETS:
            raise ValueError(
                f"{terms} terms have {count} subsets of at most {self.max_terms}; lower max_terms "
                "or the degree, or use STLSQ, Lasso or TrajectorySelection"
            )
        equations = jax.vmap(lambda m, t, c: self._equation(normal, m, t, c))
        return equations(normal.moment.T, normal.total, candidates)

    def solve_many(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "members dims terms"]:
        # One member after another: all subsets of all members at once would not fit in memory.
        return lax.map(lambda one: self.solve(one, candidates), normal)

    def _equation(self, normal, moment, total, candidates):
        terms = len(moment)
        allowed = jnp.sum(candidates).astype(total.dtype)
        criterion = Criterion(self.gamma)

        def value(rss, used):
            return criterion.value(
                rss, jnp.array(float(used)), rows=normal.rows, candidates=allowed
            )

        best, weights = value(total, 0), jnp.zeros_like(moment)
        for used in range(1, min(self.max_terms, terms) + 1):
            subsets = jnp.array(np.array(list(itertools.combinations(range(terms), used))))
            grams = normal.gram[subsets[:, :, None], subsets[:, None, :]]
            right = moment[subsets]
            solved = solve_positive(grams, right[..., None])[..., 0]
            rss = jnp.maximum(total - jnp.sum(solved * right, axis=1), 0)
            values = jnp.where(jnp.all(candidates[subsets], axis=1), value(rss, used), jnp.inf)
            least = jnp.argmin(values)
            better = values[least] < best
            of_subset = jnp.zeros_like(moment).at[subsets[least]].set(solved[least])
            best = jnp.where(better, values[least], best)
            weights = jnp.where(better, of_subset, weights)
        return weights
