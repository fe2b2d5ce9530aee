"""Sloth's own test: its table, which families it holds out, and what is given of them.

From the paper (arXiv:2412.06540) and the authors' code (felipemaiapolo/sloth @ 6dc6bb3,
`sloth/definitions.py`, `sloth/experiment.py`): a family is a name of the column `Family2`, base and
tuned models apart; families with two complete models or more take part. In each fold one family is
held out together with those tuned from it; each gives its smallest model, all others are
predicted. The error of a fold is the mean absolute error over its models and benchmarks, that of a
method the mean over folds.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

#: A column of the table -> the benchmark's name here, and its lower bound in Sloth's fit.
_FIRST = {
    "MMLU": ("mmlu", 0.25),
    "ARC": ("arc_challenge", 0.25),
    "HellaSwag": ("hellaswag", 0.25),
    "Winogrande": ("winogrande", 0.5),
    "TruthfulQA": ("truthfulqa_mc2", 0.31),
    "GSM8K": ("gsm8k", 0.0),
}
_SECOND = {
    "IFEval": ("ifeval", 0.0),
    "BBH": ("bbh", 0.2885),
    "MATH Lvl 5": ("math_lvl_5", 0.0),
    "GPQA": ("gpqa", 0.25),
    "MUSR": ("musr", 0.3433),
    "MMLU-PRO": ("mmlu_pro", 0.1),
}
#: Which benchmarks -> their columns.
BENCHMARKS = {"v1": _FIRST, "v2": _SECOND, "both": _FIRST | _SECOND}
#: Which benchmarks -> the families held out together, fold by fold.
FOLDS = {
    "v1": (
        ("bloom",), ("codegen-nl",), ("codellama",), ("deepseek-coder-base",),
        ("pythia", "dolly-v2"), ("falcon",), ("gemma", "gemma-it", "sauerkrautlm-gemma"),
        ("gpt-j-neo-neox",), ("internlm2",), ("meta-llama-3", "meta-llama-3-instruct"),
        ("mpt", "mpt-chat", "mpt-instruct"), ("olmo",), ("opt",), ("qwen2",), ("rwkv-4-pile",),
        ("starcoder2",), ("stablelm-base-alpha",), ("xglm",),
        ("yi-1.5", "yi-1.5-chat", "dolphin-2.9.1-yi-1.5"),
    ),
    "v2": (
        ("bloom",), ("pythia", "dolly-v2"), ("falcon", "falcon-instruct"),
        ("gemma-2", "gemma-2-it"), ("gpt-j-neo-neox",),
        ("meta-llama-3", "meta-llama-3-instruct", "llama-3-sauerkrautlm-instruct"), ("olmo",),
        ("opt",), ("qwen2", "qwen2-instruct", "dolphin-2.9.2-qwen2"), ("starcoder2",),
        ("smollm", "smollm-instruct"), ("yi-1.5", "yi-1.5-chat", "dolphin-2.9.1-yi-1.5"),
    ),
    "both": (
        ("bloom",), ("pythia", "dolly-v2"), ("falcon",),
        ("gemma", "gemma-it", "sauerkrautlm-gemma"), ("gpt-j-neo-neox",),
        ("meta-llama-3", "meta-llama-3-instruct"), ("olmo",), ("opt",), ("qwen2",),
        ("starcoder2",), ("yi-1.5", "yi-1.5-chat", "dolphin-2.9.1-yi-1.5"),
    ),
}  # fmt: skip
_FAMILY, _PARAMS, _TOKENS = "Family2", "#Params (B)", "Pretraining Data Size (T)"


@dataclass(frozen=True)
class Study:
    """The models that take part, by family and size, and what Sloth takes of each.

    `frame` has `family`, `model`, `params`, `tokens` and a column (a fraction) per benchmark;
    `chance` are Sloth's lower bounds.
    """

    name: str
    frame: pd.DataFrame
    benchmarks: tuple[str, ...]
    chance: Float[np.ndarray, " benchmarks"]
    folds: tuple[tuple[str, ...], ...]

    @property
    def scores(self) -> Float[np.ndarray, "models benchmarks"]:
        return self.frame[list(self.benchmarks)].to_numpy(float)

    def hidden(self, fold: tuple[str, ...]) -> Bool[np.ndarray, " models"]:
        """Rows to predict: all but the smallest model of each family of the fold."""
        first = ~self.frame["family"].duplicated()
        return (self.frame["family"].isin(fold) & ~first).to_numpy()


def read_study(path: Path, name: str) -> Study:
    """The study of one set of benchmarks; raises SystemExit for a table that is not Sloth's."""
    table = pd.read_csv(path)
    columns = BENCHMARKS[name]
    missing = [c for c in ("Model", _FAMILY, _PARAMS, _TOKENS, *columns) if c not in table.columns]
    if missing:
        raise SystemExit(
            f"{path}: no column {missing[0]!r}; give data/data_v2.csv of felipemaiapolo/sloth"
        )
    frame = pd.DataFrame(
        {
            "family": table[_FAMILY],
            "model": table["Model"],
            "params": 1e9 * table[_PARAMS],
            "tokens": 1e12 * table[_TOKENS],
            **{ours: table[theirs] for theirs, (ours, _) in columns.items()},
        }
    ).dropna()
    counts = frame["family"].map(frame["family"].value_counts())
    frame = frame[counts >= 2].sort_values(["family", "params"], kind="stable")
    absent = {family for fold in FOLDS[name] for family in fold} - set(frame["family"])
    if absent:
        raise SystemExit(f"{path}: no family {min(absent)!r} with two complete models")
    return Study(
        name,
        frame.reset_index(drop=True),
        tuple(ours for ours, _ in columns.values()),
        np.array([chance for _, chance in columns.values()]),
        FOLDS[name],
    )
