"""Answers as OpenAI's clients read them, whole and in pieces."""

import json
import secrets
import sys
import time
import traceback
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Literal, TypedDict

from ._errors import ApiError, as_api_error, error_body
from ._logprobs import as_content, as_lists
from ._work import Done


class Delta(TypedDict, total=False):
    """What a piece of a chat adds."""

    role: Literal["assistant"]
    content: str


class Shape:
    """The shape of completions, or of a chat's; one per answer, which has one id.

    `choices`: how many to each prompt. `usage`: whether a stream ends in it.
    """

    def __init__(self, *, model: str, chat: bool, choices: int = 1, usage: bool = False) -> None:
        self._chat, self._choices, self._usage = chat, choices, usage
        self._id = f"{'chatcmpl' if chat else 'cmpl'}-{secrets.token_hex(12)}"
        self._created, self._model = int(time.time()), model

    def whole(self, results: Sequence[Done]) -> dict[str, object]:
        """All at once."""
        choices = [self._choice(number, done) for number, done in enumerate(results)]
        kind = "chat.completion" if self._chat else "text_completion"
        return {
            **self._head(kind),
            "choices": choices,
            "usage": self._used(results),
            "steering": results[0].steering,
        }

    async def streamed(self, events: AsyncGenerator[tuple[int, str | Done]]) -> AsyncGenerator[str]:
        """Server-sent events, of which the last is `[DONE]`."""
        results: list[Done] = []
        begun: set[int] = set()
        try:
            async for number, item in events:
                if self._chat and number not in begun:
                    begun.add(number)
                    yield self._event(self._piece(number, {"role": "assistant", "content": ""}))
                if isinstance(item, Done):
                    results.append(item)
                    last = self._piece(number, {} if self._chat else "", finish=item.finish)
                    yield self._event(last, steering=item.steering)
                else:
                    yield self._event(
                        self._piece(number, {"content": item} if self._chat else item)
                    )
            if self._usage:
                yield self._event(None, usage=self._used(results))
        except Exception as error:
            # The status is sent already: what went wrong can only be one more event.
            yield line(error_body(told_on_stderr(error)))
        yield "data: [DONE]\n\n"

    def _choice(self, number: int, done: Done) -> dict[str, object]:
        rest: dict[str, object] = {"index": number, "finish_reason": done.finish, "logprobs": None}
        if self._chat:
            logs = None if done.logprobs is None else as_content(done.logprobs)
            message = {"role": "assistant", "content": done.text}
            return {"message": message, **rest, "logprobs": logs}
        logs = None if done.logprobs is None else as_lists(done.logprobs)
        return {"text": done.text, **rest, "logprobs": logs}

    def _piece(
        self, number: int, value: str | Delta, *, finish: str | None = None
    ) -> dict[str, object]:
        name = "delta" if self._chat else "text"
        return {name: value, "index": number, "finish_reason": finish, "logprobs": None}

    def _event(self, choice: Mapping[str, object] | None, **more: object) -> str:
        kind = "chat.completion.chunk" if self._chat else "text_completion"
        return line({**self._head(kind), "choices": [choice] if choice else [], **more})

    def _used(self, results: Sequence[Done]) -> dict[str, int]:
        read, written = used(results, choices=self._choices)
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


def used(results: Sequence[Done], *, choices: int = 1) -> tuple[int, int]:
    """Tokens that were read and written; a prompt counts once for all its choices."""
    read = sum(done.prompt_tokens for done in results[::choices])
    return read, sum(done.completion_tokens for done in results)


def told_on_stderr(error: Exception) -> ApiError:
    """What a client learns of an exception in the middle of an answer; the rest is on stderr."""
    answer = as_api_error(error)
    if answer.status >= 500:
        traceback.print_exception(error, file=sys.stderr)
    return answer


def line(value: Mapping[str, object]) -> str:
    """An event without a name."""
    return f"data: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n"
