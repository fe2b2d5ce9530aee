"""Linear directions between two groups of states, for all hook points at once."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

STEPS = 30


def mass_mean(states: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean state of the labelled minus that of the others at every hook point.

    **Arguments**: `states` of shape (points, texts, d_model), `labels` of shape (texts,).
    Mass-mean probing: Marks & Tegmark 2023, arXiv:2310.06824.
    """
    chosen = jnp.asarray(labels, dtype=bool)
    return np.asarray(_mass_mean(jnp.asarray(states), chosen))


@jax.jit
def _mass_mean(
    states: Float[Array, "points texts width"], labels: Array
) -> Float[Array, "points width"]:
    one = jnp.where(labels, 1.0 / labels.sum(), 0.0).astype(states.dtype)
    other = jnp.where(labels, 0.0, 1.0 / (~labels).sum()).astype(states.dtype)
    return jnp.einsum("ptd,t->pd", states, one - other)


def logistic(
    states: np.ndarray, labels: np.ndarray, *, penalty: float = 1e-2
) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression at every hook point, both classes weighing the same.

    **Arguments**: `states` of shape (points, texts, d_model), `labels` of shape (texts,); `penalty`
    on the squared weights of standardised states.

    **Returns** weights of shape (points, d_model) and offsets of shape (points,), both in units of
    the given states: a text is called true where `state @ weight + offset > 0`.
    """
    chosen = jnp.asarray(labels, dtype=bool)
    weight, offset = _logistic(jnp.asarray(states), chosen, penalty)
    return np.asarray(weight), np.asarray(offset)


@jax.jit
def _logistic(
    states: Float[Array, "points texts width"], labels: Array, penalty: float
) -> tuple[Float[Array, "points width"], Float[Array, " points"]]:
    share = labels.mean()
    balance = jnp.where(labels, 0.5 / share, 0.5 / (1 - share)).astype(states.dtype)
    balance = balance / balance.shape[0]
    target = labels.astype(states.dtype)

    def one(x: Float[Array, "texts width"]):
        mean, spread = x.mean(axis=0), x.std(axis=0)
        spread = jnp.where(spread > 1e-8 * jnp.abs(x).max(), spread, jnp.inf)
        scaled = (x - mean[None]) / spread[None]
        design = jnp.concatenate([scaled, jnp.ones_like(scaled[:, :1])], axis=1)
        ridge = jnp.full(design.shape[1], penalty, dtype=x.dtype).at[-1].set(1e-6)

        def newton(_: int, beta: Array) -> Array:
            p = jax.nn.sigmoid(design @ beta)
            slope = design.T @ (balance * (p - target)) + ridge * beta
            curve = (design * (balance * p * (1 - p))[:, None]).T @ design + jnp.diag(ridge)
            return beta - jnp.linalg.solve(curve, slope)

        beta = jax.lax.fori_loop(0, STEPS, newton, jnp.zeros(design.shape[1], x.dtype))
        weight = beta[:-1] / spread
        return weight, beta[-1] - weight @ mean

    return jax.vmap(one)(states)
