"""What a model's name says: its size, its family, which spellings mean the same model."""

import math
import re
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from .cells import SHARE_OF_PRODUCT

_UNIT = MappingProxyType({"m": 1e6, "b": 1e9})
_AFTER = r"(?=chat|inst|sft|dpo|rlhf|aligned|base|hf(?![a-z]))"
# 410m, 6.7b, 1_6b, BLOOM's way to write 7.1 billion (7b1), the product 8x7b, the active a14b,
# and what is glued to it: 7bchat.
_SIZE = re.compile(
    r"(?<![0-9a-z.])(?:([0-9]{1,4})x|(a))?([0-9]{1,12})(?:[._]([0-9]{1,12}))?([mb])"
    rf"(?:(?<=b)([0-9]))?(?:(?![a-z0-9])|{_AFTER})",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[^a-z0-9.]+")
# A date as makers write it into names: 1124, 0425 (month and year), 2407, 240611, 20240611.
_DATE = re.compile(
    r"[-_. ](?:(?:0[1-9]|1[0-2])2[2-9]|2[2-9](?:0[1-9]|1[0-2])|2[2-9][01][0-9][0-3][0-9]"
    r"|20[12][0-9]-?[01][0-9](?:-?[0-3][0-9])?)$"
)
# Behind the size, these say that other data or another way of training made the model.
_VARIETY = re.compile(
    r"(?<![a-z0-9.])(?<!step[-_])(deduped|python|multi|mono|nl|code|math|coder|v[2-9]"
    r"|(?:4|8|16|32|64|100|128|200|256|512|1000)k)(?![a-z0-9])",
    re.IGNORECASE,
)
_TOKENS = re.compile(r"[-_ ]*tok(?:en)?s?(?![a-z])(?![-_ ]?[0-9])", re.IGNORECASE)
_TOKENS_BEFORE = re.compile(r"(?:tok(?:en)?s?|step|steps|[0-9]+k)[-_ ]*$", re.IGNORECASE)
# How weights are stored is no part of a model's name.
_STORED = re.compile(r"(?:[-_ ](?:hf|fp16|bf16|f16|fp32|llamafied))+$")
# Parts of a path that name no model.
_NAMELESS = re.compile(
    r"(hf|final|best|last|main|model|models?|weights|output|outputs|ckpt|export|merged|latest|"
    r"(checkpoint|ckpt|step|epoch|iter|global_step)[-_ ]?[0-9]*|[0-9]+)",
    re.IGNORECASE,
)


class NamedSizes(NamedTuple):
    """Sizes that a name states, counts of parameters, each NaN where it states none.

    - `total`: `opt-6.7b` gives 6.7e9; NaN also where there are two such sizes.
    - `product`: about the total that `8x7B` stands for.
    - `active`: `57B-A14B` gives 14e9.
    """

    total: float
    product: float
    active: float


@lru_cache(maxsize=1 << 13)
def sizes_in_name(model: str) -> NamedSizes:
    """Sizes that a model's name states; of a path, the last part that states any."""
    totals: list[float] = []
    product = active = math.nan
    name = naming_part(model)
    matches = list(_SIZE.finditer(name))
    if len(matches) > 1:
        matches = [match for match in matches if not _is_tokens(name, match)]
    for match in matches:
        experts, is_active, whole, decimals, unit, after = match.groups()
        size = float(f"{whole}.{decimals or after or 0}") * _UNIT[unit.lower()]
        size *= float(experts or 1)
        if size == 0:
            continue
        if experts:
            product = SHARE_OF_PRODUCT * size
        elif is_active:
            active = size
        elif size not in totals:
            totals.append(size)
    return NamedSizes(totals[0] if len(totals) == 1 else math.nan, product, active)


@lru_cache(maxsize=1 << 13)
def family_in_name(model: str) -> str:
    """The name up to its size, empty where no size is there: `Llama-2-7b-hf` gives `Llama-2`.

    A date in it is no part of a family (`OLMo-2-1124-7B`, `OLMo-2-0425-1B`: `OLMo-2`), nor is
    `Meta-` before Llama; what stands behind the size and says that other data made the model is
    (`pythia-1b-deduped`: `pythia-deduped`, `open_llama_7b_v2`: `open_llama-v2`).
    """
    name = naming_part(model)
    match = _SIZE.search(name)
    if match is None:
        return ""
    before = name[: match.start()].rstrip("-_. ([{")
    if not before:
        before = _part_before(model)
    before = re.sub(r"^meta[-_ ](?=llama)", "", before, flags=re.IGNORECASE)
    dated = _DATE.search(before)
    if dated is not None:
        before = before[: dated.start()].rstrip("-_. ") or before
    if not before:
        return ""
    varieties = dict.fromkeys(_VARIETY.findall(name[match.end() :]))
    return "-".join((before, *varieties))


def maker_in_name(model: str) -> str:
    """The organisation of a hub's name `org/name`, empty where there is none or a longer path."""
    organisation, slash, name = model.strip("/").partition("/")
    return organisation if slash and "/" not in name and not model.startswith(".") else ""


@lru_cache(maxsize=1 << 13)
def naming_part(model: str) -> str:
    """The part of a name or path that names the model: the last with a size, else the last that
    is more than `hf`, `final` or `checkpoint-14000`."""
    if "/" not in model and "\\" not in model:
        return model.partition("__")[2] or model
    parts = [part for part in model.replace("\\", "/").split("/") if part]
    if len(parts) < 2:
        return parts[0].partition("__")[2] or parts[0] if parts else ""
    for part in reversed(parts):
        if _SIZE.search(part):
            return part
    return next((p for p in reversed(parts) if not _NAMELESS.fullmatch(p)), parts[-1])


def short_name(model: str) -> str:
    """The name without its organisation: `EleutherAI/pythia-70m` gives `pythia-70m`."""
    return model.rstrip("/").rsplit("/", 1)[-1]


@lru_cache(maxsize=1 << 13)
def plain_name(model: str) -> str:
    """One spelling for all spellings of a name: no organisation, case, separators, `-hf`.

    A path whose last part names nothing (`/runs/elm-1b/checkpoint-2000`) is told by all of it.
    """
    name = short_name(model)
    if _NAMELESS.fullmatch(name) and "/" in model.rstrip("/"):
        name = model
    elif name == model:  # `org__name`, as harnesses call folders
        name = model.partition("__")[2] or model
    return _SEPARATORS.sub("", _STORED.sub("", name.lower()))


def _part_before(model: str) -> str:
    """The part of a path before the one that names the model: of `elm/410m/hf`, `elm`."""
    parts = [part for part in model.replace("\\", "/").split("/") if part]
    if len(parts) < 3:
        return ""
    place = len(parts) - 1 - parts[::-1].index(naming_part(model))
    above = [part for part in parts[:place] if part not in (".", "..", "~")]
    return above[-1] if above else ""


def _is_tokens(name: str, match: re.Match[str]) -> bool:
    """Whether a number is of tokens (`22B-token-500B`, `240k-503b`), not of parameters."""
    return bool(_TOKENS.match(name, match.end()) or _TOKENS_BEFORE.search(name[: match.start()]))
