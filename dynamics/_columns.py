"""The columns of a score table that are not scores, their spellings, and how a size is written."""

import math
import re
from types import MappingProxyType

TEXT_COLUMNS = ("family", "model", "date", "lab", "source", "flags", "kind", "uniform_model")
NUMBER_COLUMNS = (
    "params",
    "active_params",
    "d_model",
    "layers",
    "tokens",
    "flops",
    "seed",
    "loss",
)
REQUIRED_COLUMNS = ("family", "model", "params")

# Spellings of other people's tables, ObsScaling's among them.
_SPELLINGS = MappingProxyType(
    {
        "model family": "family",
        "model size (b)": "params_b",
        "model name": "model",
        "parameters": "params",
        "n_params": "params",
        "size": "params",
        "size_b": "params_b",
        "hidden_size": "d_model",
        "n_layers": "layers",
        "pretraining data size (t)": "tokens_t",
        "tokens (t)": "tokens_t",
        "flops (1e21)": "flops_1e21",
    }
)
# A column in another unit: what it becomes, and its factor.
SCALED_COLUMNS = MappingProxyType(
    {
        "params_b": ("params", 1e9),
        "params_m": ("params", 1e6),
        "active_params_b": ("active_params", 1e9),
        "tokens_b": ("tokens", 1e9),
        "tokens_t": ("tokens", 1e12),
        "flops_1e21": ("flops", 1e21),
    }
)
_SUFFIX = MappingProxyType({"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12})
_SIZE = re.compile(r"([0-9][0-9_,]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)\s*([KMBT]?)", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"(?<![0-9a-z.x])([0-9]+(?:[._][0-9]+)?)([mb])(?![a-z0-9])", re.I)
_EXPERTS = re.compile(r"(?<![0-9])([0-9]+)x([0-9]+(?:\.[0-9]+)?)b", re.IGNORECASE)
_ACTIVE = re.compile(r"(?<![0-9])([0-9.]+)b-a([0-9.]+)b", re.IGNORECASE)


def canonical_column(heading: str) -> str:
    """The known column that a heading names, or the heading itself."""
    lowered = heading.strip().lower()
    known = (*TEXT_COLUMNS, *NUMBER_COLUMNS, *SCALED_COLUMNS)
    return lowered if lowered in known else _SPELLINGS.get(lowered, heading.strip())


def parse_count(text: str) -> float:
    """A count as people write it: `6900000000`, `6.9B`, `410M`, `1_000`. NaN where it is none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return math.nan
    return float(match[1].replace(",", "").replace("_", "")) * _SUFFIX[match[2].upper()]


def size_in_name(model: str) -> float:
    """The size that a model's name states (`opt-6.7b` gives 6.7e9), NaN where it states none."""
    found = _SIZE_IN_NAME.findall(model.rsplit("/", 1)[-1])
    sizes = [float(n.replace("_", ".")) * _SUFFIX[unit.upper()] for n, unit in found]
    return sizes[0] if len(sizes) == 1 else math.nan


def total_size_in_name(model: str) -> float:
    """Total size of a mixture of experts by its name, NaN where the name shows none.

    `8x7B` states an upper limit (experts share attention), of which 0.8 is the usual total;
    `57B-A14B` states the total itself.
    """
    if match := _ACTIVE.search(model):
        return float(match[1]) * 1e9
    if match := _EXPERTS.search(model):
        return 0.8 * float(match[1]) * float(match[2]) * 1e9
    return math.nan
