"""What a row says of a model against what the model's name says."""

import math
import re
from collections.abc import Iterator
from types import MappingProxyType

import pandas as pd

from .model_names import short_name, sizes_in_name
from .problems import TableWarning

# How a model's name begins, and what a family that holds it is called.
_FAMILY_OF = MappingProxyType(
    {
        r"gpt-?j": r"gptj|gptneo",
        r"gpt-?neox": r"neox|gptneo",
        r"gpt-?neo(?!x)": r"gptneo",
        r"gpt-?2": r"gpt2",
        r"pythia": r"pythia",
        r"bloom": r"bloom",
        r"opt-[0-9]": r"^opt",
        r"falcon": r"falcon",
        r"cerebras-gpt": r"cerebras",
        r"olmo": r"olmo",
        r"mi[sx]tral": r"mi[sx]tral",
        r"(meta-)?llama": r"llama",
        r"qwen": r"qwen",
        r"gemma": r"gemma",
        r"phi-[0-9]": r"^phi",
        r"mpt-[0-9]": r"^mpt",
        r"xglm": r"xglm",
        r"yi-[0-9]": r"^yi",
    }
)
_BY_NAME = tuple((re.compile(n, re.I), re.compile(f)) for n, f in _FAMILY_OF.items())
_ANY_FAMILY = re.compile("|".join(_FAMILY_OF.values()))
# Published and rounded sizes of one model agree within this factor.
_SIZE_RATIO = (0.6, 1.6)
_ACTIVE_OF_PRODUCT = 0.75  # of the expected total; active parameters are at most half of it
_SAME_SIZE = 0.05


def family_spellings(frame: pd.DataFrame) -> tuple[list[str], list[TableWarning]]:
    """Family of each row under one spelling each (the first), with a warning for every other
    that a source states."""
    first: dict[str, str] = {}
    found: dict[str, TableWarning] = {}
    families = []
    stated = frame["own_family"].tolist()
    for row, family, own in zip(
        frame["row"].tolist(), frame["family"].tolist(), stated, strict=True
    ):
        used = first.setdefault(family.casefold(), family)
        families.append(used)
        if own and family != used and family not in found:
            message = f"family {family!r} is taken as {used!r}, which differs only in case"
            found[family] = TableWarning("family_spelling", row, message)
    return families, list(found.values())


def wrong_families(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """Models filed under a known family whose name begins like another known one's."""
    plain = {f: re.sub(r"[^a-z0-9]", "", f.lower()) for f in set(frame["family"])}
    known = {f for f in plain if _ANY_FAMILY.search(plain[f])}
    if not known:
        return
    flags = frame["flags"] if "flags" in frame else [""] * len(frame)
    for row, model, family, flag in zip(
        frame["row"], frame["model"], frame["family"], flags, strict=True
    ):
        if family not in known or "wrong_family" in flag:
            continue
        of = next((f for name, f in _BY_NAME if name.match(short_name(model))), None)
        if of is not None and not of.search(plain[family]):
            message = f"{model} is filed under {family}, by its name of another family"
            yield TableWarning("wrong_family", int(row), message)


def sizes_by_name(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """Sizes that the model's own name contradicts, active parameters given as total among them."""
    for row, model, params in zip(
        frame["row"].tolist(), frame["model"].tolist(), frame["params"].tolist(), strict=True
    ):
        named = sizes_in_name(model)
        stated = named.total if math.isnan(named.product) else named.product
        is_active = params < _ACTIVE_OF_PRODUCT * named.product or (
            abs(params / named.active - 1) < _SAME_SIZE
        )
        if is_active:
            message = f"{model}: params {params:.3g} looks like active, not total, parameters"
            yield TableWarning("active_params", row, message)
        elif not math.isnan(stated) and not _SIZE_RATIO[0] < params / stated < _SIZE_RATIO[1]:
            message = f"{model}: params is {params:.3g} where the name says {stated:.3g}"
            yield TableWarning("params_disagree", row, message)
