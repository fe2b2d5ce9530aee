"""The columns of a score table that are not scores, and their spellings."""

import re
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

TEXT_COLUMNS = (
    "family",
    "model",
    "base_model",
    "date",
    "lab",
    "source",
    "flags",
    "kind",
    "precision",
    "harness",
    "n_shot",
    "task_version",
    "uniform_model",
)
NUMBER_COLUMNS = (
    "params",
    "active_params",
    "d_model",
    "layers",
    "tokens",
    "flops",
    "seed",
    "step",
    "loss",
)
#: Further columns of the frames that a table goes through, from reading to a diagnosis.
FRAME_COLUMNS = (
    *("row", "reason", "judged_kind", "said_kind", "kind_rules", "set_aside", "origin", "plain"),
    *("own_family", "own_params", "size_by_name", "submissions", "spelled", "place"),
    *("x", "y", "x_stderr", "y_stderr", "log10_params", "log10_flops", "reasoning", "truth"),
    *("time", "stem", "bare"),
    *("tuned", "base_x", "base_y", "base_family", "maker", "tuned_model"),
    *("tuned_x", "tuned_y", "tuned_x_stderr", "tuned_y_stderr"),
)
POSITIVE_COLUMNS = ("params", "active_params", "d_model", "layers", "tokens", "flops")
_TAKEN = frozenset({*TEXT_COLUMNS, *NUMBER_COLUMNS, *FRAME_COLUMNS})
# Free text that people keep beside scores: read past, whatever stands in it.
IGNORED_COLUMNS = frozenset(
    {
        *("citation", "comment", "comments", "description", "licence", "license", "link", "links"),
        *("note", "notes", "organisation", "organization", "paper", "reference", "references"),
        *("remark", "remarks", "url", "sha", "revision", "commit", "architecture", "hub license"),
        *("available on the hub", "model sha", "weight type", "merged", "moe", "flagged"),
        *("status", "started_at", "eval_name", "chat template", "generation", "country"),
        *("official providers", "upload to hub date", "submission date"),
    }
)
# Says row by row which variant a plain `truthfulqa` column holds.
VARIANT_COLUMNS = frozenset({"truthfulqa_variant", "truthfulqa_metric", "tqa_metric"})

#: Words of a heading, joined, that name a column; of several columns of one meaning the first in
#: this order is read.
_SPELLINGS = MappingProxyType(
    {
        "model": "model",
        "modelname": "model",
        "modelversion": "model",
        "modelid": "model",
        "models": "model",
        "fullname": "model",
        "fullmodelname": "model",
        "llm": "model",
        "modell": "model",
        "modelpath": "model",
        "name": "model",
        "basemodel": "base_model",
        "family": "family",
        "modelfamily": "family",
        "modelseries": "family",
        "familie": "family",
        "series": "family",
        "params": "params",
        "parameters": "params",
        "parameter": "params",
        "nparams": "params",
        "numparams": "params",
        "nparameters": "params",
        "numparameters": "params",
        "numberofparameters": "params",
        "numberofparams": "params",
        "modelparameters": "params",
        "modelparams": "params",
        "paramcount": "params",
        "parametercount": "params",
        "totalparams": "params",
        "totalparameters": "params",
        "modelsize": "params",
        "size": "params",
        "activeparams": "active_params",
        "activeparameters": "active_params",
        "activatedparams": "active_params",
        "dmodel": "d_model",
        "hiddensize": "d_model",
        "layers": "layers",
        "nlayers": "layers",
        "numlayers": "layers",
        "tokens": "tokens",
        "trainingtokens": "tokens",
        "pretrainingtokens": "tokens",
        "pretrainingdatasize": "tokens",
        "flops": "flops",
        "flop": "flops",
        "trainingflops": "flops",
        "trainingflop": "flops",
        "trainingcompute": "flops",
        "seed": "seed",
        "step": "step",
        "trainingstep": "step",
        "loss": "loss",
        "kind": "kind",
        "type": "kind",
        "modeltype": "kind",
        "t": "kind",
        "instruct": "kind",
        "isinstruct": "kind",
        "instructiontuned": "kind",
        "precision": "precision",
        "dtype": "precision",
        "quantization": "precision",
        "quantisation": "precision",
        "date": "date",
        "releasedate": "date",
        "lab": "lab",
        "source": "source",
        "flags": "flags",
        "harness": "harness",
        "nshot": "n_shot",
        "numfewshot": "n_shot",
        "shots": "n_shot",
        "taskversion": "task_version",
        "uniformmodel": "uniform_model",
    }
)
_ORDER = MappingProxyType({spelling: i for i, spelling in enumerate(_SPELLINGS)})
#: Units that stand in a heading: `Params (B)`, `params_m`, `size in billions`, `FLOPs (1E21)`.
_UNITS = MappingProxyType(
    {
        **dict.fromkeys(("k", "thousand", "thousands"), 1e3),
        **dict.fromkeys(("m", "mio", "million", "millions", "mn", "1e6"), 1e6),
        **dict.fromkeys(("b", "bn", "billion", "billions", "1e9"), 1e9),
        **dict.fromkeys(("tn", "trillion", "trillions", "1e12"), 1e12),
        "1e21": 1e21,
        "flop": 1.0,
        "flops": 1.0,
    }
)
_COUNTED = frozenset({"params", "active_params", "tokens", "flops"})
# First or last words of headings that hold no score.
_FIRST = frozenset(
    {
        *("rank", "ranking", "average", "avg", "mean", "median", "likes", "hub", "downloads"),
        *("index", "idx", "id", "year", "context", "ctx", "vocab", "votes", "elo", "cost", "price"),
        *("latency", "throughput", "co2", "level_0", "unnamed", "no", "nr", "row", "vocabulary"),
        *("heads", "params", "upload", "submission", "overall", "total", "machine", "gpu"),
    }
)
_LAST = frozenset(
    {
        *("rank", "count", "counts", "index", "id", "likes", "downloads", "kg", "hours", "usd"),
        *(
            "votes",
            "elo",
            "price",
            "average",
            "avg",
            "year",
            "length",
            "window",
            "heads",
            "seconds",
        ),
        *(
            "samples",
            "std",
            "sd",
            "stdev",
            "stddev",
            "sha",
            "date",
            "version",
            "url",
            "link",
            "rate",
        ),
    }
)
_WORD = re.compile(r"[a-z0-9.+]+")


class KnownHeading(NamedTuple):
    """What a heading names that is no score: `column`, the `factor` to counts (0 where the heading
    states no unit), and its `rank` among the spellings of the column, the first being best."""

    column: str
    factor: float
    rank: int


@lru_cache(maxsize=4096)
def known_heading(heading: str) -> KnownHeading | None:
    """The known column that a heading names; None for a heading that must be a benchmark's."""
    words = _WORD.findall(heading.lower().replace("_", " ").replace("#", " "))
    words = [word for word in words if word not in ("in", "of", "the")]
    factor = 0.0
    if len(words) > 1 and (unit := _unit(words)):
        words, factor = words[:-1], unit
    joined = "".join(words)
    if joined not in _SPELLINGS:
        joined = "".join(w for w in words if w not in ("number", "total", "pretraining", "num"))
    column = _SPELLINGS.get(joined)
    if column is None or (factor and column not in _COUNTED):
        return None
    return KnownHeading(column, factor, _ORDER[joined])


def known_column(heading: str) -> str | None:
    """The known column that a heading names; None for a heading that must be a benchmark's."""
    known = known_heading(heading)
    return None if known is None else known.column


def is_ignored(heading: str) -> bool:
    """Whether a column is free text that is read past."""
    return " ".join(heading.strip().lower().split()) in IGNORED_COLUMNS


@lru_cache(maxsize=4096)
def no_score(heading: str) -> bool:
    """Whether a heading names ranks, averages, likes, indices and the like: numbers, no scores."""
    words = _WORD.findall(heading.lower().replace("_", " "))
    if not words:
        return True
    return words[0] in _FIRST or words[-1] in _LAST


def _unit(words: list[str]) -> float:
    last = words[-1]
    if last == "t":  # trillions, of tokens; `T` alone is a column of marks
        return 1e12
    return _UNITS.get(last, 0.0)


def apart(name: str) -> str:
    """A benchmark's name that no column of ours has: `x (score)` for a benchmark called `x`."""
    return f"{name} (score)" if name in _TAKEN else name
