"""Base models that are known as such: for names that state no size, and for submissions."""

import csv
import math
from functools import lru_cache
from typing import NamedTuple

from ...data import shipped
from .model_names import plain_name

# Families of base models that the shipped table does not hold, with sizes from their makers'
# model cards: names on leaderboards that state no size, or that were handed in as fine-tuned.
_MORE = (
    ("fairseq-dense", "KoboldAI/fairseq-dense-{}", "125M 355M 1.3B 2.7B 6.7B 13B",
     "125e6 355e6 1.3e9 2.7e9 6.7e9 13e9"),
    ("Sheared-LLaMA", "princeton-nlp/Sheared-LLaMA-{}", "1.3B 2.7B", "1.35e9 2.7e9"),
    ("open-calm", "cyberagent/open-calm-{}", "small medium large 1b 3b 7b",
     "160e6 400e6 830e6 1.4e9 2.7e9 6.8e9"),
    ("palmyra", "Writer/palmyra-{}", "small base large", "128e6 5e9 20e9"),
    ("gpt3-finnish", "TurkuNLP/gpt3-finnish-{}", "small medium large xl 3B 8B 13B",
     "186e6 437e6 881e6 1.5e9 2.8e9 7.5e9 13.3e9"),
)  # fmt: skip


class KnownModel(NamedTuple):
    """A base model: its `name` with its maker, its family, its size (a count)."""

    name: str
    family: str
    params: float


@lru_cache(maxsize=1)
def known_models() -> dict[str, KnownModel]:
    """Base models by their plain name: those of the shipped table `uniform` that it does not flag
    as tuned, and a few families more."""
    with shipped("uniform.csv").open(encoding="utf-8", newline="") as file:
        models = [
            KnownModel(row["model"], row["family"], float(row["params"] or math.nan))
            for row in csv.DictReader(file)
            if "instruct" not in row["flags"].split(";")
        ]
    for family, name, ends, sizes in _MORE:
        for end, size in zip(ends.split(), sizes.split(), strict=True):
            models.append(KnownModel(name.format(end), family, float(size)))
    return {plain_name(model.name): model for model in models}


def is_known(model: str) -> bool:
    """Whether a model, with its maker, is a base model that is known."""
    known = known_models().get(plain_name(model))
    return known is not None and known.name.casefold() == model.casefold()
