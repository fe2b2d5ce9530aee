"""Log-probabilities of given tokens, by the model as it is now."""

import dataclasses

import torch

from ...interp import Model

#: Rows of logits that are normalised at once: a copy of all of them may be gigabytes.
_ROWS = 256
#: JSON has no minus infinity.
_LEAST = -9999.0


@dataclasses.dataclass(frozen=True)
class Told:
    """What is told of one token: its text, its log-probability (None where nothing stands before
    it), and the texts and log-probabilities of the likeliest tokens in its place."""

    text: str
    logprob: float | None
    likeliest: tuple[tuple[str, float], ...] | None


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


def told_of(model: Model, scored: Scored, *, start: int) -> tuple[Told, ...]:
    """What is told of the tokens from `start` on."""

    def text(token: int) -> str:
        return model.tokenizer.decode([token])

    return tuple(
        Told(
            text=text(token),
            logprob=value,
            likeliest=None if best is None else tuple((text(other), log) for other, log in best),
        )
        for token, value, best in zip(
            scored.tokens[start:], scored.values[start:], scored.likeliest[start:], strict=True
        )
    )
