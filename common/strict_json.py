"""JSON of unknown origin, read without what is lost in silence or breaks the next step."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from .files import regular_bytes
from .words import shortened

#: Lists and objects inside each other; what this project reads is under ten deep.
_DEEPEST = 100
#: Digits of a whole number; from 309 on no float holds it.
_MOST_DIGITS = 308


def parse_strictly(text: str | bytes, *, constants: bool = False) -> object:
    """The document in `text`.

    **Arguments**: `constants` takes NaN and Infinity, which are no JSON, but written by Python's
    own writer.

    **Raises** `ValueError` of one line for what is no JSON, and for what JSON allows and a reader
    cannot use: a key that stands twice in one object (all but the last would be lost), brackets
    over 100 deep, whole numbers that no float holds, halves of a character.
    """
    try:
        # Python's own reader of bytes would let halves of characters through.
        said = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        document = json.loads(
            said,
            object_pairs_hook=no_key_twice,
            parse_int=_whole,
            parse_constant=float if constants else _no_constant,
        )
    except RecursionError:
        raise ValueError(f"its brackets are over {_DEEPEST} deep") from None
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None
    _check_depth(document)
    check_characters(said, document)
    return document


def read_strictly(path: Path, *, hint: str, error: type[ValueError] = ValueError) -> object:
    """The document in a file, as `parse_strictly`.

    **Raises** `error`, which names the file and ends with `hint`, for what cannot be read at all
    too.
    """
    try:
        return parse_strictly(regular_bytes(path))
    except OSError as problem:
        raise error(f"{path}: {problem.strerror or problem}; {hint}") from None
    except ValueError as problem:
        raise error(f"{path} is no whole JSON file ({problem}); {hint}") from None


def no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of its keys and values, for `json.loads`. Raises ValueError for a key that stands
    twice: all but the last would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {shortened(twice)} stands twice in one object")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _check_depth(document: object) -> None:
    level = _containers([document])
    for _ in range(_DEEPEST):
        level = _containers(
            value
            for container in level
            for value in (container.values() if isinstance(container, dict) else container)
        )
        if not level:
            return
    raise ValueError(f"its brackets are over {_DEEPEST} deep")


def _containers(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [cast(Any, value) for value in values if isinstance(value, dict | list)]


def check_characters(text: str | bytes, document: object) -> None:
    """Refuse halves of characters (lone surrogates) in a document that was read from `text`: they
    can be neither written nor shown.

    **Raises** `ValueError`.
    """
    if isinstance(text, bytes):
        suspect = b"\\ud" in text.lower() or b"\xed" in text  # as an escape, or in the bytes
    else:
        suspect = "\\ud" in text.lower()
    if not suspect:
        return
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it holds half a character (a lone surrogate)") from None
