"""The language model: a decoder with exactly the semantics of GPT-NeoX, in Flax (nnx).

Pre-layer-norm blocks with rotary positions on all head dimensions, biases everywhere but in the
output map, an untied output map, ReLU, and the sequential residual stream
(`use_parallel_residual: false` in the export).
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from .precision import in_single_precision
from .shape import ModelShape

ROTARY_BASE = 10_000.0
LAYER_NORM_EPS = 1e-5


class Block(nnx.Module):
    """One block: attention, then MLP, each on its own layer norm, each added to the residual
    stream."""

    def __init__(self, shape: ModelShape, *, silent: bool, rngs: nnx.Rngs):
        def linear(inputs: int, outputs: int, scale: float) -> nnx.Linear:
            # N(0, 1/inputs) reads; what writes into the residual stream starts smaller.
            init = nnx.initializers.variance_scaling(scale, "fan_in", "normal")
            return nnx.Linear(inputs, outputs, kernel_init=init, rngs=rngs)

        write = 1.0 / (2 * shape.layers)
        self.heads = shape.heads
        self.norm_attention = nnx.LayerNorm(
            shape.width, epsilon=LAYER_NORM_EPS, use_fast_variance=False, rngs=rngs
        )
        # Outputs ordered as (head, q/k/v, dimension), the order of GPT-NeoX checkpoints.
        self.query_key_value = linear(shape.width, 3 * shape.width, 1.0)
        self.attention_out = linear(shape.width, shape.width, write)
        self.norm_mlp = nnx.LayerNorm(
            shape.width, epsilon=LAYER_NORM_EPS, use_fast_variance=False, rngs=rngs
        )
        self.mlp_in = None if silent else linear(shape.width, shape.mlp, 2.0)
        self.mlp_out = None if silent else linear(shape.mlp, shape.width, write)

    def __call__(self, x: Float[Array, "batch time width"]) -> Float[Array, "batch time width"]:
        x = x + self._attention(self.norm_attention(x))
        if self.mlp_in is not None and self.mlp_out is not None:
            x = x + self.mlp_out(jax.nn.relu(self.mlp_in(self.norm_mlp(x))))
        return x

    def _attention(self, x: Float[Array, "batch time width"]) -> Float[Array, "batch time width"]:
        batch, time, width = x.shape
        size = width // self.heads
        qkv = self.query_key_value(x).reshape(batch, time, self.heads, 3, size)
        q, k, v = qkv[:, :, :, 0], qkv[:, :, :, 1], qkv[:, :, :, 2]
        cos, sin = _rotary(time, size, dtype=x.dtype)
        q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) * jnp.asarray(size**-0.5, x.dtype)
        causal = jnp.tril(jnp.ones((time, time), dtype=bool))[None, None]
        scores = jnp.where(causal, scores, jnp.asarray(-1e30, x.dtype))
        mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores, axis=-1), v)
        return self.attention_out(mixed.reshape(batch, time, width))


class LanguageModel(nnx.Module):
    """A decoder over a closed vocabulary; call it on token ids to get logits."""

    def __init__(self, shape: ModelShape, *, rngs: nnx.Rngs):
        self.embedding: nnx.Embed = nnx.Embed(
            shape.vocabulary,
            shape.width,
            embedding_init=nnx.initializers.normal(stddev=shape.width**-0.5),
            rngs=rngs,
        )
        first_silent = shape.layers - shape.silent_mlps
        self.blocks: nnx.List[Block] = nnx.List(
            Block(shape, silent=layer >= first_silent, rngs=rngs) for layer in range(shape.layers)
        )
        self.norm: nnx.LayerNorm = nnx.LayerNorm(
            shape.width, epsilon=LAYER_NORM_EPS, use_fast_variance=False, rngs=rngs
        )
        init = nnx.initializers.variance_scaling(1.0, "fan_in", "normal")
        inner = shape.unembedding
        self.unembedding_in: nnx.Linear | None = (
            nnx.Linear(shape.width, inner, use_bias=False, kernel_init=init, rngs=rngs)
            if inner
            else None
        )
        self.unembedding: nnx.Linear = nnx.Linear(
            inner or shape.width, shape.vocabulary, use_bias=False, kernel_init=init, rngs=rngs
        )

    def __call__(self, tokens: Int[Array, "batch time"]) -> Float[Array, "batch time vocabulary"]:
        x = self.norm(self.residuals(tokens)[-1])
        if self.unembedding_in is not None:
            x = self.unembedding_in(x)
        return self.unembedding(x)

    def residuals(self, tokens: Int[Array, "batch time"]) -> list[Float[Array, "batch time width"]]:
        """The residual stream after the embedding and after every block."""
        streams = [self.embedding(tokens)]
        for block in self.blocks:
            streams.append(block(streams[-1]))
        return streams


@in_single_precision
def make_model(shape: ModelShape, *, seed: int) -> LanguageModel:
    """A model with fresh float32 weights; the same seed gives the same weights."""
    return LanguageModel(shape, rngs=nnx.Rngs(seed))


def blank_model(shape: ModelShape) -> LanguageModel:
    """A model whose parameters have shapes and no values yet; give each one with `set_value`."""
    return nnx.eval_shape(lambda: LanguageModel(shape, rngs=nnx.Rngs(0)))


def _rotary(time: int, size: int, *, dtype: jnp.dtype):
    """Cosines and sines of the rotary positions, shape (1, time, 1, size / 2)."""
    frequency = ROTARY_BASE ** (-jnp.arange(0, size, 2, dtype=dtype) / size)
    angle = jnp.arange(time, dtype=dtype)[:, None] * frequency[None, :]
    return jnp.cos(angle)[None, :, None, :], jnp.sin(angle)[None, :, None, :]


def _rotate(x: Float[Array, "batch time head size"], cos: Array, sin: Array):
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
