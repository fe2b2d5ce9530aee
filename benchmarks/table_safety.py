"""Make the shipped table `safety` from the scores of Safetywashing (Ren et al. 2024).

    python benchmarks/table_safety.py FOLDER_OF_THE_SOURCE

The folder holds `safetywashing_base.csv` and `safetywashing_chat.csv`, exported from
centerforaisafety/safetywashing at commit bee302c (MIT). Which score stays is decided by a rule, and
what goes is named in the table's origin.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from _made_table import write_table

#: Model of the source -> (family, base model where it is a tune, active parameters of a mixture).
_FAMILIES = {
    "Qwen1.5": "Qwen1.5", "Llama-2": "Llama-2", "Meta-Llama-3": "Llama-3", "Yi": "Yi",
    "falcon": "Falcon", "gemma": "Gemma", "deepseek-llm": "DeepSeek LLM", "Mixtral": "Mixtral",
    "Mistral": "Mistral", "dbrx": "DBRX",
}  # fmt: skip
#: Published by the makers.
_ACTIVE = {"Mixtral-8x7B": 12.9e9, "Mixtral-8x22B": 39e9, "dbrx": 36e9}
_TOTAL = {"Mixtral-8x7B": 46.7e9}
#: Tuned model -> the base model that its maker made it from, where the names do not say.
_BASES = {
    "dbrx-instruct": "dbrx-base",
    "gemma-1.1-2b-it": "gemma-2b",
    "gemma-1.1-7b-it": "gemma-7b",
    "Mistral-7B-Instruct-v0.2": "Mistral-7B-v0.2",  # which is not in the source
}
_NOT_SCORES = {"model", "name", "type", "model_size", "FLOP"}
_PERCENT = ("HarmBench-", "cyberseceval2_instruct", "cyberseceval2_autocomplete", "Alpaca-Eval")
#: A score that more than this share of the models lack is left out.
_NO_MODEL = 0.5


def main() -> None:
    """Write data/safety.csv and data/safety.json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    kinds = {"base": "safetywashing_base.csv", "tuned": "safetywashing_chat.csv"}
    frames = {kind: pd.read_csv(folder / name) for kind, name in kinds.items()}
    both = pd.concat([f.copy().assign(kind=k) for k, f in frames.items()], ignore_index=True)
    scores, left_out = _scores(both)
    about = pd.DataFrame(
        {
            "family": [_family(m) for m in both["model"]],
            "model": both["model"],
            "base_model": [
                _base(m, set(frames["base"]["model"])) if k == "tuned" else ""
                for m, k in zip(both["model"], both["kind"], strict=True)
            ],
            "kind": both["kind"],
            "params": [
                _sized(m, _TOTAL, n) for m, n in zip(both["model"], both["model_size"], strict=True)
            ],
            "active_params": [_sized(m, _ACTIVE, np.nan) for m in both["model"]],
            "flops": both["FLOP"],
        }
    )
    table = pd.concat([about, scores.round(6)], axis=1)
    table["source"] = "safetywashing"
    order = ["kind", "family", "params", "model"]
    write_table("safety", table.sort_values(order, ignore_index=True), _origin(left_out))


def _scores(both: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Fractions, more being better as in the source; and what is left out, by reason."""
    kept: dict[str, pd.Series] = {}
    left_out: dict[str, list[str]] = {"not a share between 0 and 1": [], "most models lack it": []}
    for name in both.columns:
        if name in _NOT_SCORES or name == "kind":
            continue
        values = pd.to_numeric(both[name], errors="coerce")
        if name.startswith(_PERCENT):
            values = values / 100
        if values.isna().mean() > _NO_MODEL:
            left_out["most models lack it"].append(name)
        elif values.min() < 0 or values.max() > 1:
            left_out["not a share between 0 and 1"].append(name)
        else:
            kept[_heading(name)] = values
    return pd.DataFrame(kept), left_out


def _heading(name: str) -> str:
    """A name of small letters, digits and underscores."""
    plain = name.lower().replace("++", "_plus_plus").replace("*", "_times_").replace("-", "_")
    return "_".join(part for part in plain.split("_") if part)


def _family(model: str) -> str:
    return next(family for start, family in _FAMILIES.items() if model.startswith(start))


def _sized(model: str, known: dict[str, float], otherwise: float) -> float:
    return next((n for start, n in known.items() if model.startswith(start)), otherwise)


def _base(model: str, bases: set[str]) -> str:
    if model in _BASES:
        return _BASES[model]
    stem = model.lower()
    for word in ("-chat", "-instruct"):
        stem = stem.replace(word, "")
    for base in bases:
        if base.lower().removesuffix("-base") == stem:
            return base
    raise ValueError(f"{model}: no base model in the source; name one in _BASES")


def _origin(left_out: dict[str, list[str]]) -> dict:
    return {
        "title": "27 base and 26 chat models on capability and safety benchmarks",
        "origin": (
            "Ren et al. (2024), Safetywashing, arXiv:2407.21792: centerforaisafety/safetywashing, "
            "commit bee302c"
        ),
        "licence": "MIT (source repository); figures only, arranged for this project",
        "harness": "as run by the authors of the source",
        "n_shot": "not stated by the source",
        "date": "2024",
        "unit": {
            "scores": (
                "fraction, more being better as in the source (attacks count by how often they "
                "fail, errors of calibration as 1 - error)"
            ),
            "params": "count, nominal as in the source; Mixtral-8x7B as published by the maker",
            "active_params": "count (mixtures of experts), published by the makers",
            "flops": "of pre-training, as in the source",
        },
        "chosen": (
            "Every model of the source. Every score of the source that is a share between 0 and 1 "
            "for all its models (percent divided by 100)."
        ),
        "left_out": left_out,
        "pairs": (
            "base_model: the base model that the maker tuned; Mistral-7B-Instruct-v0.2 comes from "
            "a version of its base model that is not in the source"
        ),
        "sources": {"safetywashing": "the origin above"},
    }


if __name__ == "__main__":
    main()
