"""The columns of a score table that are not scores, and their spellings."""

from types import MappingProxyType

TEXT_COLUMNS = (
    "family",
    "model",
    "date",
    "lab",
    "source",
    "flags",
    "kind",
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
    "loss",
)
POSITIVE_COLUMNS = ("params", "active_params", "d_model", "layers", "tokens", "flops")
REQUIRED_COLUMNS = ("family", "model", "params")
# Free text that people keep beside scores: read past, whatever stands in it.
IGNORED_COLUMNS = frozenset(
    {
        "citation",
        "comment",
        "comments",
        "description",
        "licence",
        "license",
        "link",
        "links",
        "note",
        "notes",
        "organisation",
        "organization",
        "paper",
        "reference",
        "references",
        "remark",
        "remarks",
        "url",
    }
)
# Says row by row which variant a plain `truthfulqa` column holds.
VARIANT_COLUMNS = frozenset({"truthfulqa_variant", "truthfulqa_metric", "tqa_metric"})

# Spellings of other people's tables, ObsScaling's among them.
_SPELLINGS = MappingProxyType(
    {
        "flops (1e21)": "flops_1e21",
        "hidden_size": "d_model",
        "model family": "family",
        "model name": "model",
        "model size (b)": "params_b",
        "n_layers": "layers",
        "n_params": "params",
        "num_fewshot": "n_shot",
        "parameters": "params",
        "pretraining data size (t)": "tokens_t",
        "size": "params",
        "size_b": "params_b",
        "tokens (t)": "tokens_t",
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
_KNOWN = frozenset({*TEXT_COLUMNS, *NUMBER_COLUMNS, *SCALED_COLUMNS})


def known_column(heading: str) -> str | None:
    """The known column that a heading names; None for a heading that must be a benchmark's."""
    lowered = heading.strip().lower()
    return lowered if lowered in _KNOWN else _SPELLINGS.get(lowered)


def is_ignored(heading: str) -> bool:
    """Whether a column is free text that is read past."""
    return heading.strip().lower() in IGNORED_COLUMNS
