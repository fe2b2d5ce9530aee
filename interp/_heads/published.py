"""Competing heads as arXiv:2605.18838 counts them, beside the same count where nothing competes."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from ...common.checks import check_seed
from ...common.display import shown
from .._errors import InterpError
from .._models.model import Model
from .states import StatesOfSets, last_states, read_states

# The published thresholds: a cosine below this, on more than this share of the prompt pairs.
COSINE = -0.5
SHARE = 0.5
#: Entries of a weight tensor that change places among each other in the shuffled control.
STRETCH = 1 << 16


@dataclasses.dataclass(frozen=True)
class Alignment:
    """Cosines between paired states, per layer.

    - `competing_layers`: layers where the cosine lies below -0.5 on more than half of the pairs.
    - `mean_cosine`: per layer; `pairs`: how many.
    """

    competing_layers: int
    mean_cosine: tuple[float, ...]
    pairs: int


@shown
@dataclasses.dataclass(frozen=True)
class PublishedCompetition:
    """The published count and its controls.

    - `published`: truth prompts against reasoning prompts.
    - `random_prompt_pairs`: prompts of both sets paired at random, whatever they are about.
    - `shuffled_weights`: the published pairs in a network whose every weight tensor is shuffled.
    - `centred`: the published pairs, the mean state of independent text taken off first.
      None where no such text was given.
    """

    published: Alignment
    random_prompt_pairs: Alignment
    shuffled_weights: Alignment
    centred: Alignment | None


def published_competition(
    model: Model,
    truth_prompts: Sequence[str | Sequence[int]],
    reasoning_prompts: Sequence[str | Sequence[int]],
    *,
    neutral_prompts: Sequence[str] | None = None,
    states: StatesOfSets | None = None,
    seed: int = 0,
) -> PublishedCompetition:
    """Count "competing" layers by cosines of hidden states at the last position.

    **Arguments**: `states` of these prompts, where they have been read already (`read_states`).

    States of any two texts share a large common part, so that their cosine is high whatever the
    texts are about: the two controls show how constant the count is.

    **Raises** `InterpError` without at least two prompts of each kind.
    """
    check_seed(seed, error=InterpError)
    count = min(len(truth_prompts), len(reasoning_prompts))
    if count < 2:
        raise InterpError("the published count needs at least two prompts of each kind")
    truth, reasoning = list(truth_prompts[:count]), list(reasoning_prompts[:count])
    known = states or read_states(model, truth, reasoning, neutral=neutral_prompts)
    paired = known.truth.streams[:, :count], known.reasoning.streams[:, :count]
    both = np.concatenate(paired, axis=1)
    order = np.random.default_rng(seed).permutation(2 * count)
    with shuffled_weights(model, seed=seed):
        shuffled = last_states(model, truth + reasoning)[0]
    centred = None
    if known.neutral is not None:
        mean = known.neutral.streams.mean(axis=1, keepdims=True)
        centred = _align(paired[0] - mean, paired[1] - mean)
    return PublishedCompetition(
        published=_align(*paired),
        random_prompt_pairs=_align(both[:, order[:count]], both[:, order[count:]]),
        shuffled_weights=_align(shuffled[:, :count], shuffled[:, count:]),
        centred=centred,
    )


@contextlib.contextmanager
def shuffled_weights(model: Model, *, seed: int) -> Iterator[None]:
    """The model with the entries of every weight tensor in random order, for the length of a `with`
    block.

    In place, some entries at a time: a copy of the network would need its memory again. Entries
    change places within stretches of 65,536, in an order of each tensor's own: an order of all
    entries of a large tensor takes as long as reading a hundred prompts. The orders are drawn again
    to undo them, so that afterwards every weight is what it was, bit for bit.
    """
    weights = list(model.network.parameters())
    done = 0
    try:
        for weight, order in zip(weights, _orders(weights, seed), strict=True):
            _reorder(weight, order)
            done += 1
        yield
    finally:
        for weight, order in zip(weights[:done], _orders(weights, seed), strict=False):
            _reorder(weight, order, undo=True)


def _orders(weights: Sequence[torch.Tensor], seed: int) -> Iterator[torch.Tensor]:
    """A random order of each tensor's stretches."""
    generator = torch.Generator().manual_seed(seed)
    for weight in weights:
        length = min(weight.numel(), STRETCH)
        yield torch.randperm(length, generator=generator).to(weight.device)


def _reorder(weight: torch.Tensor, order: torch.Tensor, *, undo: bool = False) -> None:
    """Put the entries of every stretch in an order; a last, shorter one takes the order's part."""
    flat = weight.data.reshape(-1)
    last = order[order < len(flat) % len(order)]
    if undo:
        order, last = order.argsort(), last.argsort()
    for stretch in flat.split(len(order)):
        stretch.copy_(stretch[order if len(stretch) == len(order) else last])
    if not weight.data.is_contiguous():  # then `flat` is a copy
        weight.data.copy_(flat.reshape(weight.shape))


def _align(first: np.ndarray, second: np.ndarray) -> Alignment:
    """Cosines of states (layers, pairs, d_model)."""
    norms = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosines = (first * second).sum(-1) / np.maximum(norms, np.finfo(float).tiny)
    below = (cosines < COSINE).mean(axis=1) > SHARE
    return Alignment(
        competing_layers=int(below.sum()),
        mean_cosine=tuple(float(value) for value in cosines.mean(axis=1)),
        pairs=first.shape[1],
    )
