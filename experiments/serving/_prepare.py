"""From a request that is well-formed to work that can be done, or the reason why it cannot."""

import secrets

from ...interp import InterpError, Model, TruthVector, room_for
from ._errors import ApiError
from ._limits import MOST_PROMPTS, Limits
from ._plan import plan_of
from ._prompts import chat_tokens, prompt_tokens
from ._requests import ChatRequest, CompletionRequest, Conversation, TextRequest
from ._work import Work

#: OpenAI's own default for completions; a conversation goes on to the server's limit.
_COMPLETION_TOKENS = 16
#: Below this, sampling is greedy in all but rounding; logits divided by less may overflow.
_GREEDY_BELOW = 0.01


def prepare(
    model: Model, vector: TruthVector | None, body: TextRequest, limits: Limits
) -> list[Work]:
    """One piece of work per prompt and choice, those of one prompt together.

    **Raises** `ApiError` for what is too much, or contradicts itself, or that the model cannot
    read.
    """
    plan = plan_of(model, vector, body.steering)
    temperature = body.temperature or 0.0
    temperature = temperature if temperature >= _GREEDY_BELOW else 0.0
    count = _count(body, limits)
    _check_logprobs(body, guarded=plan is not None and plan.budget is not None)
    echo = False
    if isinstance(body, CompletionRequest):
        echo = bool(body.echo)
        _check_completion(body, count, temperature)
        prompts = prompt_tokens(model, body.prompt)
        texts = _texts(model, body.prompt, prompts)
    else:
        assert isinstance(body, Conversation)
        prompts, texts = [chat_tokens(model, body)], [""]
    scored = count == 0 or (echo and body.top is not None)
    for tokens in prompts:
        _check_length(model, tokens, limits, count=count, scored=scored, param=_said_in(body))
    if count == 0 and not echo:
        raise ApiError(400, "0 new tokens are none; give 1 or more", param=body.wanted[1])
    _check_choices(body, len(prompts), temperature)
    if len(prompts) * body.choices > 1 and plan is not None and plan.budget is not None:
        raise ApiError(400, "a budget is for one text; ask for one", param="steering.budget")
    seed = secrets.randbits(62) if body.seed is None else body.seed
    return [
        Work(
            tokens=tokens,
            max_tokens=count,
            temperature=temperature,
            top_p=1.0 if body.top_p is None else body.top_p,
            seed=seed + choice,
            stop=body.stops,
            plan=plan,
            logprobs=body.top,
            echo=echo,
            prompt=text,
        )
        for tokens, text in zip(prompts, texts, strict=True)
        for choice in range(body.choices)
    ]


def _count(body: TextRequest, limits: Limits) -> int:
    count, param = body.wanted
    if count is None:
        most = limits.tokens
        return min(_COMPLETION_TOKENS, most) if isinstance(body, CompletionRequest) else most
    if count > limits.tokens:
        raise ApiError(
            400,
            f"{param} {count} is more than the {limits.tokens} that this server gives",
            param=param,
        )
    return count


def _said_in(body: TextRequest) -> str:
    return body.said_in if isinstance(body, Conversation) else "prompt"


def _check_choices(body: TextRequest, prompts: int, temperature: float) -> None:
    if body.choices == 1:
        return
    if temperature == 0:
        raise ApiError(
            400,
            f"at temperature 0 all {body.choices} texts would be the same one; give a temperature, "
            "or n 1",
            param="n",
        )
    if prompts * body.choices > MOST_PROMPTS:
        raise ApiError(
            400, f"{prompts} prompts times n {body.choices} are more than the {MOST_PROMPTS} texts "
            "that this server writes at once", param="n",
        )  # fmt: skip


def _check_logprobs(body: TextRequest, *, guarded: bool) -> None:
    if isinstance(body, ChatRequest) and body.top_logprobs and not body.logprobs:
        raise ApiError(400, "top_logprobs are given with logprobs true", param="top_logprobs")
    if body.top is None:
        return
    if body.stream:
        raise ApiError(400, "logprobs are not streamed; leave out stream", param="logprobs")
    if guarded:
        raise ApiError(
            400, "a budget changes the strength from token to token, so that no one model has "
            "these logprobs; leave one of the two out", param="logprobs",
        )  # fmt: skip


def _check_completion(body: CompletionRequest, count: int, temperature: float) -> None:
    if body.best_of not in (None, body.choices):
        raise ApiError(
            400,
            f"best_of {body.best_of} with n {body.choices}: all texts that are written are given; "
            "leave best_of out",
            param="best_of",
        )
    if body.logprobs is None or not body.echo:
        return
    if count > 1 or (count == 1 and temperature > 0):
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
    model: Model, tokens: list[int], limits: Limits, *, count: int, scored: bool, param: str
) -> None:
    code = "context_length_exceeded"
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
