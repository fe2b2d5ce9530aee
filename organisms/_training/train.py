"""Training: AdamW under jit, one scan per stretch, resumable with the same weights at the end."""

import dataclasses
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int

from ...common.checks import check_seed
from ...common.display import shown
from ...common.progress import Progress, silent
from .._errors import OrganismError
from .._world.corpus import Corpus, make_corpus
from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .model import LanguageModel, make_model
from .organism import organism_name
from .precision import in_single_precision
from .recipe import Recipe
from .shape import ModelShape

STRETCH = 50
HELD_OUT_STRETCH = 1_000_000
# One thread per model: how XLA shares a product among threads, and so the last bits of its sums,
# would depend on the number of cores. `train(workers=...)` keeps the cores busy instead.
COMPILER_OPTIONS = {"xla_cpu_multi_thread_eigen": False}


@shown
@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A trained model with what made it.

    - `model`: the network; `shape`: its sizes; `recipe`, `width`, `seed`, `corpus_seed`: the
      settings.
    - `losses`: mean training loss of every stretch, nats per token.
    - `loss`, `loss_stderr`: loss on fresh text of the same corpus with its standard error over
      rows.
    """

    model: LanguageModel
    shape: ModelShape
    recipe: Recipe
    width: int
    seed: int
    corpus_seed: int
    corpus: Corpus
    losses: np.ndarray
    loss: float
    loss_stderr: float

    @property
    def name(self) -> str:
        """Name of the organism: family, width, and the seed where it is not 0."""
        return organism_name(self.recipe.name, self.width, self.seed)


@in_single_precision
def train_model(
    recipe: Recipe,
    *,
    width: int,
    seed: int,
    corpus_seed: int | None = None,
    checkpoint: Path | None = None,
    save_every: float = 30.0,
    on_progress: Progress | None = None,
    on_loss: Callable[[str, float], None] | None = None,
) -> TrainedModel:
    """Train one model, in 32-bit JAX whatever the caller has set.

    **Arguments**

    - `recipe`, `width`: what to train.
    - `seed`: of the initial weights; `corpus_seed`: of world and text, by default the same number.
    - `checkpoint`: file to save to at least every `save_every` seconds (0: after every stretch).
      Where it exists, training goes on from it and ends with the same weights as an unbroken run
      on this machine.
    - `on_progress`: counts optimiser steps after every stretch, the part being the organism's
      name; `on_loss`: called before it with that name and the mean loss of the stretch, in nats per
      token.

    **Raises** `OrganismError` for a width that the recipe does not have, for a checkpoint of
    another run and for a full disk.
    """
    corpus_seed = seed if corpus_seed is None else corpus_seed
    check_seed(seed, error=OrganismError)
    check_seed(corpus_seed, name="corpus_seed", error=OrganismError)
    shape = recipe.shape(width)
    steps = recipe.steps_of(width)
    settings = run_settings(recipe, width)
    corpus = make_corpus(recipe.corpus, seed=corpus_seed)
    fingerprint = recipe.fingerprint(width)

    model = make_model(shape, seed=seed)
    graph, weights = nnx.split(model)
    carry = (weights, _optimiser(settings).init(weights))
    tree = jax.tree.structure(carry)
    done, losses = 0, []
    if checkpoint is not None:
        stored = load_checkpoint(
            checkpoint, fingerprint=fingerprint, width=width, seed=seed, corpus_seed=corpus_seed
        )
        if stored is not None:
            done, losses = stored.step, list(stored.losses)
            carry = jax.tree.unflatten(tree, [jnp.asarray(leaf) for leaf in stored.leaves])

    tell = on_progress or silent
    name, saved = organism_name(recipe.name, width, seed), time.monotonic()
    while done < steps:
        count = min(STRETCH, steps - done)
        rows = stretch_rows(corpus, recipe, done=done, count=count, steps=steps)
        carry, stretch_losses = _run_stretch(
            carry, jnp.asarray(rows), graph=graph, settings=settings
        )
        done += count
        losses.append(float(jnp.mean(stretch_losses)))
        now = time.monotonic()
        if checkpoint is not None and (now - saved >= save_every or done == steps):
            save_checkpoint(
                checkpoint,
                Checkpoint(
                    fingerprint=fingerprint,
                    width=width,
                    seed=seed,
                    corpus_seed=corpus_seed,
                    step=done,
                    leaves=tuple(np.asarray(leaf) for leaf in jax.tree.leaves(carry)),
                    losses=np.array(losses),
                ),
            )
            saved = now
        if on_loss is not None:
            on_loss(name, losses[-1])
        tell(name, done, steps)

    model = nnx.merge(graph, carry[0])
    loss, loss_stderr = held_out_loss(model, corpus, recipe)
    return TrainedModel(
        model=model,
        shape=shape,
        recipe=recipe,
        width=width,
        seed=seed,
        corpus_seed=corpus_seed,
        corpus=corpus,
        losses=np.array(losses),
        loss=loss,
        loss_stderr=loss_stderr,
    )


def stretch_rows(
    corpus: Corpus, recipe: Recipe, *, done: int, count: int, steps: int
) -> np.ndarray:
    """Token rows of `count` steps after `done` steps, shape (count, batch, context + 1)."""
    progress = np.repeat((done + np.arange(count)) / steps, recipe.batch)
    length = recipe.context + 1
    rows = corpus.rows(done // STRETCH, rows=len(progress), length=length, progress=progress)
    return rows.reshape(count, recipe.batch, length)


def held_out_loss(model: LanguageModel, corpus: Corpus, recipe: Recipe) -> tuple[float, float]:
    """Loss on text that was never trained on (the plain mixture), nats per token, and its
    standard error."""
    rows = corpus.rows(
        HELD_OUT_STRETCH, rows=512, length=recipe.context + 1, progress=np.zeros(512)
    )
    per_row = np.asarray(_row_losses(model, jnp.asarray(rows)))
    return float(per_row.mean()), float(per_row.std(ddof=1) / np.sqrt(len(per_row)))


@dataclasses.dataclass(frozen=True)
class _Settings:
    """What a compiled stretch depends on besides its arrays."""

    shape: ModelShape
    peak: float
    steps: int
    decay: float


def run_settings(recipe: Recipe, width: int) -> _Settings:
    """What the compiled stretch of this width depends on."""
    return _Settings(
        shape=recipe.shape(width),
        peak=recipe.learning_rate * (16.0 / width) ** 0.5,
        steps=recipe.steps_of(width),
        decay=recipe.weight_decay,
    )


def _optimiser(settings: _Settings) -> optax.GradientTransformation:
    """AdamW with a linear warm-up over a twentieth of the steps and a cosine down to a fiftieth."""
    rate = optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=settings.peak,
        warmup_steps=max(1, settings.steps // 20),
        decay_steps=max(2, settings.steps),
        end_value=settings.peak / 50.0,
    )
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(rate, b2=0.98, weight_decay=settings.decay),
    )


@functools.partial(
    jax.jit,
    static_argnames=("graph", "settings"),
    donate_argnums=0,
    compiler_options=COMPILER_OPTIONS,
)
def _run_stretch(
    carry: Any, rows: Int[Array, "steps batch time"], *, graph: Any, settings: _Settings
):
    optimiser = _optimiser(settings)

    def loss_of(weights: Any, batch: Int[Array, "batch time"]) -> Float[Array, ""]:
        return jnp.mean(_token_losses(nnx.merge(graph, weights), batch))

    def step(carry: Any, batch: Int[Array, "batch time"]):
        weights, state = carry
        loss, gradient = jax.value_and_grad(loss_of)(weights, batch)
        updates, state = optimiser.update(gradient, state, weights)
        return (optax.apply_updates(weights, updates), state), loss

    return jax.lax.scan(step, carry, rows)


@nnx.jit
def _row_losses(model: LanguageModel, rows: Int[Array, "rows time"]) -> Float[Array, " rows"]:
    return jnp.mean(_token_losses(model, rows), axis=1)


def _token_losses(
    model: LanguageModel, rows: Int[Array, "rows time"]
) -> Float[Array, "rows before"]:
    logits = model(rows[:, :-1])
    return optax.softmax_cross_entropy_with_integer_labels(logits, rows[:, 1:])
