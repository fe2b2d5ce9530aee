"""From a request that is well-formed to work that can be done, or the reason why it cannot."""

import secrets

from ...interp import InterpError, Model, TruthVector, room_for
from ._errors import ApiError
from ._limits import Limits
from ._plan import plan_of
from ._prompts import chat_tokens, prompt_tokens
from ._requests import ChatRequest, CompletionRequest
from ._work import Work

#: OpenAI's own default for completions; a conversation goes on to the server's limit.
_COMPLETION_TOKENS = 16
#: Below this, sampling is greedy in all but rounding; logits divided by less may overflow.
_GREEDY_BELOW = 0.01


def prepare(
    model: Model, vector: TruthVector | None, body: CompletionRequest | ChatRequest, limits: Limits
) -> list[Work]:
    """One piece of work per prompt. **Raises** `ApiError` for what is too much, or contradicts
    itself, or that the model cannot read."""
    plan = plan_of(model, vector, body.steering)
    temperature = body.temperature or 0.0
    temperature = temperature if temperature >= _GREEDY_BELOW else 0.0
    count = _count(body, limits)
    if isinstance(body, ChatRequest):
        prompts, texts = [chat_tokens(model, body.messages)], [""]
        logprobs, echo = None, False
    else:
        logprobs, echo = body.logprobs, bool(body.echo)
        _check_completion(
            body, count, temperature, guarded=plan is not None and plan.budget is not None
        )
        prompts = prompt_tokens(model, body.prompt)
        texts = _texts(model, body.prompt, prompts)
    for tokens in prompts:
        _check_length(
            model, tokens, limits, count=count, scored=count == 0 or (echo and logprobs is not None)
        )
    if count == 0 and not echo:
        raise ApiError(400, "0 new tokens are none; give 1 or more", param="max_tokens")
    if len(prompts) > 1 and plan is not None and plan.budget is not None:
        raise ApiError(400, "a budget is for one prompt; give one", param="steering.budget")
    seed = secrets.randbits(62) if body.seed is None else body.seed
    return [
        Work(
            tokens=tokens,
            max_tokens=count,
            temperature=temperature,
            seed=seed,
            stop=body.stops,
            plan=plan,
            logprobs=logprobs,
            echo=echo,
            prompt=text,
        )
        for tokens, text in zip(prompts, texts, strict=True)
    ]


def _count(body: CompletionRequest | ChatRequest, limits: Limits) -> int:
    count = body.max_tokens
    if isinstance(body, ChatRequest):
        count = body.max_completion_tokens if count is None else count
        count = limits.tokens if count is None else count
    count = min(_COMPLETION_TOKENS, limits.tokens) if count is None else count
    if count > limits.tokens:
        raise ApiError(
            400,
            f"max_tokens {count} is more than the {limits.tokens} that this server gives",
            param="max_tokens",
        )
    return count


def _check_completion(
    body: CompletionRequest, count: int, temperature: float, *, guarded: bool
) -> None:
    if body.logprobs is None:
        return
    if body.stream:
        raise ApiError(400, "logprobs are not streamed; leave out stream", param="logprobs")
    if guarded:
        raise ApiError(
            400, "a budget changes the strength from token to token, so that no one model has "
            "these logprobs; leave one of the two out", param="logprobs",
        )  # fmt: skip
    if body.echo and (count > 1 or (count == 1 and temperature > 0)):
        raise ApiError(
            400,
            "echo with logprobs scores a prompt: max_tokens is 0 or 1, and temperature 0",
            param="max_tokens",
        )


def _texts(model: Model, prompt: object, prompts: list[list[int]]) -> list[str]:
    """What `echo` repeats: the texts as given, of tokens their text."""
    given = prompt if isinstance(prompt, list) else [prompt]
    texts = [text for text in given if isinstance(text, str)]
    return texts or [model.decode(tokens) for tokens in prompts]


def _check_length(
    model: Model, tokens: list[int], limits: Limits, *, count: int, scored: bool
) -> None:
    param, code = "prompt", "context_length_exceeded"
    if len(tokens) > limits.prompt:
        raise ApiError(
            400,
            f"the prompt has {len(tokens)} tokens; this server reads {limits.prompt}: shorten it",
            param=param,
            code=code,
        )
    try:
        # A prompt that is only scored may fill the context.
        room_for(model, tokens[:-1] if scored else tokens, max(count, 1))
    except InterpError as error:
        raise ApiError(400, str(error), param=param, code=code) from None
