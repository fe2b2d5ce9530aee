"""What a request may hold: the fields of OpenAI's two requests that mean something here.

A field that would change the answer and is not honoured is refused unless it has its neutral value:
a client is never given something else than it wants.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from ._errors import ApiError
from ._limits import MOST_LOGPROBS, MOST_PROMPTS, MOST_STOPS, MOST_STRENGTH

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _hinted(hint: str) -> WrapValidator:
    """One sentence instead of a complaint for each member of a union."""

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(hint) from None

    return WrapValidator(check)


class Steering(BaseModel):
    """How this one request is steered.

    - `strength`: share of the residual norm; the vector's own where left out; 0: not steered.
    - `ablate`: take the direction out instead. `budget`: nats of KL that steering may cost in all.
    - `answer_start`: for a vector that steers answers only, when a prompt is scored: the number of
      the answer's first token.
    """

    model_config = _STRICT
    strength: Annotated[float, Field(ge=-MOST_STRENGTH, le=MOST_STRENGTH)] | None = None
    ablate: bool = False
    budget: Annotated[float, Field(ge=0, le=1e6)] | None = None
    answer_start: Annotated[int, Field(ge=1)] | None = None


class StreamOptions(BaseModel):
    """Of a streamed answer: whether usage comes last."""

    model_config = _STRICT
    include_usage: bool | None = None


_Word = Annotated[str, Field(min_length=1, max_length=200)]
Stop = Annotated[
    _Word | Annotated[list[_Word], Field(max_length=MOST_STOPS)],
    _hinted(f"give a string, or a list of at most {MOST_STOPS}, of 1 to 200 characters each"),
]


class _Request(BaseModel):
    model_config = _STRICT
    model: str
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Stop | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    steering: Steering | None = None
    n: Literal[1] | None = None
    top_p: Literal[1] | None = None
    presence_penalty: Literal[0] | None = None
    frequency_penalty: Literal[0] | None = None
    logit_bias: Annotated[dict[str, float], Field(max_length=0)] | None = None
    user: str | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The strings that end an answer."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


_Tokens = list[Annotated[int, Field(ge=0, lt=2**31)]]
Prompt = Annotated[
    str
    | Annotated[list[str], Field(min_length=1, max_length=MOST_PROMPTS)]
    | Annotated[_Tokens, Field(min_length=1)]
    | Annotated[list[_Tokens], Field(min_length=1, max_length=MOST_PROMPTS)],
    _hinted(f"give a string, a list of token ids, or a list of at most {MOST_PROMPTS} of these"),
]


class CompletionRequest(_Request):
    """The body of `POST /v1/completions`."""

    prompt: Prompt
    echo: bool | None = None
    logprobs: Annotated[int, Field(ge=0, le=MOST_LOGPROBS)] | None = None
    best_of: Literal[1] | None = None
    suffix: Literal[""] | None = None


class TextPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = _STRICT
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of a conversation."""

    model_config = _STRICT
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str | list[TextPart], _hinted("give a string, or a list of text parts")]
    name: str | None = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class ChatRequest(_Request):
    """The body of `POST /v1/chat/completions`."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    max_completion_tokens: Annotated[int, Field(ge=0)] | None = None
    logprobs: Literal[False] | None = None


Kind = TypeVar("Kind", bound=_Request)


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
