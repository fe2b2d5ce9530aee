"""What a model's name says: its size, its family, which spellings mean the same model."""

import math
import re
from types import MappingProxyType
from typing import NamedTuple

_UNIT = MappingProxyType({"m": 1e6, "b": 1e9})
# 410m, 6.7b, 1_6b, BLOOM's way to write 7.1 billion (7b1), the product 8x7b, the active a14b.
_SIZE = re.compile(
    r"(?<![0-9a-z.])(?:([0-9]+)x|(a))?([0-9]+)(?:[._]([0-9]+))?([mb])(?:(?<=b)([0-9]))?(?![a-z0-9])",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[^a-z0-9.]+")
# Experts share attention and embeddings: 8x7B has 46.7e9 parameters, 8x22B has 141e9.
_SHARE_OF_PRODUCT = 0.8


class NamedSizes(NamedTuple):
    """Sizes that a name states, counts of parameters, each NaN where it states none.

    - `total`: `opt-6.7b` gives 6.7e9; NaN also where there are two such sizes.
    - `product`: about the total that `8x7B` stands for.
    - `active`: `57B-A14B` gives 14e9.
    """

    total: float
    product: float
    active: float


def sizes_in_name(model: str) -> NamedSizes:
    """Sizes that a model's name states."""
    totals, product, active = [], math.nan, math.nan
    for experts, is_active, whole, decimals, unit, after in _SIZE.findall(short_name(model)):
        size = float(f"{whole}.{decimals or after or 0}") * _UNIT[unit.lower()]
        size *= float(experts or 1)
        if size == 0:
            continue
        if experts:
            product = _SHARE_OF_PRODUCT * size
        elif is_active:
            active = size
        else:
            totals.append(size)
    return NamedSizes(totals[0] if len(totals) == 1 else math.nan, product, active)


def family_in_name(model: str) -> str:
    """The name up to its size (`Llama-2-7b-hf` gives `Llama-2`), empty where no size is found."""
    name = short_name(model)
    match = _SIZE.search(name)
    return name[: match.start()].rstrip("-_. ") if match else ""


def short_name(model: str) -> str:
    """The name without its organisation: `EleutherAI/pythia-70m` gives `pythia-70m`."""
    return model.rstrip("/").rsplit("/", 1)[-1]


def plain_name(model: str) -> str:
    """One spelling for all spellings of a name: no organisation, case, separators, `-hf`."""
    return _SEPARATORS.sub("", short_name(model).lower().removesuffix("-hf"))
