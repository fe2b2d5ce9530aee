"""The tokens of what a request wants continued."""

from collections.abc import Sequence
from typing import cast

from ...interp import InterpError, Model, encode_prompt
from ._errors import ApiError
from ._requests import Conversation, Prompt, Said


def prompt_tokens(model: Model, prompt: Prompt) -> list[list[int]]:
    """One list of tokens per prompt. **Raises** `ApiError` for what the model cannot read."""
    one = isinstance(prompt, str) or isinstance(prompt[0], int)  # a list of ids is one prompt
    prompts = cast("Sequence[str | list[int]]", [prompt] if one else prompt)
    return [_encoded(model, each, "prompt") for each in prompts]


def chat_tokens(model: Model, body: Conversation) -> list[int]:
    """A conversation by the tokenizer's own template; where it has none, as `role: content` lines
    that end in `assistant:`; where the tokenizer has no token for the roles, the contents alone.

    **Raises** `ApiError` for what the template refuses or the model cannot read.
    """
    turns, param = body.turns, body.said_in
    if model.tokenizer.chat_template is not None:
        return _encoded(model, _templated(model, turns, param), param)
    lines = [f"{turn.role}: {turn.text}" for turn in turns]
    try:
        return encode_prompt(model, "\n".join([*lines, "assistant:"]))
    except InterpError:
        return _encoded(model, "\n".join(turn.text for turn in turns), param)


def _templated(model: Model, turns: Sequence[Said], param: str) -> list[int]:
    # Templates know the older name of the developer's role.
    conversation = [
        {"role": "system" if t.role == "developer" else t.role, "content": t.text} for t in turns
    ]
    try:
        text = model.tokenizer.apply_chat_template(
            conversation, add_generation_prompt=True, tokenize=False
        )
    except Exception as error:
        # The template is a program that comes with the model: whatever it raises is about what
        # it was given.
        reason = " ".join(str(error).split())[:300]
        raise ApiError(
            400, f"the model's chat template refuses this: {reason}", param=param
        ) from None
    # The template has written the special tokens itself.
    return list(model.tokenizer(text, add_special_tokens=False)["input_ids"])


def _encoded(model: Model, prompt: str | list[int], param: str) -> list[int]:
    try:
        return encode_prompt(model, prompt)
    except InterpError as error:
        raise ApiError(400, str(error), param=param) from None
