"""The body of `POST /v1/responses`, in its plain form: a text or a list of messages."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

from ._neutral import Neutral, NoList, NothingKept, Unset
from ._requests import STRICT, Conversation, Said, hinted


class InputText(BaseModel):
    """A part of a message; what an answer held may be sent back as it came."""

    model_config = STRICT
    type: Literal["input_text", "output_text", "text"]
    text: str
    annotations: NoList = None
    logprobs: NoList = None


class InputMessage(BaseModel):
    """One message of a conversation."""

    model_config = STRICT
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str | list[InputText], hinted("give a string, or a list of text parts")]
    type: Literal["message"] = "message"
    id: str | None = None
    status: str | None = None
    phase: str | None = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class ResponsesRequest(Conversation):
    """The body of `POST /v1/responses`. `seed` is not OpenAI's here: samples can be had again."""

    input: Annotated[
        str | Annotated[list[InputMessage], Field(min_length=1, max_length=1000)],
        hinted(
            "give a string, or a list of 1 to 1000 messages with role (system, developer, user or "
            "assistant) and content (text)"
        ),
    ]
    instructions: str | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    metadata: Annotated[dict[str, str], Field(max_length=16)] | None = None
    background: Annotated[JsonValue, Neutral("nothing runs in the background here", (False,))] = (
        None
    )
    conversation: NothingKept = None
    previous_response_id: NothingKept = None
    prompt: NothingKept = None
    include: NoList = None
    max_tool_calls: Unset = None
    reasoning: Annotated[
        JsonValue,
        Neutral("answers come without reasoning here", ({}, {"effort": "none"})),
    ] = None
    text: Annotated[
        JsonValue,
        Neutral(
            "answers are plain text here",
            (
                {},
                {"format": {"type": "text"}},
                {"verbosity": "medium"},
                {"format": {"type": "text"}, "verbosity": "medium"},
            ),
        ),
    ] = None
    top_logprobs: Annotated[
        JsonValue, Neutral("log-probabilities are of chat/completions", (0,))
    ] = None
    truncation: Annotated[JsonValue, Neutral("nothing is cut off an input here", ("disabled",))] = (
        None
    )
    context_management: NoList = None
    image: Unset = None

    @property
    def turns(self) -> tuple[Said, ...]:
        first = () if self.instructions is None else (Said("system", self.instructions),)
        if isinstance(self.input, str):
            return (*first, Said("user", self.input))
        return (*first, *(Said(message.role, message.text) for message in self.input))

    @property
    def said_in(self) -> str:
        return "input"

    @property
    def wanted(self) -> tuple[int | None, str]:
        return self.max_output_tokens, "max_output_tokens"
