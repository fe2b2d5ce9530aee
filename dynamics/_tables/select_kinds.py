"""Which models of a table are base models and which are tuned, and which of them are wanted."""

import re
from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType

import numpy as np
import pandas as pd

from .kind_names import KindChoice
from .kinds import named_kind
from .known_models import is_known, known_models
from .model_names import maker_in_name
from .problems import TableWarning, listed

_MOST_ROWS = 20  # warned of one by one
_QUANTISED = re.compile(
    r"(?<![a-z0-9])(?:[248][-_ ]?bits?|int[48]|w[48]a16|gptq|awq|gguf|ggml|bnb|nf4|exl2|q[2-8]_[0k]"
    r"(?:_[a-z])?|quanti[sz]ed)(?![a-z])",
    re.IGNORECASE,
)


def kinds(frame: pd.DataFrame) -> tuple[np.ndarray, list[TableWarning]]:
    """`base`, `tuned` or `unknown` for each row, and warnings about what is not sure.

    What our own column `kind` states goes first; else a name that says tuned; else what a
    leaderboard's `Type` states, but of base models that are known; else base. Of a leaderboard's
    rows without a type those are base that are known, or whose maker states others of the family.
    """
    said = frame["said_kind"].to_numpy()
    rules = frame["kind_rules"].to_numpy(bool)
    named = np.array([named_kind(model) or "" for model in frame["model"]], dtype=object)
    if "flags" in frame:
        flagged = [("instruct" in flags.split(";")) for flags in frame["flags"]]
        named[flagged] = "tuned"
    # A column that types some rows and leaves others open: these are not sure.
    types = (frame["said_kind"] != "").groupby(frame["origin"]).transform("any").to_numpy()
    # Set and not `np.where`, which makes a text of its own for each row.
    found = said.copy()
    found[(named == "tuned") & ~(rules & (said != ""))] = "tuned"
    handed_in = frame["submissions"].to_numpy(bool)
    mistyped = handed_in & (named == "") & (said == "tuned")
    for i in np.flatnonzero(mistyped).tolist():
        mistyped[i] = is_known(frame["model"].iloc[i])
    found[mistyped] = "base"
    untyped = found == ""
    found[untyped] = "base"
    warnings = []
    if mistyped.any():
        names = listed(frame["model"][mistyped].tolist(), 5)
        message = f"known base models that were handed in as tuned: {names}; taken as base"
        warnings.append(TableWarning("kind_unsure", None, message))
    open_ = untyped & types
    if open_.any():
        unknown = open_ & handed_in & ~_vouched(frame, found == "base", ~untyped)
        found[unknown] = "unknown"
        judged = frame[open_ & ~unknown]
        names = listed(judged["model"].tolist(), 5)
        if len(judged):
            message = f"no kind is stated for {names}: taken as base"
            row = int(judged["row"].iloc[0]) if len(judged) == 1 else None
            warnings.append(TableWarning("kind_unsure", row, message))
    return found, warnings


def unwanted(
    frame: pd.DataFrame, kind: np.ndarray, choice: KindChoice
) -> Iterator[tuple[int, TableWarning | None]]:
    """Rows that are not of the kind that is wanted: (place, warning)."""
    if choice == "all":
        return
    for word, (code, what) in _UNWANTED.items():
        if word != choice:
            yield from said_together(frame, kind == word, code, what)


_UNWANTED = MappingProxyType(
    {
        "unknown": ("kind_unknown", "of a kind that nobody states"),
        "tuned": ("instruct_model", "instruction-tuned or merged"),
        "base": ("base_model", "base"),
    }
)


def said_together(
    frame: pd.DataFrame, rows: np.ndarray, code: str, what: str
) -> Iterator[tuple[int, TableWarning | None]]:
    """A warning for each of the rows, or one for all where there are many: (place, warning)."""
    places = np.flatnonzero(rows).tolist()
    names = frame["model"].tolist()
    if len(places) <= _MOST_ROWS:
        for i in places:
            message = f"{names[i]} is {what}; left out"
            yield i, TableWarning(code, int(frame["row"].iloc[i]), message)
        return
    named = listed([names[i] for i in places], 3)
    message = f"{len(places)} models are {what} and left out: {named} (the account has all)"
    yield places[0], TableWarning(code, None, message)
    yield from ((i, None) for i in places[1:])


def quantised(frame: pd.DataFrame) -> np.ndarray:
    """Whether each row is a run with quantised weights, by its precision or its name."""
    by_name = np.array([_QUANTISED.search(m) is not None for m in frame["model"]], dtype=bool)
    if "precision" not in frame:
        return by_name
    return by_name | np.array([_QUANTISED.search(p) is not None for p in frame["precision"]])


def without_quantisation(plain: str, model: str) -> str:
    """A model's plain name without the words that say how its weights are stored."""
    if _QUANTISED.search(model) is None:
        return plain
    return re.sub(r"[248]?bits?$|gptq|awq|gguf|ggml|int[48]$|quanti[sz]ed", "", plain)


def _vouched(frame: pd.DataFrame, base: np.ndarray, typed: np.ndarray) -> np.ndarray:
    """Rows that the shipped table knows, or whose maker states others of the family as base."""
    known = known_models()
    certain = np.array([plain in known for plain in frame["plain"]], dtype=bool)
    maker = [maker_in_name(model).casefold() for model in frame["model"]]
    keys = list(zip(maker, frame["family"].str.casefold(), strict=True))
    stated = Counter(key for key, b, t in zip(keys, base, typed, strict=True) if b and t and key[0])
    # One model may be typed wrongly, and a family named `org/...` is somebody else's.
    return certain | np.array([stated[key] > 1 and "/" not in key[1] for key in keys], dtype=bool)
