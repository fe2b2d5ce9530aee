"""Values of a record, whatever it lacks: it is a file that anybody may have written."""

import math

Record = dict[str, object]


def model_name(name: str, record: Record) -> str:
    """The model that a record is about, else the name of its file."""
    model = record.get("model")
    named = model.get("name") if isinstance(model, dict) else model
    return str(named or name)


def number(value: object) -> float:
    """A recorded number; NaN for anything else."""
    return float(value) if isinstance(value, int | float) else math.nan


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
