"""Steered generation under a budget: how far the next-token distributions may move in all."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import torch

from ...common.checks import check_seed
from ...common.display import shown
from .._errors import InterpError
from .._models.ends import stop_tokens
from .._models.model import Model
from .generate import (
    Generated,
    Pieces,
    encode_prompt,
    finished,
    room_for,
)
from .sampling import check_temperature, check_top_p, drawn
from .steer import steer
from .vector import TruthVector

#: Shares of the full strength that are tried, from all of it to none.
RUNGS = (1.0, 0.75, 0.5, 0.25, 0.0)


@shown
@dataclasses.dataclass(frozen=True)
class Guarded:
    """A guarded text.

    - `generated`: the text.
    - `budget`, `spent`: nats of KL(steered || unsteered), summed over tokens.
    - `strengths`: the strength under which each token was chosen.
    - `backed_off`: number of tokens whose strength was below the full one.
    """

    generated: Generated
    budget: float
    spent: float
    strengths: tuple[float, ...]
    backed_off: int


def generate_guarded(
    model: Model,
    vector: TruthVector,
    prompt: str | Sequence[int],
    *,
    budget: float,
    strength: float | None = None,
    max_new_tokens: int = 40,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    force: bool = False,
    on_text: Callable[[str], None] | None = None,
    halt: Callable[[], bool] | None = None,
) -> Guarded:
    """Continue a prompt, steered as strongly as a KL budget allows.

    At every token the model is run at once under each strength of `RUNGS`, each with a cache of
    its own over the same text, so the last row is the unsteered model. The largest strength is
    taken whose KL(steered || unsteered) of the next token fits into what is left of the budget; the
    unsteered row always fits. One batched pass per token, five rows.

    **Raises** `InterpError` as `steer` and `generate` do, and for a budget that is no number ≥ 0.
    """
    if not (math.isfinite(budget) and budget >= 0):
        raise InterpError(f"a KL budget of {budget} is none; give nats, 0 or more")
    check_temperature(temperature)
    check_top_p(top_p)
    check_seed(seed, error=InterpError)
    tokens = encode_prompt(model, prompt)
    count = room_for(model, tokens, max_new_tokens)
    full = vector.strength if strength is None else strength
    ladder = [full * rung for rung in RUNGS]
    draw = torch.Generator().manual_seed(seed)
    stop = stop_tokens(model)
    pieces = None if on_text is None else Pieces(model, on_text)
    written: list[int] = []
    used: list[float] = []
    left, spent, halted = budget, 0.0, False
    with torch.no_grad(), steer(model, vector, strength=full, force=force) as applied:
        if applied is not None:
            shares = torch.tensor(RUNGS, dtype=model.dtype, device=model.device)
            applied.scale(shares[:, None, None])
        ids = torch.tensor([tokens] * len(RUNGS), device=model.device)
        cache = None
        for _ in range(count):
            output = model.network(ids, past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            logs = output.logits[:, -1].float().log_softmax(dim=-1).cpu()
            rung, cost = _highest(logs, left)
            left, spent = left - cost, spent + cost
            token = drawn(logs[rung], temperature, top_p, draw)
            written.append(token)
            used.append(ladder[rung])
            if token in stop:
                break
            if pieces is not None:
                pieces.add(token)
            if halt is not None and halt():
                halted = True
                break
            ids = torch.full((len(RUNGS), 1), token, device=model.device)
    if pieces is not None:
        pieces.end()
    return Guarded(
        generated=finished(model, written, prompt_tokens=len(tokens), halted=halted),
        budget=budget,
        spent=spent,
        strengths=tuple(used),
        backed_off=sum(value != full for value in used),
    )


def _highest(logs: torch.Tensor, left: float) -> tuple[int, float]:
    """The first row whose KL from the last row fits, and that KL. The last row costs nothing, and
    a row that is no distribution (steering beyond the number format) never fits."""
    plain = logs[-1]
    costs = (logs.exp() * (logs - plain)).nan_to_num(0.0).sum(dim=-1).clamp(min=0.0)
    costs[logs.isnan().any(dim=-1)] = math.inf
    costs[-1] = 0.0
    return next((row, cost) for row, cost in enumerate(costs.tolist()) if cost <= left)
