"""Sparse selection at the level of trajectories.

The Gauss-Newton information of all candidate terms at a matched system is a linear regression, in
which a subset is searched by adding, dropping and swapping terms; the best one is matched
through the solver again, and so on until the subset stays. No derivative is estimated and no
integral is approximated, and a term is judged by what it does to the trajectories.
"""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from .._precision import jax_array
from .integral import NormalEquations, Regression, weighted_sum
from .match import Match, MatchProblem, gauss_newton, match
from .subset_search import Criterion, Subset, search

#: Ridge of the dense start and of what a search proposes to match, in noise units.
_SLIGHT = 1e-3
#: Least noise as a share of the state's spread: below the solver's own error the criterion would
#: count rounding.
LEAST_NOISE = 1e-6


class Selection(eqx.Module):
    """A selected and matched system.

    - `match`; `support`; `noise`, the residual standard deviation of each equation; `value` of
      the criterion; `rounds` of search and matching; `settled`, whether the last search changed
      nothing.
    """

    match: Match
    support: Bool[Array, "dims terms"]
    noise: Float[Array, " dims"]
    value: float
    rounds: int
    settled: bool


def select(
    problem: MatchProblem,
    regression: Regression,
    *,
    candidates: Bool[Array, "dims terms"],
    family_weights: Float[Array, " families"],
    criterion: Criterion,
    rounds: int = 12,
) -> Selection:
    """Choose terms and match them.

    **Arguments:** `regression`, the integral form of the same data, which gives the first subset;
    `candidates`, the terms that each equation may use; `criterion`; `rounds`, the most there are.

    Two starts are tried, the subset that the integral form prefers and all candidates at once; the
    better end by the criterion is returned. The result is a local optimum.
    """
    task = _Task(problem, regression, candidates, family_weights, criterion)
    sparse, noise = task.integral_start()
    ends = [task.refine(sparse, noise, rounds)]
    dense = task.dense_start(ends[0].noise)
    if dense is not None:
        ends.append(task.refine(dense, ends[0].noise, rounds))
    return min(ends, key=lambda end: end.value)


class _Task:
    """What stays the same during one selection."""

    def __init__(self, problem, regression, candidates, family_weights, criterion):
        self.problem, self.regression = problem, regression
        self.candidates = np.asarray(candidates)
        self.weights, self.criterion = family_weights, criterion
        increments = np.asarray(regression.increments) * np.asarray(family_weights)
        self.rows = float(increments.sum())
        self.dims, self.terms = self.candidates.shape
        self.first = jax_array(np.asarray(problem.state)[:, 0])

    def integral_start(self):
        normal = self.regression.normal_equations(self.weights)
        subset = search_equations(normal, jax_array(self.candidates), self.criterion)
        rows = np.maximum(self.rows - np.sum(subset.support, axis=1), 1)
        noise = np.sqrt(np.asarray(subset.rss) / rows)
        return subset.weights, jax_array(np.maximum(noise, _floor(self)))

    def dense_start(self, noise):
        """All candidates at once, or None when there are too few rows for that."""
        if self.candidates.sum(axis=1).max() >= self.rows:
            return None
        start = np.zeros((self.dims, self.terms))
        end = self.match(start, self.first, self.candidates, noise)
        proposal = self.propose(end, noise, self.candidates)
        return np.asarray(proposal.weights).reshape(self.dims, self.terms)

    def match(self, coefficients, first, support, noise) -> Match:
        return match(
            self.problem,
            jax_array(coefficients),
            first,
            jax_array(support),
            noise=noise,
            family_weights=self.weights,
            ridge=jax_array(np.full((self.dims, self.terms), _SLIGHT)),
        )

    def propose(self, at: Match, noise, support) -> Subset:
        """The best subset in the linear regression around a match."""
        per_family = gauss_newton(self.problem, at.coefficients, at.first, noise=noise)
        return search_jointly(
            weighted_sum(per_family, self.weights),
            jax_array(np.asarray(support).reshape(-1)),
            jax_array(self.candidates.reshape(-1)),
            self.criterion,
        )

    def value(self, at: Match, support) -> float:
        """The criterion with each equation's noise estimated from its own residuals."""
        rss = _rss(at, self.weights)
        size = self.rows * np.sum(np.log(np.maximum(rss, _floor(self) ** 2) / self.rows))
        rows, count = self.rows * self.dims, int(self.candidates.sum())
        used = int(np.sum(support))
        return float(size) + float(self.criterion.penalty(used, rows=rows, candidates=count))

    def noise(self, at: Match, support):
        rss = _rss(at, self.weights)
        left = np.maximum(self.rows - np.sum(support, axis=1), 1)
        return jax_array(np.maximum(np.sqrt(rss / left), _floor(self)))

    def refine(self, coefficients, noise, rounds: int) -> Selection:
        support = np.asarray(coefficients) != 0
        now = self.match(coefficients, self.first, support, noise)
        value, noise, settled = self.value(now, support), self.noise(now, support), False
        round_ = 0
        for round_ in range(1, rounds + 1):  # noqa: B007
            proposal = self.propose(now, noise, support)
            proposed = np.asarray(proposal.support).reshape(self.dims, self.terms)
            if (proposed == support).all():
                settled = True
                break
            weights = np.asarray(proposal.weights).reshape(self.dims, self.terms)
            step = self.attempt(now, weights, proposed, noise)
            step_value = self.value(step, proposed)
            if not step_value < value:
                settled = True
                break
            now, support, value = step, proposed, step_value
            noise = self.noise(now, support)
        now = self.attempt(now, now.coefficients, support, noise)
        noise, value = self.noise(now, support), self.value(now, support)
        return Selection(now, jax_array(support), noise, value, round_, settled)

    def attempt(self, now: Match, weights, support, noise) -> Match:
        """Match a proposed subset, from the proposal's own weights and from the present ones.

        The first of the two begins at the observed first points again: a family whose first point
        has strayed into another basin would otherwise stay there.
        """
        starts = ((weights, self.first), (now.coefficients, now.first))
        tries = [self.match(*start, support, noise) for start in starts]
        return min(tries, key=lambda one: self.value(one, support))


def _rss(at: Match, weights) -> np.ndarray:
    return np.einsum("fpd,f->d", np.asarray(at.residual) ** 2, np.asarray(weights))


def _floor(task: _Task) -> float:
    return LEAST_NOISE * float(np.asarray(task.problem.state).std())


@eqx.filter_jit
def search_equations(
    normal: NormalEquations, candidates: Bool[Array, "dims terms"], criterion: Criterion
) -> Subset:
    """The best subset of each equation of a regression; fields with a leading axis of equations."""

    def one(moment, total, allowed):
        return search(
            normal.gram,
            moment,
            total,
            normal.rows,
            start=allowed,
            candidates=allowed,
            criterion=criterion,
        )

    return jax.vmap(one)(normal.moment.T, normal.total, candidates)


@eqx.filter_jit
def search_jointly(
    normal: NormalEquations,
    start: Bool[Array, " columns"],
    candidates: Bool[Array, " columns"],
    criterion: Criterion,
) -> Subset:
    """The best subset of all equations' terms together, for Gauss-Newton information."""
    return search(
        normal.gram,
        normal.moment[:, 0],
        normal.total[0],
        normal.rows,
        start=start,
        candidates=candidates,
        criterion=criterion,
    )
