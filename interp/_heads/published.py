"""Competing heads as arXiv:2605.18838 counts them, beside the same count where nothing competes."""

import copy
import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ...common.checks import check_seed
from ...common.display import shown
from .._errors import InterpError
from .._models.model import Model
from .states import last_states

# The published thresholds: a cosine below this, on more than this share of the prompt pairs.
COSINE = -0.5
SHARE = 0.5


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
    truth_prompts: Sequence[str],
    reasoning_prompts: Sequence[str],
    *,
    neutral_prompts: Sequence[str] | None = None,
    seed: int = 0,
) -> PublishedCompetition:
    """Count "competing" layers by cosines of hidden states at the last position.

    States of any two texts share a large common part, so that their cosine is high whatever the
    texts are about: the two controls show how constant the count is.

    **Raises** `InterpError` without at least two prompts of each kind.
    """
    check_seed(seed, error=InterpError)
    count = min(len(truth_prompts), len(reasoning_prompts))
    if count < 2:
        raise InterpError("the published count needs at least two prompts of each kind")
    truth, reasoning = list(truth_prompts[:count]), list(reasoning_prompts[:count])
    states = last_states(model, truth + reasoning)[0]
    order = np.random.default_rng(seed).permutation(2 * count)
    shuffled = last_states(model, truth + reasoning, network=shuffled_network(model, seed=seed))[0]
    centred = None
    if neutral_prompts:
        mean = last_states(model, neutral_prompts)[0].mean(axis=1, keepdims=True)
        centred = _align((states - mean)[:, :count], (states - mean)[:, count:])
    return PublishedCompetition(
        published=_align(states[:, :count], states[:, count:]),
        random_prompt_pairs=_align(states[:, order[:count]], states[:, order[count:]]),
        shuffled_weights=_align(shuffled[:, :count], shuffled[:, count:]),
        centred=centred,
    )


def shuffled_network(model: Model, *, seed: int) -> nn.Module:
    """A copy of the network, the entries of every weight tensor in random order."""
    network = copy.deepcopy(model.network)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            flat = parameter.reshape(-1)
            order = torch.randperm(flat.numel(), generator=generator).to(flat.device)
            parameter.copy_(flat[order].reshape(parameter.shape))
    return network


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
