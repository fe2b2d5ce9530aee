"""Log-probabilities of given tokens, in the shape of OpenAI's older interface."""

import dataclasses
from typing import TypedDict

import torch

from ...interp import Model

#: Rows of logits that are normalised at once: a copy of all of them may be gigabytes.
_ROWS = 256
#: JSON has no minus infinity.
_LEAST = -9999.0


class Logprobs(TypedDict):
    """The `logprobs` of a choice: a list each, an entry per token."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


@dataclasses.dataclass(frozen=True)
class Scored:
    """Every token's log-probability after those before it (None for the first), and of the
    likeliest tokens at each position; `following` is the likeliest token after all of them."""

    tokens: tuple[int, ...]
    values: tuple[float | None, ...]
    likeliest: tuple[tuple[tuple[int, float], ...] | None, ...]
    following: int


def score(model: Model, tokens: list[int], *, top: int, extend: bool) -> Scored:
    """Score a text in one pass of the model as it is now: inside `steer(...)` the steered one.

    `extend`: score the likeliest next token too, as the last one.
    """
    with torch.no_grad():
        ids = torch.tensor([tokens], device=model.device)
        logits = model.network(ids, use_cache=False).logits[0]
    following = int(logits[-1].argmax())
    targets = [*tokens[1:], following] if extend else tokens[1:]
    values: list[float | None] = [None]
    likeliest: list[tuple[tuple[int, float], ...] | None] = [None]
    for start in range(0, len(targets), _ROWS):
        wanted = torch.tensor(targets[start : start + _ROWS], device=model.device)
        logs = logits[start : start + len(wanted)].float().log_softmax(dim=-1).clamp(min=_LEAST)
        values += logs.gather(1, wanted[:, None])[:, 0].tolist()
        best, which = logs.topk(max(top, 1), dim=-1)
        for values_of, names in zip(best.tolist(), which.tolist(), strict=True):
            likeliest.append(tuple(zip(names[:top], values_of[:top], strict=True)))
    return Scored(
        tokens=(*tokens, following) if extend else tuple(tokens),
        values=tuple(values),
        likeliest=tuple(likeliest),
        following=following,
    )


def logprobs_of(model: Model, scored: Scored, *, start: int) -> Logprobs:
    """The `logprobs` of a choice, for the tokens from `start` on.

    The `top_logprobs` of a position hold the token that stands there too, as OpenAI's do. Tokens
    that are parts of characters can share a text; the likelier one keeps it.
    """

    def text(token: int) -> str:
        return model.tokenizer.decode([token])

    texts = [text(token) for token in scored.tokens[start:]]
    offsets: list[int] = []
    top: list[dict[str, float] | None] = []
    offset = 0
    for own, value, best in zip(
        texts, scored.values[start:], scored.likeliest[start:], strict=True
    ):
        offsets.append(offset)
        offset += len(own)
        names: dict[str, float] = {}
        for token, logprob in best or ():
            names.setdefault(text(token), logprob)
        if value is not None:
            names.setdefault(own, value)
        top.append(names if best is not None else None)
    return {
        "tokens": texts,
        "token_logprobs": list(scored.values[start:]),
        "top_logprobs": top,
        "text_offset": offsets,
    }
