"""Values of a record, whatever it lacks: it is a file that anybody may have written."""

import math

from ...common.words import shortened

Record = dict[str, object]
#: Layers of a model, and heads of a layer: more than any has.
_MOST = 511


def model_name(name: str, record: Record) -> str:
    """The model that a record is about, else the name of its file."""
    model = record.get("model")
    named = model.get("name") if isinstance(model, dict) else model
    return str(named or name)


def number(value: object) -> float:
    """A recorded number; NaN for anything else, and for what is too large to be one."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def count(value: object, what: str) -> int:
    """The number of a layer or of a head. **Raises** `ValueError` for one that no model has."""
    at = number(value)
    if not (0 <= at <= _MOST and at == int(at)):
        raise ValueError(
            f"{what} {shortened(value)} is none; a number from 0 to {_MOST} is expected"
        )
    return int(at)


def part(record: Record, key: str) -> Record:
    """A part of a record with names of its own; empty where it has none."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def parts(record: Record, key: str) -> list[Record]:
    """The entries of a list in a record. **Raises** `TypeError` for an entry without names."""
    value = record[key]
    entries = value if isinstance(value, list) else []
    if not all(isinstance(entry, dict) for entry in entries):
        raise TypeError(f"an entry of {key} is no object; write each as {{...}}")
    return entries
