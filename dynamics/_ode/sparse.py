"""Penalties: what they share, those of a linear regression, and ridge.

Every penalty is a frozen module that fits a problem, and fits it again to other weights of the
families. Most are penalties of a linear regression: these have one method of their own, `solve`,
from normal equations (and a mask of the terms that may be used) to coefficients. It never sees
rows, so resamples, weights and both ways of fitting share it.
"""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .._precision import jax_array
from .elimination import solve_positive
from .estimate import CoefficientEstimate, regression_report, residual_squares
from .integral import NormalEquations, Regression, weighted_sum
from .matched_fit import linearised, match_support, newton_steps
from .members import by_members
from .names import FitMethod
from .padding import is_traced
from .problem import FitProblem
from .results import RESULTS


class AbstractPenalty(eqx.Module):
    """How coefficients are drawn towards zero.

    `methods`: the ways of fitting that it goes with, the usual one first.
    """

    methods: eqx.AbstractClassVar[tuple[FitMethod, ...]]

    @abc.abstractmethod
    def fit(self, problem: FitProblem) -> CoefficientEstimate:
        """Coefficients and what the data say about them; `problem.method` is among `methods`."""

    @abc.abstractmethod
    def refit(
        self,
        problem: FitProblem,
        estimate: CoefficientEstimate,
        weights: Float[Array, "members families"],
    ) -> Float[Array, "members dims terms"]:
        """Coefficients for each row of family weights, of which `estimate` is the fit as it was."""


class AbstractRegressionPenalty(AbstractPenalty):
    """A penalty of a linear regression, which normal equations are enough to solve."""

    methods: ClassVar[tuple[FitMethod, ...]] = ("integral", "trajectory")

    @abc.abstractmethod
    def solve(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "dims terms"]:
        """Coefficients of each equation; exactly 0 for terms that are not used."""

    def ridge(self, normal: NormalEquations) -> Float[Array, " terms"]:
        """What the penalty adds to the Gram matrix' diagonal on the terms that it retains."""
        return jnp.zeros_like(jnp.diagonal(normal.gram))

    def solve_many(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "members dims terms"]:
        """The same for a batch of normal equations (a leading axis in each field)."""
        return jax.vmap(self.solve, in_axes=(0, None))(normal, candidates)

    def fit(self, problem: FitProblem) -> CoefficientEstimate:
        normal = problem.normal_equations()
        coefficients, ridge = solve(self, normal, problem.candidates)
        if problem.method == "trajectory":
            return match_support(problem, coefficients, ridge)
        squares = residual_squares(normal, coefficients)
        report = regression_report(normal, coefficients, squares, ridge)
        return CoefficientEstimate(coefficients, None, None, report, RESULTS.successful)

    def refit(
        self,
        problem: FitProblem,
        estimate: CoefficientEstimate,
        weights: Float[Array, "members families"],
    ) -> Float[Array, "members dims terms"]:
        if problem.method == "trajectory":
            _, ridge = solve(self, problem.normal_equations(), problem.candidates)
            return newton_steps(linearised(problem, estimate), estimate, ridge, weights)
        return solve_members(self, problem.regression, problem.candidates, weights)


class Ridge(AbstractRegressionPenalty):
    """Least squares with a quadratic penalty.

    Minimises (1/2n) |y - A w|^2 + (strength/2) |c w|^2, with c the root mean square of each column
    if `scaled` (so that the unit of a term does not matter), else 1. `strength=0` is least squares;
    then collinear terms are set to 0 one by one.
    """

    strength: float = 1e-3
    scaled: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        require_not_negative(self.strength, "strength")

    def ridge(self, normal: NormalEquations) -> Float[Array, " terms"]:
        return self.strength * normal.rows * column_scale(normal, self.scaled) ** 2

    def solve(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "dims terms"]:
        return restricted_solve(normal, candidates, self.ridge(normal))


def solve(
    penalty: AbstractRegressionPenalty,
    normal: NormalEquations,
    candidates: Bool[Array, "dims terms"],
) -> tuple[Float[Array, "dims terms"], Float[Array, " terms"]]:
    """`penalty.solve` and `penalty.ridge`, compiled once for all strengths and amounts of data."""
    return _solve(traced(penalty), normal, candidates)


@eqx.filter_jit
def _solve(penalty, normal, candidates):
    return penalty.solve(normal, candidates), penalty.ridge(normal)


def solve_members(
    penalty: AbstractRegressionPenalty,
    regression: Regression,
    candidates: Bool[Array, "dims terms"],
    weights: Float[Array | np.ndarray, "members families"],
) -> Float[Array, "members dims terms"]:
    """`penalty.solve_many` for each row of family weights; few numbers of rows are compiled."""
    per_family = regression.per_family()
    if is_traced(per_family, weights):
        return penalty.solve_many(weighted_sum(per_family, weights), candidates)
    light = traced(penalty)
    return by_members(lambda normal: _solve_many(light, normal, candidates), per_family, weights)


@eqx.filter_jit
def _solve_many(penalty, normal, candidates):
    return penalty.solve_many(normal, candidates)


def traced(penalty: AbstractRegressionPenalty) -> AbstractRegressionPenalty:
    """The penalty with its numbers as arrays, so that another strength compiles nothing new."""
    # By way of NumPy: nothing is compiled for it.
    return jax.tree.map(lambda number: jax_array(np.asarray(number, float)), penalty)


def column_scale(normal: NormalEquations, scaled: bool) -> Float[Array, " terms"]:
    """Root mean square of each term's column, or ones."""
    diagonal = jnp.diagonal(normal.gram)
    if not scaled:
        return jnp.ones_like(diagonal)
    return jnp.sqrt(jnp.where(diagonal > 0, diagonal / normal.rows, 1))


def require_not_negative(value, name: str) -> None:
    """Raise ValueError for a negative or non-finite setting (traced values pass)."""
    if isinstance(value, int | float) and not 0 <= value < float("inf"):
        raise ValueError(f"{name} is {value}; it is a number of at least 0")


def restricted_solve(
    normal: NormalEquations,
    support: Bool[Array, "dims terms"],
    diagonal: Float[Array, " terms"],
) -> Float[Array, "dims terms"]:
    """Least squares of each equation on its own terms, with `diagonal` added to the Gram matrix."""
    gram = normal.gram + jnp.diag(diagonal)
    both = support[:, :, None] & support[:, None, :]
    # Unused terms get an equation of their own, w = 0, so that every system has one shape.
    unused = jnp.where(support, 0.0, 1.0).astype(gram.dtype)[:, None, :]
    identity = jnp.eye(gram.shape[-1], dtype=gram.dtype)[None]
    systems = jnp.where(both, gram[None], identity * unused)
    moments = jnp.where(support, normal.moment.T, 0)[..., None]
    return jnp.where(support, solve_positive(systems, moments)[..., 0], 0)
