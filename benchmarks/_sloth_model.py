"""Sloth's model of benchmark scores, written from its paper and fitted by its published recipe.

Maia Polo et al., "Sloth: scaling laws for LLM skills to predict multi-benchmark performance across
families", arXiv:2412.06540. A model of family f with N parameters trained on T tokens has skills
theta = a_f + W (log T, log N, log N log T), and scores c + (1 - c) g(L theta + b) with a lower
bound c and a link g per benchmark. Its authors first fit with a logistic g and c at chance, then,
from there, c and a monotone network g as well; both by Adam at three rates, of which the one with
the least training error stays. What the paper leaves open (widths, patience, tolerances) is as in
the authors' code, felipemaiapolo/sloth @ 6dc6bb3.
"""

import functools
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float

_RATES = (0.1, 0.01, 0.001)
_HIDDEN = 10  # units in each of the two hidden layers of a trained link
_SHARP = 0.01  # where the smooth absolute loss turns from a square into a line
_STEPS = 100_000
#: Steps without a smaller mean absolute error (by the tolerance) after which a fit ends.
_PATIENCE, _TOLERANCE = 500, 1e-5
#: The rate falls by this factor after so many steps without a smaller loss.
_FALL, _PLATEAU = 0.95, 21
_INSIDE = 1e-5  # keeps a chance of 0 inside the logit


class Link(NamedTuple):
    """Increasing networks, one a benchmark: weights are not negative, tanh between them."""

    first: Float[Array, "benchmarks hidden"]
    first_bias: Float[Array, "benchmarks hidden"]
    second: Float[Array, "benchmarks hidden hidden"]
    second_bias: Float[Array, "benchmarks hidden"]
    last: Float[Array, "benchmarks hidden"]
    last_bias: Float[Array, " benchmarks"]


class Sloth(NamedTuple):
    """The parameters; `link` is None where it is logistic. `chance` is the logit of c."""

    inputs: Float[Array, "inputs skills"]
    families: Float[Array, "families skills"]
    loadings: Float[Array, "skills benchmarks"]
    offsets: Float[Array, " benchmarks"]
    chance: Float[Array, " benchmarks"]
    link: Link | None


class Data(NamedTuple):
    """Rows are models: log T, log N and their product, one column per family, scores (fractions).

    `train` says which rows a fit may see.
    """

    inputs: Float[Array, "models inputs"]
    families: Float[Array, "models families"]
    scores: Float[Array, "models benchmarks"]
    train: Bool[Array, " models"]


def predict(model: Sloth, data: Data) -> Float[Array, "models benchmarks"]:
    """Scores of all rows."""
    skills = data.inputs @ model.inputs + data.families @ model.families
    signal = skills @ model.loadings + model.offsets[None]
    chance = jax.nn.sigmoid(model.chance)[None]
    share = jax.nn.sigmoid(signal if model.link is None else _bend(model.link, signal))
    return chance + (1 - chance) * share


def _bend(link: Link, signal: Float[Array, "models benchmarks"]):
    hidden = jnp.tanh(jnp.tanh(signal)[..., None] * link.first[None] + link.first_bias[None])
    hidden = jnp.tanh(jnp.einsum("mbh,bhk->mbk", hidden, link.second) + link.second_bias[None])
    return (hidden * link.last[None]).sum(axis=-1) + link.last_bias[None]


def fit_sloth(
    data: Data, chance: Float[Array, " benchmarks"], *, skills: int, seed: int = 0
) -> tuple[Sloth, Sloth]:
    """The model with a logistic link, and the one with trained links that starts from it."""
    weights, links = jax.random.split(jax.random.key(seed))
    fixed = _least(_start(data, chance, skills, weights), data, free=False)
    bend = _start_link(data, links)
    return fixed, _least(fixed._replace(link=bend), data, free=True)


def _start(data: Data, chance, skills: int, key) -> Sloth:
    """Standard normal values, those of the inputs and loadings positive."""
    benchmarks = data.scores.shape[1]
    shapes = ((data.inputs.shape[1], skills), (data.families.shape[1], skills),
              (skills, benchmarks), (benchmarks,))  # fmt: skip
    inputs, families, loadings, offsets = (
        jax.random.normal(k, shape, data.scores.dtype)
        for k, shape in zip(jax.random.split(key, 4), shapes, strict=True)
    )
    return Sloth(
        jnp.abs(inputs),
        families,
        jnp.abs(loadings),
        offsets,
        jnp.log((chance + _INSIDE) / (1 - chance + _INSIDE)).astype(data.scores.dtype),
        None,
    )


def _start_link(data: Data, key) -> Link:
    """Uniform within one over the root of the number of inputs; weights made positive."""
    keys = jax.random.split(key, 6)
    shapes = (
        ((_HIDDEN,), 1), ((_HIDDEN,), 1), ((_HIDDEN, _HIDDEN), _HIDDEN), ((_HIDDEN,), _HIDDEN),
        ((_HIDDEN,), _HIDDEN), ((), _HIDDEN),
    )  # fmt: skip
    benchmarks, dtype = data.scores.shape[1], data.scores.dtype
    values = [
        jax.random.uniform(k, (benchmarks, *shape), dtype, minval=-1, maxval=1) / fan_in**0.5
        for k, (shape, fan_in) in zip(keys, shapes, strict=True)
    ]
    return _increasing(Link(*values), jnp.abs)


def _increasing(link: Link, positive) -> Link:
    return link._replace(
        first=positive(link.first), second=positive(link.second), last=positive(link.last)
    )


def _least(start: Sloth, data: Data, *, free: bool) -> Sloth:
    """Of the fits at each rate the one with the least training error."""
    found, errors = _descend(start, data, jnp.array(_RATES, data.scores.dtype), free=free)
    best = jnp.argmin(errors)
    return jax.tree.map(lambda leaf: leaf[best], found)


@functools.partial(jax.jit, static_argnames="free")
def _descend(start: Sloth, data: Data, rates: Float[Array, " rates"], *, free: bool):
    """One fit a rate, and the mean absolute error of each on the rows it sees."""
    return jax.vmap(lambda rate: _descend_at(start, data, rate, free=free))(rates)


def _descend_at(start: Sloth, data: Data, rate, *, free: bool):
    plateau = optax.contrib.reduce_on_plateau(factor=_FALL, patience=_PLATEAU, rtol=1e-4)
    optimizer = optax.chain(optax.adam(rate), plateau)
    train = data.train.astype(data.scores.dtype)
    share = train[:, None] / (train.sum() * data.scores.shape[1])

    def loss(model: Sloth):
        error = jnp.abs(predict(model, data) - data.scores)
        smooth = jnp.where(error < _SHARP, error**2 / (2 * _SHARP), error - _SHARP / 2)
        return (share * smooth).sum(), (share * error).sum()

    def step(carry):
        model, state, best, least, waited, count = carry
        (value, error), slope = jax.value_and_grad(loss, has_aux=True)(model)
        if not free:
            slope = slope._replace(chance=jnp.zeros_like(slope.chance))
        change, state = optimizer.update(slope, state, model, value=value)
        model = eqx.apply_updates(model, change)
        if model.link is not None:
            model = model._replace(link=_increasing(model.link, lambda w: jnp.maximum(w, 0)))
        better = error + _TOLERANCE < least
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), model, best)
        least, waited = jnp.where(better, error, least), jnp.where(better, 0, waited + 1)
        return model, state, best, least, waited, count + 1

    def goes_on(carry):
        return (carry[-1] < _STEPS) & (carry[-2] < _PATIENCE)

    worst = jnp.array(jnp.inf, data.scores.dtype)
    begin = (start, optimizer.init(eqx.filter(start, eqx.is_array)), start, worst, 0, 0)
    _, _, best, least, _, _ = jax.lax.while_loop(goes_on, step, begin)
    return best, least
