"""Rows that would count a model twice or that are no base models."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from .model_names import plain_name, short_name
from .problems import TableWarning

# Two spellings are one model if their sizes agree this well (6.7e9 and 6.9e9 do).
_SAME_SIZE = 1.05
_SAME_SCORE = 1e-9
_WORDS = re.compile("[a-z]+")
_INSTRUCT_WORDS = frozenset(
    {
        "alpaca",
        "chat",
        "dolly",
        "dpo",
        "guanaco",
        "instruct",
        "instruction",
        "it",
        "koala",
        "oasst",
        "raven",
        "rlhf",
        "sft",
        "tulu",
        "vicuna",
        "wizardlm",
        "zephyr",
    }
)


def duplicates(
    frame: pd.DataFrame, benchmarks: tuple[str, ...]
) -> Iterator[tuple[int, TableWarning]]:
    """Later rows of the same model: (place in `frame`, warning that names both rows).

    The same model is the same name within a family, whatever its spelling, at the same size and
    seed; or the same name, size and scores (two at least) under two families.
    """
    models, rows = frame["model"].tolist(), frame["row"].tolist()
    scores = frame[list(benchmarks)].to_numpy()
    spelled = pd.factorize(np.array([plain_name(model) for model in models], dtype=object))[0]
    first = _first_of_model(frame, spelled)
    copies = _first_of_copies(frame, spelled, benchmarks)
    first = np.where(first == np.arange(len(first)), copies, first)
    for i in np.flatnonzero(first != np.arange(len(first))).tolist():
        used = int(first[i])
        gap = np.abs(scores[i] - scores[used])
        differ = [benchmarks[j] for j in np.flatnonzero(gap > _SAME_SCORE)]
        code = "conflicting_duplicate" if differ else "duplicate_model"
        what = f"with other scores ({', '.join(differ)})" if differ else "again"
        message = (
            f"{models[i]} is row {rows[used]}'s {models[used]} {what}; row {rows[used]} is used"
        )
        yield i, TableWarning(code, rows[i], message)


def instruct_models(frame: pd.DataFrame) -> Iterator[tuple[int, TableWarning]]:
    """Instruction-tuned models in a family of base models, by flag, kind or name."""
    named = np.array([_sounds_instruct(model) for model in frame["model"]], dtype=bool)
    if "kind" in frame:
        kind = frame["kind"].str.lower().to_numpy()
        named = (named & (kind != "base")) | (kind == "instruct")
    if "flags" in frame:
        named |= np.array(["instruct" in flags.split(";") for flags in frame["flags"]], dtype=bool)
    if not named.any():
        return
    families = frame["family"].to_numpy()
    with_base = set(families[~named])
    for i in np.flatnonzero(named).tolist():
        if families[i] in with_base:
            model, row = frame["model"].iloc[i], int(frame["row"].iloc[i])
            message = f"{model} is instruction-tuned among base models of {families[i]}; left out"
            yield i, TableWarning("instruct_model", row, message)


def _sounds_instruct(model: str) -> bool:
    name = short_name(model).lower()
    # Phi-3-mini was never published without instruction tuning.
    return not _INSTRUCT_WORDS.isdisjoint(_WORDS.findall(name)) or name.startswith("phi-3-mini")


def _first_of_model(frame: pd.DataFrame, spelled: np.ndarray) -> np.ndarray:
    """Place of the first row with the same family, spelling, seed and about the same size."""
    family = pd.factorize(frame["family"].to_numpy())[0]
    seed = np.zeros(len(frame), dtype=int)
    if "seed" in frame:
        seed = pd.factorize(frame["seed"].to_numpy())[0]
    params = frame["params"].to_numpy()
    order = np.lexsort((params, seed, spelled, family))
    same = np.ones(len(order) - 1, dtype=bool)
    for key in (family, spelled, seed):
        same &= np.diff(key[order]) == 0
    same &= params[order][1:] <= _SAME_SIZE * params[order][:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    group = np.concatenate([[0], np.cumsum(~same)])
    first = np.empty(len(order), dtype=int)
    first[order] = np.minimum.reduceat(order, starts)[group]
    return first


def _first_of_copies(
    frame: pd.DataFrame, spelled: np.ndarray, benchmarks: tuple[str, ...]
) -> np.ndarray:
    """Place of the first row with the same spelling, size, seed and scores in any family."""
    place = np.arange(len(frame))
    keys = ["params", *benchmarks] + (["seed"] if "seed" in frame else [])
    copies = frame[keys].assign(spelled=spelled)
    twice = copies.duplicated(keep=False) & (frame[list(benchmarks)].notna().sum(axis=1) > 1)
    if twice.any():
        chosen = copies[twice].assign(place=place[twice])
        keys = [*keys, "spelled"]
        place[twice] = chosen.groupby(keys, dropna=False, sort=False)["place"].transform("first")
    return place
