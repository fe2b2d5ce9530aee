"""What a request may hold: the fields of OpenAI's requests that mean something here.

A field that would change the answer and is not honoured is refused unless it has its neutral value:
a client is never given something else than it wants.
"""

import dataclasses
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from ._errors import ApiError
from ._limits import MOST_LOGPROBS, MOST_PROMPTS, MOST_STOPS, MOST_STRENGTH, MOST_TOP
from ._neutral import (
    Indifferent,
    Neutral,
    NoList,
    NoPenalty,
    NoSound,
    NoTool,
    TextOnly,
    Tools,
    Unset,
)

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def hinted(hint: str) -> WrapValidator:
    """One sentence instead of a complaint for each member of a union."""

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(hint) from None

    return WrapValidator(check)


class AskedSteering(BaseModel):
    """How this one request is steered.

    - `strength`: share of the residual norm; the vector's own where left out; 0: not steered.
    - `ablate`: take the direction out instead. `budget`: nats of KL that steering may cost in all.
    - `positions`, `after`: where it is added, in place of the vector's own: `all`, `last` or a span
      such as `3:7`, or from a text on.
    - `answer_start`: for a vector that steers answers only, when a prompt is scored: the number of
      the answer's first token.
    """

    model_config = STRICT
    strength: Annotated[float, Field(ge=-MOST_STRENGTH, le=MOST_STRENGTH)] | None = None
    ablate: bool = False
    budget: Annotated[float, Field(ge=0, le=1e6)] | None = None
    positions: Annotated[str, Field(max_length=100)] | None = None
    after: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    answer_start: Annotated[int, Field(ge=1)] | None = None


class StreamOptions(BaseModel):
    """Of a streamed answer: whether usage comes last. Padding against listeners changes nothing."""

    model_config = STRICT
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


_Word = Annotated[str, Field(min_length=1, max_length=200)]
Stop = Annotated[
    _Word | Annotated[list[_Word], Field(max_length=MOST_STOPS)],
    hinted(f"give a string, or a list of at most {MOST_STOPS}, of 1 to 200 characters each"),
]


class TextRequest(BaseModel):
    """What all requests for texts share."""

    model_config = STRICT
    model: str
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    steering: AskedSteering | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The strings that end an answer."""
        return ()

    @property
    def choices(self) -> int:
        """How many answers to each prompt."""
        return 1

    @property
    def wanted(self) -> tuple[int | None, str]:
        """How many new tokens at most, and the field that says so."""
        raise NotImplementedError

    @property
    def top(self) -> int | None:
        """How many likeliest tokens are told beside each; None: no log-probabilities."""
        return None


class _OfChoices(TextRequest):
    """What the two older interfaces share."""

    max_tokens: Annotated[int, Field(ge=0)] | None = None
    stop: Stop | None = None
    n: Annotated[int, Field(ge=1, le=MOST_PROMPTS)] | None = None
    presence_penalty: NoPenalty = None
    frequency_penalty: NoPenalty = None
    logit_bias: Annotated[JsonValue, Neutral("no bias is honoured here", ({},))] = None

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def choices(self) -> int:
        return self.n or 1

    @property
    def wanted(self) -> tuple[int | None, str]:
        return self.max_tokens, "max_tokens"


_Tokens = list[Annotated[int, Field(ge=0, lt=2**31)]]
Prompt = Annotated[
    str
    | Annotated[list[str], Field(min_length=1, max_length=MOST_PROMPTS)]
    | Annotated[_Tokens, Field(min_length=1)]
    | Annotated[list[_Tokens], Field(min_length=1, max_length=MOST_PROMPTS)],
    hinted(f"give a string, a list of token ids, or a list of at most {MOST_PROMPTS} of these"),
]


class CompletionRequest(_OfChoices):
    """The body of `POST /v1/completions`."""

    prompt: Prompt
    echo: bool | None = None
    logprobs: Annotated[int, Field(ge=0, le=MOST_LOGPROBS)] | None = None
    best_of: int | None = None
    suffix: Annotated[JsonValue, Neutral("nothing is written before a suffix here", ("",))] = None
    user: str | None = None

    @property
    def top(self) -> int | None:
        return self.logprobs


@dataclasses.dataclass(frozen=True)
class Said:
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    text: str


class Conversation(TextRequest, Indifferent):
    """A request that is answered as the assistant."""

    @property
    def turns(self) -> tuple[Said, ...]:
        """What has been said."""
        raise NotImplementedError

    @property
    def said_in(self) -> str:
        """The field that holds it."""
        raise NotImplementedError


class TextPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = STRICT
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of a conversation; an answer may be sent back as it came."""

    model_config = STRICT
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str | list[TextPart], hinted("give a string, or a list of text parts")]
    name: str | None = None
    refusal: Unset = None
    annotations: NoList = None
    audio: NoSound = None
    function_call: NoTool = None
    tool_calls: Tools = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class ChatRequest(_OfChoices, Conversation):
    """The body of `POST /v1/chat/completions`."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    max_completion_tokens: Annotated[int, Field(ge=0)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MOST_TOP)] | None = None
    metadata: Annotated[JsonValue, Neutral("no answer is kept here", ({},))] = None
    response_format: TextOnly = None
    modalities: Annotated[JsonValue, Neutral("answers are plain text here", (["text"],))] = None
    audio: NoSound = None
    functions: NoList = None
    function_call: Annotated[
        JsonValue, Neutral("no functions are called here", ("none", "auto"))
    ] = None
    prediction: Unset = None
    web_search_options: Unset = None
    reasoning_effort: Annotated[
        JsonValue, Neutral("answers come without reasoning here", ("none",))
    ] = None
    verbosity: Annotated[JsonValue, Neutral("verbosity is not honoured here", ("medium",))] = None

    @property
    def turns(self) -> tuple[Said, ...]:
        return tuple(Said(message.role, message.text) for message in self.messages)

    @property
    def said_in(self) -> str:
        return "messages"

    @property
    def wanted(self) -> tuple[int | None, str]:
        if self.max_tokens is not None:
            return self.max_tokens, "max_tokens"
        return self.max_completion_tokens, "max_completion_tokens"

    @property
    def top(self) -> int | None:
        return (self.top_logprobs or 0) if self.logprobs else None


Kind = TypeVar("Kind", bound=TextRequest)


def parse(kind: type[Kind], content: bytes) -> Kind:
    """A request from its JSON. **Raises** `ApiError` that names the first field at fault."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        raise ApiError(400, f"the body is no JSON: {first['msg']}", code="invalid_json")
    param = ".".join(str(part) for part in first["loc"])[:200]
    message = first["msg"].removeprefix("Value error, ")
    raise ApiError(400, f"{param}: {message}" if param else message, param=param or None)


def schema_of(kind: type[BaseModel]) -> dict[str, object]:
    """Its JSON schema, with what it refers to put in, for the server's own description."""
    schema = kind.model_json_schema()
    parts = schema.pop("$defs", {})

    def put(value: object) -> object:
        if isinstance(value, list):
            return [put(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return put(parts[value["$ref"].rpartition("/")[2]])
        return {key: put(item) for key, item in value.items()}

    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": put(schema)}}}
    }
