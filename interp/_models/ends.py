"""Which tokens end a text, and whether a model was tuned to converse."""

from collections.abc import Sequence
from typing import Any

from .._errors import InterpError
from .model import Model

_MARK = "Certainly"


def stop_tokens(model: Model) -> tuple[int, ...]:
    """Tokens that end a text, as the model's own settings say."""
    ends = model.network.generation_config.eos_token_id
    if ends is None:
        ends = model.tokenizer.eos_token_id
    if ends is None:
        return ()
    return tuple(ends) if isinstance(ends, list | tuple) else (int(ends),)


def is_tuned(model: Model) -> bool:
    """Whether the tokenizer has a chat template and the model ends its texts as that template ends
    a turn: a base model may carry the template, and ends its texts otherwise."""
    if model.tokenizer.chat_template is None:
        return False
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": _MARK}]
    try:
        whole = templated(model, turns, answer=False)
    except InterpError:
        return False
    after = whole.rpartition(_MARK)[2].lstrip()
    following = model.encode(after, special=False) if after else []
    return bool(following) and following[0] in stop_tokens(model)


def templated(model: Model, turns: Sequence[dict[str, Any]], *, answer: bool) -> str:
    """A conversation by the tokenizer's own template, up to where an answer begins (`answer`) or to
    the end of the last turn. It holds all special tokens that there are to be.

    **Raises** `InterpError` where there is no template, or it refuses.
    """
    if model.tokenizer.chat_template is None:
        raise InterpError(f"the tokenizer of {model.name} has no chat template; take frame='plain'")
    try:
        return str(
            model.tokenizer.apply_chat_template(
                list(turns), add_generation_prompt=answer, tokenize=False
            )
        )
    except Exception as error:
        # The template is a program that comes with the model: whatever it raises is about what
        # it was given.
        reason = " ".join(str(error).split())[:300]
        raise InterpError(f"the chat template of {model.name} refuses this: {reason}") from None
