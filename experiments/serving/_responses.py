"""Answers of `/v1/responses` as OpenAI's clients read them, whole and in events."""

import json
import secrets
import time
from collections.abc import AsyncGenerator, Sequence

from ._responses_request import ResponsesRequest
from ._shapes import told_on_stderr, used
from ._work import Done


class ResponsesShape:
    """The shape of one response, which is one message. Nothing is kept: it cannot be had again."""

    def __init__(self, body: ResponsesRequest, *, model: str) -> None:
        self._body, self._model = body, model
        self._id, self._item = f"resp_{secrets.token_hex(24)}", f"msg_{secrets.token_hex(24)}"
        self._created, self._number = time.time(), 0

    def whole(self, results: Sequence[Done]) -> dict[str, object]:
        """All at once."""
        (done,) = results
        read, written = used(results)
        cut = done.finish == "length"
        return {
            **self._head("incomplete" if cut else "completed"),
            "completed_at": None if cut else time.time(),
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "output": [self._message(done.text, "incomplete" if cut else "completed")],
            "usage": {
                "input_tokens": read,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": written,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": read + written,
            },
            "steering": done.steering,
        }

    async def streamed(self, events: AsyncGenerator[tuple[int, str | Done]]) -> AsyncGenerator[str]:
        """Server-sent events with names and numbers, of which the last holds the whole."""
        place: dict[str, object] = {"output_index": 0}
        part: dict[str, object] = {**place, "item_id": self._item, "content_index": 0}
        try:
            for kind in ("created", "in_progress"):
                yield self._event(f"response.{kind}", response=self._head("in_progress"))
            empty = {**self._message("", "in_progress"), "content": []}
            yield self._event("response.output_item.added", **place, item=empty)
            yield self._event("response.content_part.added", **part, part=_text(""))
            async for _, item in events:
                if isinstance(item, str):
                    yield self._event("response.output_text.delta", **part, delta=item, logprobs=[])
                    continue
                said, status = item.text, "incomplete" if item.finish == "length" else "completed"
                yield self._event("response.output_text.done", **part, text=said, logprobs=[])
                yield self._event("response.content_part.done", **part, part=_text(said))
                message = self._message(said, status)
                yield self._event("response.output_item.done", **place, item=message)
                yield self._event(f"response.{status}", response=self.whole([item]))
        except Exception as error:
            # The status is sent already: what went wrong can only be one more event.
            answer = told_on_stderr(error)
            message = " ".join(answer.message.split())
            yield self._event("error", message=message, code=answer.code, param=answer.param)

    def _head(self, status: str) -> dict[str, object]:
        """What is known before the text; fields of OpenAI's that mean nothing here are neutral."""
        body = self._body
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "metadata": body.metadata or {},
            "model": self._model,
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "store": False,
            "temperature": body.temperature or 0.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0 if body.top_p is None else body.top_p,
            "truncation": "disabled",
            "usage": None,
            "user": body.user,
        }

    def _message(self, text: str, status: str) -> dict[str, object]:
        return {
            "id": self._item,
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [_text(text)],
        }

    def _event(self, kind: str, **fields: object) -> str:
        value = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        data = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return f"event: {kind}\ndata: {data}\n\n"


def _text(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
