"""Sparse selection on trajectories, as a penalty."""

from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from .._precision import jax_array
from .estimate import CoefficientEstimate
from .matched_fit import linearised, matched_estimate
from .members import by_members
from .names import FitMethod
from .problem import FitProblem
from .selection import search_jointly, select
from .sparse import AbstractPenalty
from .subset_search import Criterion


class TrajectorySelection(AbstractPenalty):
    """Terms chosen by what they do to the trajectories, see `dynamics._ode.selection.select`.

    **Arguments:** `gamma`, of the extended Bayesian information criterion: 0 is BIC, 1 also pays
    for the number of candidates; `rounds`, the most of search and matching.
    """

    methods: ClassVar[tuple[FitMethod, ...]] = ("trajectory",)
    gamma: float = eqx.field(static=True, default=1.0)
    rounds: int = eqx.field(static=True, default=12)

    def __check_init__(self) -> None:
        Criterion(self.gamma)
        if self.rounds < 1:
            raise ValueError(f"rounds is {self.rounds}; at least 1")

    def fit(self, problem: FitProblem) -> CoefficientEstimate:
        matching = problem.match_problem()
        chosen = select(
            matching,
            problem.regression,
            candidates=problem.candidates,
            family_weights=problem.family_weights,
            criterion=Criterion(self.gamma),
            rounds=self.rounds,
        )
        return matched_estimate(
            problem,
            matching,
            chosen.match,
            chosen.support,
            chosen.noise,
            jax_array(np.zeros(chosen.support.shape[1])),
            settled=chosen.settled,
        )

    def refit(
        self,
        problem: FitProblem,
        estimate: CoefficientEstimate,
        weights: Float[Array, "members families"],
    ) -> Float[Array, "members dims terms"]:
        support = estimate.coefficients != 0
        per_family, criterion = linearised(problem, estimate), Criterion(self.gamma)
        return by_members(
            lambda normal: _search(normal, support, problem.candidates, criterion),
            per_family,
            weights,
        )


@eqx.filter_jit
def _search(normal, support, candidates, criterion):
    def one(normal):
        best = search_jointly(normal, support.reshape(-1), candidates.reshape(-1), criterion)
        return best.weights.reshape(support.shape)

    return jax.vmap(one)(normal)
