"""Values of a record, whatever it lacks."""

import math
from typing import Any


def model_name(name: str, record: dict) -> str:
    """The model that a record is about, else the name of its file."""
    model = record.get("model")
    named = model.get("name") if isinstance(model, dict) else model
    return str(named or name)


def number(value: Any) -> float:
    """A recorded number; NaN for anything else."""
    return float(value) if isinstance(value, int | float) else math.nan
