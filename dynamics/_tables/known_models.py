"""Base models that the shipped table knows: for names that state no size, and for submissions."""

import csv
import math
from functools import lru_cache
from typing import NamedTuple

from ...data import shipped
from .model_names import plain_name


class KnownModel(NamedTuple):
    """A model of the shipped table `uniform`: its family and size (a count)."""

    family: str
    params: float


@lru_cache(maxsize=1)
def known_models() -> dict[str, KnownModel]:
    """Base models by their plain name; those that the table flags as tuned are not among them."""
    with shipped("uniform.csv").open(encoding="utf-8", newline="") as file:
        return {
            plain_name(row["model"]): KnownModel(row["family"], float(row["params"] or math.nan))
            for row in csv.DictReader(file)
            if "instruct" not in row["flags"].split(";")
        }
