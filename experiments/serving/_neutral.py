"""Fields of OpenAI's that mean nothing here, and how they are met.

Clients send most of them in every request, at the value that changes nothing: at that they are
taken. Anything else is refused by name, since the answer would not be what was asked for.
"""

import dataclasses
import json
from typing import Annotated

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclasses.dataclass(frozen=True)
class Neutral:
    """A field that may be null or one of `values`; `why` says what is missing here. Clients that
    write out all that a group may hold send nulls in it, which say nothing."""

    why: str
    values: tuple[JsonValue, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"enum": [None, *self.values]}

    def _check(self, value: JsonValue) -> JsonValue:
        said: JsonValue = value
        if isinstance(value, dict):
            kept: dict[str, JsonValue] = {
                k: inner for k, inner in value.items() if inner is not None
            }
            said = kept
        if said is None or any(_same(said, known) for known in self.values):
            return value
        known = f" or give {self._said()}" if self.values else ""
        raise ValueError(f"{self.why}; leave it out{known}")

    def _said(self) -> str:
        return " or ".join(json.dumps(value) for value in self.values)


def _same(value: JsonValue, known: JsonValue) -> bool:
    """Equality in which true is no 1."""
    return value == known and isinstance(value, bool) == isinstance(known, bool)


_NO_TOOLS = "no tools are called here"
_TEXT = "answers are plain text here"
_NOT_KEPT = "no answer is kept here"

Tools = Annotated[JsonValue, Neutral(_NO_TOOLS, ([],))]
ToolChoice = Annotated[JsonValue, Neutral(_NO_TOOLS, ("none", "auto"))]
AnyOfTools = Annotated[JsonValue, Neutral(_NO_TOOLS, (True, False))]
NoTool = Annotated[JsonValue, Neutral(_NO_TOOLS)]
TextOnly = Annotated[JsonValue, Neutral(_TEXT, ({"type": "text"},))]
NoSound = Annotated[JsonValue, Neutral(_TEXT)]
NoPenalty = Annotated[JsonValue, Neutral("penalties are not honoured here", (0,))]
NoList = Annotated[JsonValue, Neutral("this is not read here", ([],))]
Unset = Annotated[JsonValue, Neutral("this is not honoured here")]
NotKept = Annotated[JsonValue, Neutral(_NOT_KEPT, (False,))]
NothingKept = Annotated[JsonValue, Neutral(_NOT_KEPT)]


class Indifferent(BaseModel):
    """Fields of both kinds of chat that change no answer, and those that must be neutral."""

    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    service_tier: Annotated[JsonValue, Neutral("there is one tier here", ("auto", "default"))] = (
        None
    )
    store: NotKept = None
    tools: Tools = None
    tool_choice: ToolChoice = None
    parallel_tool_calls: AnyOfTools = None
    moderation: Unset = None
    prompt_cache_options: Unset = None
