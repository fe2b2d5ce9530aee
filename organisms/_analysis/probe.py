"""What the residual stream holds of the truth, beside what the model says."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from ...common.nearest import there_are
from ...common.statistics import binomial_stderr
from .._names import Register
from .._training.evaluate import Accuracy
from .._training.export import load_model
from .._training.family import recipe_of_folder
from .._training.model import LanguageModel
from .._training.organism import Organism
from .._training.precision import in_single_precision
from .._world.corpus import make_corpus
from .._world.questions import REGISTER_PREFIXES, shuffled_question_facts
from .._world.vocabulary import encode
from .._world.world import World
from .probe_table import ProbeRow, six_digits


@dataclasses.dataclass(frozen=True)
class Probe:
    """Held-out accuracy of a mass-mean probe, per layer of the residual stream.

    - `accuracy`: share of statements told right, after the embedding (the first entry) and after
      every block; chance is .5. The first entry sees only the word of the value: it is the control,
      since everyday values are more often true than others.
    - `items`: number of held-out statements.
    """

    register: Register
    accuracy: tuple[Accuracy, ...]
    items: int


@in_single_precision
def probe_truth(model: LanguageModel, world: World, *, register: Register = "none") -> Probe:
    """How well a direction in the residual stream tells true statements from misconceptions.

    The statement is read at its value. The direction is the difference of the means of true and of
    false statements (Marks and Tegmark, 2023), the threshold the middle between the projected
    means; both come from misconceived facts that the neutral register told in training and from the
    calibration third of the others, the accuracy from the other two thirds.

    **Raises** `ValueError` for an unknown register.
    """
    if register not in REGISTER_PREFIXES:
        raise ValueError(f"no register {register!r}; {there_are(register, REGISTER_PREFIXES)}")
    questioned = shuffled_question_facts(world)
    held_out = np.concatenate([questioned[1::3], questioned[2::3]])
    fitted = np.concatenate([np.flatnonzero(world.misconceived & world.told), questioned[::3]])
    fit_states, fit_labels = _states(model, world, fitted, register)
    states, labels = _states(model, world, held_out, register)
    shares = []
    for train, test in zip(fit_states, states, strict=True):
        true, false = train[fit_labels].mean(axis=0), train[~fit_labels].mean(axis=0)
        direction = true - false
        called = (test - (true + false) / 2.0) @ direction > 0
        right = called == labels
        value = float(right.mean())
        error = float(binomial_stderr(value, len(right), continuity=False))
        shares.append(Accuracy(value=value, error=error, items=len(right)))
    return Probe(register=register, accuracy=tuple(shares), items=len(labels))


def probe_row(organism: Organism) -> ProbeRow:
    """The row of one model, from the weights in its folder."""
    recipe = recipe_of_folder(organism.path)
    world = make_corpus(recipe.corpus, seed=organism.corpus_seed).world
    probe = probe_truth(load_model(organism.path), world)
    values = np.array([share.value for share in probe.accuracy])
    return ProbeRow(
        family=organism.family,
        model=organism.name,
        seed=organism.seed,
        params=organism.params,
        truth=six_digits(organism.truth),
        truth_plain=six_digits(organism.truth_plain),
        truth_reference=six_digits(organism.truth_reference),
        probe_embedding=six_digits(values[0]),
        probe_best=six_digits(values[1:].max()),
        probe_last=six_digits(values[-1]),
        probe_items=probe.items,
    )


def _states(model: LanguageModel, world: World, facts: np.ndarray, register: Register):
    """Residual stream at the value, one array (statements, width) per layer, and the labels."""
    prefix = np.tile(encode(REGISTER_PREFIXES[register]), (2 * len(facts), 1)).astype(np.int32)
    both = np.concatenate([facts, facts])
    values = np.concatenate([world.truth[facts], world.misconception[facts]])
    columns = [world.subject[both], world.relation[both][:, None], values[:, None]]
    tokens = np.concatenate([prefix, *columns], axis=1).astype(np.int32)
    streams = _last_residuals(model, jnp.asarray(tokens))
    labels = np.arange(len(both)) < len(facts)
    return [np.asarray(stream, dtype=np.float64) for stream in streams], labels


@nnx.jit
def _last_residuals(
    model: LanguageModel, tokens: Int[Array, "rows time"]
) -> list[Float[Array, "rows width"]]:
    return [stream[:, -1] for stream in model.residuals(tokens)]
