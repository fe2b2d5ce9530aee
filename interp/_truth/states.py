"""States of texts at all hook points, in one pass over them."""

import contextlib
from collections.abc import Sequence

import numpy as np
import torch

from .._errors import InterpError
from .._models.blocks import blocks_until
from .._models.model import Model
from .._questions.passes import abilities
from .._questions.tokens import batches, token_budget
from .._steering.hook_point import HookPoint, StreamReader

#: Times the median norm above which a position's activations are called massive.
MASSIVE = 10


def states_at(
    model: Model, rows: Sequence[Sequence[int]], hook_points: Sequence[HookPoint], *, back: int = 1
) -> np.ndarray:
    """The residual stream at one position of every row, shape (hook_points, rows, d_model).

    **Arguments**: `rows` of token ids; `back`: 1 for the last position, 2 for the one before it.
    """
    check_rows(model, rows, shortest=back)
    states = np.zeros((len(hook_points), len(rows), model.d_model), dtype=np.float32)
    for indices, tokens in batches(rows, device=model.device, budget=token_budget(model)):
        last = torch.tensor([len(rows[index]) - back for index in indices], device=model.device)
        every = torch.arange(len(indices), device=model.device)
        reader = _read(model, tokens, hook_points)
        for number, point in enumerate(hook_points):
            states[number, indices] = reader.states[point][every, last].float().cpu().numpy()
    return states


def all_states(model: Model, rows: Sequence[Sequence[int]], hook_point: HookPoint) -> np.ndarray:
    """The residual stream at all positions of all rows, shape (positions, d_model)."""
    check_rows(model, rows, shortest=1)
    states = []
    for indices, tokens in batches(rows, device=model.device, budget=token_budget(model)):
        lengths = torch.tensor([len(rows[index]) for index in indices], device=model.device)
        reader = _read(model, tokens, [hook_point])
        inside = torch.arange(tokens.shape[1], device=model.device) < lengths[:, None]
        states.append(reader.states[hook_point][inside].float().cpu().numpy())
    return np.concatenate(states)


def residual_norms(
    model: Model, rows: Sequence[Sequence[int]], hook_points: Sequence[HookPoint]
) -> np.ndarray:
    """Mean norm of the residual stream over the positions of the rows, shape (hook_points,).

    Positions whose norm is more than ten times the median are left out: many models keep massive
    activations at the first token, which attention uses as a sink (Sun et al. 2024,
    arXiv:2402.17762). One of them among a dozen ordinary positions would make the mean ten times
    that of any other, and a share of it no share of what is steered.
    """
    check_rows(model, rows, shortest=1)
    norms: list[list[torch.Tensor]] = [[] for _ in hook_points]
    for indices, tokens in batches(rows, device=model.device, budget=token_budget(model)):
        lengths = torch.tensor([len(rows[index]) for index in indices], device=model.device)
        reader = _read(model, tokens, hook_points)
        inside = torch.arange(tokens.shape[1], device=model.device) < lengths[:, None]
        for number, point in enumerate(hook_points):
            norms[number].append(reader.states[point][inside].float().norm(dim=-1))
    means = []
    for some in norms:
        most = MASSIVE * torch.cat(some).median()
        ordinary = [norm[norm <= most] for norm in some]
        means.append(sum(float(norm.sum()) for norm in ordinary) / sum(map(len, ordinary)))
    return np.array(means)


def _read(model: Model, tokens: torch.Tensor, hook_points: Sequence[HookPoint]) -> StreamReader:
    """One pass, no further than the last hook point."""
    above = max(point.layer for point in hook_points) + 1
    ends = abilities(model).resumes and above < model.n_layers
    with (
        torch.no_grad(),
        blocks_until(model, above) if ends else contextlib.nullcontext(),
        StreamReader(model, hook_points) as reader,
    ):
        model.network.base_model(tokens, use_cache=False)
    return reader


def check_rows(model: Model, rows: Sequence[Sequence[int]], *, shortest: int) -> None:
    """Refuse no rows, rows without the position that is to be read, and rows that are longer than
    the model's context."""
    if not rows:
        raise InterpError("there are no texts to read")
    if min(len(row) for row in rows) < shortest:
        raise InterpError(f"a text has fewer than {shortest} token(s)")
    longest = max(rows, key=len)
    if len(longest) > model.context:
        raise InterpError(
            f"{model.name} reads {model.context} tokens, and a text has {len(longest)}: "
            f"{model.decode(longest[:24])!r}…; leave it out or shorten it"
        )
