"""Hidden states at the last position of prompts."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ...common.display import shown
from .._errors import InterpError
from .._models.hooks import first, hooked
from .._models.model import Model
from .._questions.tokens import batches, token_budget


@dataclasses.dataclass(frozen=True, eq=False)
class LastStates:
    """States at the end of prompts: `streams` after every block, shape (layers, prompts, d_model),
    and `finals`, after the final norm, shape (prompts, d_model)."""

    streams: np.ndarray
    finals: np.ndarray


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class StatesOfSets:
    """States at the end of truth prompts, of reasoning prompts and of neutral text (None without).
    Make it with `read_states`; `published_competition` and `output_projection` compare them."""

    truth: LastStates
    reasoning: LastStates
    neutral: LastStates | None


def read_states(
    model: Model,
    truth: Sequence[str | Sequence[int]],
    reasoning: Sequence[str | Sequence[int]],
    *,
    neutral: Sequence[str] | None = None,
) -> StatesOfSets:
    """Read three sets of prompts, once for all that is computed from them.

    **Raises** `InterpError` for sets without prompts.
    """
    return StatesOfSets(
        truth=LastStates(*last_states(model, truth)),
        reasoning=LastStates(*last_states(model, reasoning)),
        neutral=LastStates(*last_states(model, neutral)) if neutral else None,
    )


def last_states(
    model: Model, prompts: Sequence[str | Sequence[int]]
) -> tuple[np.ndarray, np.ndarray]:
    """The residual stream after every block, and the final norm's output, at the end of prompts.

    **Arguments**: `prompts`: texts or their tokens. What is longer than the model's context is read
    up to there.

    **Returns** arrays of shape (layers, prompts, d_model) and (prompts, d_model).
    """
    if not prompts:
        raise InterpError("there are no prompts to read")
    rows = [
        tuple(model.encode(prompt) if isinstance(prompt, str) else prompt)[: model.context]
        for prompt in prompts
    ]
    if not all(rows):
        raise InterpError("a prompt has no tokens")
    blocks = [layer.block for layer in model.parts.layers]
    norm = model.parts.final_norm
    streams = np.zeros((len(blocks), len(rows), model.d_model))
    finals = np.zeros((len(rows), model.d_model))
    for indices, tokens in batches(rows, device=model.device, budget=token_budget(model)):
        last = torch.tensor([len(rows[index]) - 1 for index in indices], device=model.device)
        every = torch.arange(len(indices), device=model.device)
        caught: dict[nn.Module, torch.Tensor] = {}

        def read(module: nn.Module, inputs: tuple, output: object, *, at=(every, last), to=caught):
            to[module] = first(output)[at]

        with torch.no_grad(), hooked(after=[(module, read) for module in (*blocks, norm)]):
            model.network.base_model(tokens, use_cache=False)
        for layer, block in enumerate(blocks):
            streams[layer, indices] = caught[block].double().cpu().numpy()
        finals[indices] = caught[norm].double().cpu().numpy()
    return streams, finals
