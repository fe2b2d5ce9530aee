"""Traps found in published tables, each a function from rows to named warnings."""

import re
from collections.abc import Iterator
from types import MappingProxyType

import numpy as np
import pandas as pd

from ._columns import size_in_name, total_size_in_name
from ._warnings import TableWarning

_INSTRUCT = re.compile(
    r"(?<![a-z])(instruct|instruction|chat|it|sft|dpo|rlhf|raven|zephyr|vicuna|alpaca|phi-3-mini)(?![a-z])",
    re.IGNORECASE,
)
# Names that people file under another family, and what a family that holds them is called.
_FAMILY_OF = MappingProxyType(
    {
        r"gpt-?j": "gptj|gptneo",
        r"gpt-?neox": "neox|gptneo",
        r"gpt-?neo(?!x)": "gptneo",
        r"pythia": "pythia",
        r"bloom": "bloom",
        r"opt-": "opt",
        r"falcon": "falcon",
        r"cerebras-gpt": "cerebras",
        r"olmo": "olmo",
        r"mixtral": "mixtral|mistral",
        r"mistral": "mistral",
    }
)
_VENDOR = re.compile(r"(?<![a-z])(blog|tech(nical)? report|vendor|maker|model card)(?![a-z])", re.I)
_MOST_TOKENS = 1e15  # a thousand trillion; no model has seen a tenth of it
# Flags that a table's `flags` column may carry, and what each says.
_FLAGS = MappingProxyType(
    {
        "mixed_harness": "some scores come from another harness or another number of shots",
        "params_corrected": "the size was corrected against the source",
        "tokens_corrected": "the token count was corrected against the source",
        "variant_unknown": "whether TruthfulQA is MC1 or MC2 is not known for this row",
        "variant_by_match": "TruthfulQA is MC2 by agreement with another table, not by statement",
        "wrong_family": "filed under a family that it is not of",
        "vendor_reported": "scores are the maker's own, from another harness",
        "not_measured": "scores are estimates, not measurements",
        "source_without_score": "the cited source holds no benchmark score",
        "differs_from_uniform": "a score differs by more than 2 points from the uniform table",
    }
)


def find_traps(
    frame: pd.DataFrame, benchmarks: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[TableWarning, ...]]:
    """Rows that count, rows left out (with `reason`), and the warnings about both.

    Left out are second spellings of a model (the first row is used) and instruction-tuned models
    in a family that also holds base models.
    """
    warnings: list[TableWarning] = []
    reason = pd.Series("", index=frame.index, dtype=object)
    for i, code, warning in (*_duplicates(frame, benchmarks), *_instruct_models(frame)):
        if not reason[i]:
            reason[i] = code
            warnings.append(warning)
    if "tokens" in frame:
        many = frame["tokens"].to_numpy() >= _MOST_TOKENS
        warnings += [
            _warn(row, "tokens_out_of_range", f"{row.model}: {row.tokens:.3g} tokens; left empty")
            for row in frame[many].itertuples()
        ]
        frame = frame.assign(tokens=frame["tokens"].mask(many))
    for check in (_flagged, _wrong_families, _sizes, _same_sizes, _vendor_scores):
        warnings += check(frame[reason == ""])
    left_out = frame.assign(reason=reason)[reason != ""].reset_index(drop=True)
    warnings.sort(key=lambda w: w.row or 0)
    return frame[reason == ""].reset_index(drop=True), left_out, tuple(warnings)


def _warn(row, code: str, message: str) -> TableWarning:
    return TableWarning(code, int(row.row), message)


def _spelling(model: str) -> str:
    name = re.sub(r"-hf$", "", model.rsplit("/", 1)[-1].lower())
    return re.sub(r"[^a-z0-9.]", "", name)


def _duplicates(frame: pd.DataFrame, benchmarks: tuple[str, ...]) -> Iterator:
    """Later rows of the same model under any spelling, with the same or with other scores."""
    spelled = frame["model"].map(_spelling)
    seen = pd.DataFrame({"spelling": spelled, "params": frame["params"], "family": frame["family"]})
    first = frame.index.to_series().groupby([seen[c] for c in seen], sort=False).transform("first")
    scores = frame[list(benchmarks)].to_numpy(float)
    for i in frame.index[first != frame.index]:
        original, again = frame.loc[first[i]], frame.loc[i]
        both = scores[[first[i], i]]
        known = ~np.isnan(both).any(axis=0)
        differ = [
            benchmarks[j] for j in np.flatnonzero(known) if abs(np.diff(both[:, j])[0]) > 1e-9
        ]
        code = "conflicting_duplicate" if differ else "duplicate_model"
        what = f"with other scores ({', '.join(differ)})" if differ else "again"
        message = (
            f"{again.model} is row {original.row}'s {original.model} {what}; "
            f"row {original.row} is used"
        )
        yield i, code, TableWarning(code, int(again.row), message)


def _instruct_models(frame: pd.DataFrame) -> Iterator:
    """Instruction-tuned models in a family of base models, by flag, kind or name."""
    named = frame["model"].map(lambda m: bool(_INSTRUCT.search(m.rsplit("/", 1)[-1])))
    if "kind" in frame:
        kind = frame["kind"].str.lower()
        named = named.mask(kind == "base", False) | (kind == "instruct")
    if "flags" in frame:
        named = named | frame["flags"].map(lambda flags: "instruct" in flags.split(";"))
    whole_family = named.groupby(frame["family"]).transform("all")
    for i in frame.index[named & ~whole_family]:
        row = frame.loc[i]
        message = f"{row.model} is instruction-tuned among base models of {row.family}; left out"
        yield i, "instruct_model", TableWarning("instruct_model", int(row.row), message)


def _flagged(frame: pd.DataFrame) -> list[TableWarning]:
    if "flags" not in frame:
        return []
    return [
        _warn(row, flag, f"{row.model}: {_FLAGS[flag]}")
        for row in frame[frame["flags"] != ""].itertuples()
        for flag in str(row.flags).split(";")
        if flag in _FLAGS
    ]


def _wrong_families(frame: pd.DataFrame) -> list[TableWarning]:
    """Models whose name belongs to another family than the one they are filed under."""
    found = []
    plain = {f: re.sub(r"[^a-z0-9]", "", f.lower()) for f in frame["family"].unique()}
    mixed = {f for f, group in frame.groupby("family")["model"] if len(group) > 1}
    patterns = [(re.compile(r"^" + name, re.I), re.compile(of)) for name, of in _FAMILY_OF.items()]
    for row in frame.itertuples():
        if row.family not in mixed or "wrong_family" in str(getattr(row, "flags", "")):
            continue
        name = str(row.model).rsplit("/", 1)[-1]
        for pattern, family in patterns:
            others_known = any(of.search(plain[row.family]) for _, of in patterns)
            if pattern.search(name) and not family.search(plain[row.family]) and others_known:
                message = f"{row.model} is filed under {row.family}, by its name of another family"
                found.append(_warn(row, "wrong_family", message))
                break
    return found


def _sizes(frame: pd.DataFrame) -> list[TableWarning]:
    """Sizes that the model's own name contradicts, active parameters given as total among them."""
    found = []
    for row in frame.itertuples():
        params, total = float(row.params), total_size_in_name(str(row.model))
        stated = size_in_name(str(row.model)) if np.isnan(total) else total
        if not np.isnan(total) and params < 0.75 * total:
            message = f"{row.model}: params {params:.3g} looks like active, not total, parameters"
            found.append(_warn(row, "active_params", message))
        elif not np.isnan(stated) and not 0.6 < params / stated < 1.6:
            message = f"{row.model}: params is {params:.3g} where the name says {stated:.3g}"
            found.append(_warn(row, "params_disagree", message))
    return found


def _same_sizes(frame: pd.DataFrame) -> list[TableWarning]:
    """Different models of one size in a family: no step leads from one to the other."""
    first = frame.groupby(["family", "params"], sort=False)["model"].transform("first")
    return [
        _warn(row, "same_size", f"{row.model} has the size of {first[row.Index]}: no step between")
        for row in frame[first != frame["model"]].itertuples()
    ]


def _vendor_scores(frame: pd.DataFrame) -> list[TableWarning]:
    if "source" not in frame:
        return []
    vendor = frame["source"].map(lambda s: bool(_VENDOR.search(s)))
    uniform = vendor.all()
    return [
        _warn(row, "vendor_reported", f"{row.model}: scores from {row.source!r}, another harness")
        for row in frame[vendor].itertuples()
        if not uniform and "vendor_reported" not in str(getattr(row, "flags", ""))
    ]
