"""L1 penalties, by accelerated proximal gradients."""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from .elimination import restricted, solve_positive
from .integral import NormalEquations
from .sparse import AbstractRegressionPenalty, column_scale, require_not_negative

#: A relative change per step below this many rounding errors ends the iteration.
_SETTLED = 8
_MOST_STEPS = 20_000

State = TypeVar("State")


class ElasticNet(AbstractRegressionPenalty):
    """Least squares with an L1 and a quadratic penalty (Zou and Hastie 2005).

    Minimises (1/2n) |y - A w|^2 + strength (l1_ratio |c w|_1 + (1 - l1_ratio)/2 |c w|^2), with c
    the root mean square of each column if `scaled`, else 1, and n the number of increments: the
    definition of scikit-learn. Coefficients are exactly 0 or not.
    """

    strength: float = 1e-3
    l1_ratio: float = 0.5
    scaled: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        require_not_negative(self.strength, "strength")
        if isinstance(self.l1_ratio, int | float) and not 0 <= self.l1_ratio <= 1:
            raise ValueError(f"l1_ratio is {self.l1_ratio}; it lies between 0 and 1")

    def ridge(self, normal: NormalEquations) -> Float[Array, " terms"]:
        scale = column_scale(normal, self.scaled)
        return self.strength * (1 - self.l1_ratio) * normal.rows * scale**2

    def solve(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "dims terms"]:
        return _elastic_net(normal, candidates, self.strength, self.l1_ratio, self.scaled)


class Lasso(AbstractRegressionPenalty):
    """Least squares with an L1 penalty (Tibshirani 1996): the elastic net with `l1_ratio` 1."""

    strength: float = 1e-3
    scaled: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        require_not_negative(self.strength, "strength")

    def solve(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "dims terms"]:
        return _elastic_net(normal, candidates, self.strength, 1.0, self.scaled)


def _elastic_net(normal, candidates, strength, l1_ratio, scaled):
    scale = column_scale(normal, scaled)
    gram = normal.gram / (scale[:, None] * scale[None, :]) / normal.rows
    gram = gram + strength * (1 - l1_ratio) * jnp.eye(len(scale), dtype=gram.dtype)
    moment = normal.moment / scale[:, None] / normal.rows
    limit = strength * l1_ratio
    solved = jax.vmap(lambda m, c: _lasso(gram, m, c, limit))(moment.T, candidates)
    return solved / scale[None, :]


def _lasso(gram, moment, candidates, limit):
    def prox(step, weights):
        shrunk = jnp.sign(weights) * jnp.maximum(jnp.abs(weights) - step * limit, 0)
        return jnp.where(candidates, shrunk, 0)

    lipschitz = jnp.linalg.eigvalsh(gram)[-1]
    iterate = minimise(lambda w: gram @ w - moment, prox, jnp.zeros_like(moment), lipschitz)
    # On the right signs the solution is that of a linear system: exact, where the iteration is not.
    support = iterate != 0
    right = jnp.where(support, moment - limit * jnp.sign(iterate), 0)
    exact = solve_positive(restricted(gram, support)[None], right[None, :, None])[0, :, 0]
    exact = jnp.where(support, exact, 0)
    return jnp.where(jnp.all(jnp.sign(exact) == jnp.sign(iterate)), exact, iterate)


def minimise(
    gradient: Callable[[State], State],
    prox: Callable[[Float[Array, ""], State], State],
    start: State,
    lipschitz: Float[Array, ""],
) -> State:
    """FISTA with restarts (Beck and Teboulle 2009; O'Donoghue and Candes 2015).

    **Arguments:** `gradient` of the smooth part, whose Lipschitz constant is at most `lipschitz`;
    `prox(step, point)`, the proximal map of the other part; `start`, any pytree of arrays.
    """
    step = 1 / jnp.maximum(lipschitz, jnp.finfo(jnp.result_type(float)).tiny)
    least = _SETTLED * jnp.finfo(jnp.result_type(float)).eps

    def advance(carry):
        now, ahead, speed, _, count = carry
        slope = gradient(ahead)
        after = prox(step, jax.tree.map(lambda a, g: a - step * g, ahead, slope))
        change = jax.tree.map(jnp.subtract, after, now)
        backwards = _dot(jax.tree.map(jnp.subtract, ahead, after), change) > 0
        speed = jnp.where(backwards, 1.0, speed)
        faster = (1 + jnp.sqrt(1 + 4 * speed**2)) / 2
        momentum = jnp.where(backwards, 0.0, (speed - 1) / faster)
        ahead = jax.tree.map(lambda a, c: a + momentum * c, after, change)
        moves = _dot(change, change) > least**2 * _dot(after, after)
        return after, ahead, faster, moves, count + 1

    def goes_on(carry):
        return carry[3] & (carry[4] < _MOST_STEPS)

    one = jnp.ones(())
    return lax.while_loop(goes_on, advance, (start, start, one, jnp.array(True), 0))[0]


def _dot(first, second):
    products = jax.tree.map(lambda a, b: jnp.sum(a * b), first, second)
    return jax.tree.reduce(jnp.add, products)
