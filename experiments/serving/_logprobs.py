"""Log-probabilities in the shapes of OpenAI's two interfaces."""

from collections.abc import Sequence
from typing import TypedDict

from ._score import Told


class Logprobs(TypedDict):
    """The `logprobs` of a completion: a list each, an entry per token."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


class TokenLogprob(TypedDict):
    """A token of a chat; `bytes` is null for a part of a character, which has no text."""

    token: str
    logprob: float
    bytes: list[int] | None


class ChatTokenLogprob(TokenLogprob):
    """The same with the likeliest in its place."""

    top_logprobs: list[TokenLogprob]


class ChatLogprobs(TypedDict):
    """The `logprobs` of a chat's choice."""

    content: list[ChatTokenLogprob]
    refusal: None


def as_lists(told: Sequence[Told]) -> Logprobs:
    """Those of a completion.

    The `top_logprobs` of a position hold the token that stands there too, as OpenAI's do. Tokens
    that are parts of characters can share a text; the likelier one keeps it.
    """
    offsets: list[int] = []
    top: list[dict[str, float] | None] = []
    offset = 0
    for token in told:
        offsets.append(offset)
        offset += len(token.text)
        names: dict[str, float] = {}
        for text, logprob in token.likeliest or ():
            names.setdefault(text, logprob)
        if token.logprob is not None:
            names.setdefault(token.text, token.logprob)
        top.append(names if token.likeliest is not None else None)
    return {
        "tokens": [token.text for token in told],
        "token_logprobs": [token.logprob for token in told],
        "top_logprobs": top,
        "text_offset": offsets,
    }


def as_content(told: Sequence[Told]) -> ChatLogprobs:
    """Those of a chat, whose tokens all have something before them."""
    content: list[ChatTokenLogprob] = [
        {
            **_one(token.text, token.logprob),
            "top_logprobs": [_one(text, logprob) for text, logprob in token.likeliest or ()],
        }
        for token in told
        if token.logprob is not None
    ]
    return {"content": content, "refusal": None}


def _one(text: str, logprob: float) -> TokenLogprob:
    whole = None if "\ufffd" in text else list(text.encode("utf-8"))
    return {"token": text, "logprob": logprob, "bytes": whole}
