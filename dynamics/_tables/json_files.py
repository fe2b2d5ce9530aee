"""JSON that others wrote: read it, and look into it without trusting its shape."""

import json
from pathlib import Path

from ...common.strict_json import check_characters, no_key_twice
from .problems import TableError


def parse_json(path: Path, content: bytes | str) -> object:
    """The document in `content`. Raises TableError, naming the file, where it is broken."""
    try:
        return loaded(content)
    except (ValueError, RecursionError) as error:
        why = str(error)[:80] or type(error).__name__
        problem = f"not readable as JSON ({why})"
        raise TableError(path, problem, "run the harness again, or remove the file") from None


def loaded(content: bytes | str) -> object:
    """The document in `content`. Raises ValueError or RecursionError where it is broken, for a
    key that stands twice, and for halves of characters, which no table and no page can show."""
    document = json.loads(content, object_pairs_hook=no_key_twice)
    check_characters(content, document)
    return document


def as_dict(value: object) -> dict:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A name or a number as text, empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value)[:500].split())


def as_number(value: object) -> float:
    """A number as a float, NaN for anything else and for what no float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("nan")
