"""Tasks of evaluation harnesses: the benchmark that each measures, and the metric that counts."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from ..benchmarks import BENCHMARKS, canonical_benchmark

MMLU_SUBJECTS = frozenset(
    [
        "abstract_algebra",
        "anatomy",
        "astronomy",
        "business_ethics",
        "clinical_knowledge",
        "college_biology",
        "college_chemistry",
        "college_computer_science",
        "college_mathematics",
        "college_medicine",
        "college_physics",
        "computer_security",
        "conceptual_physics",
        "econometrics",
        "electrical_engineering",
        "elementary_mathematics",
        "formal_logic",
        "global_facts",
        "high_school_biology",
        "high_school_chemistry",
        "high_school_computer_science",
        "high_school_european_history",
        "high_school_geography",
        "high_school_government_and_politics",
        "high_school_macroeconomics",
        "high_school_mathematics",
        "high_school_microeconomics",
        "high_school_physics",
        "high_school_psychology",
        "high_school_statistics",
        "high_school_us_history",
        "high_school_world_history",
        "human_aging",
        "human_sexuality",
        "international_law",
        "jurisprudence",
        "logical_fallacies",
        "machine_learning",
        "management",
        "marketing",
        "medical_genetics",
        "miscellaneous",
        "moral_disputes",
        "moral_scenarios",
        "nutrition",
        "philosophy",
        "prehistory",
        "professional_accounting",
        "professional_law",
        "professional_medicine",
        "professional_psychology",
        "public_relations",
        "security_studies",
        "sociology",
        "us_foreign_policy",
        "virology",
        "world_religions",
    ]
)
MMLU_FIELDS = frozenset({"humanities", "social_sciences", "stem", "other"})
# Several runs of these in one file are no benchmark: their mean is over unlike things.
MEANS = MappingProxyType(
    {
        "truthfulqa": "a mean of MC1, MC2 and generation; run truthfulqa_mc1 and truthfulqa_mc2",
        "ai2_arc": "a mean of ARC-Easy and ARC-Challenge",
        "all": "a mean over all tasks of the file",
        "leaderboard": "a mean over all tasks of the leaderboard",
        "openllm": "a mean over all tasks of the leaderboard",
    }
)


class KnownTask(NamedTuple):
    """The benchmark that a task measures, and its metric; later metrics only in place of earlier
    ones, as other generations of a harness named them."""

    benchmark: str
    metrics: tuple[str, ...]


# The leaderboard's IFEval: the mean of its strict accuracies by prompt and by instruction.
STRICT = "strict_acc"
_ACC, _NORM, _EXACT = ("acc",), ("acc_norm", "acc"), ("exact_match", "acc", "em", "qem")


def _same_name(metrics: tuple[str, ...], names: str) -> dict[str, KnownTask]:
    return {name: KnownTask(name, metrics) for name in names.split()}


# Metrics as the Open LLM Leaderboards and the papers of the benchmarks take them.
TASKS = MappingProxyType(
    {
        **_same_name(("acc_norm",), "hellaswag arc_challenge arc_easy openbookqa"),
        **_same_name(
            _ACC,
            "winogrande mmlu truthfulqa_mc1 truthfulqa_mc2 truthfulqa_binary boolq sciq copa rte "
            "lambada_openai lambada_standard race wsc273 commonsense_qa",
        ),
        **_same_name(_NORM, "piqa logiqa gpqa_diamond"),
        **_same_name(_EXACT, "gsm8k triviaqa nq_open mmlu_pro bbh"),
        **_same_name(("pass@1", "pass_at_1"), "humaneval mbpp"),
        **_same_name((STRICT, "prompt_level_strict_acc"), "ifeval"),
        "gpqa_diamond_zeroshot": KnownTask("gpqa_diamond", _NORM),
        "gpqa_diamond_n_shot": KnownTask("gpqa_diamond", _NORM),
        # The second Open LLM Leaderboard, before it moved chance to 0.
        "leaderboard_bbh": KnownTask("bbh", _NORM),
        "leaderboard_gpqa": KnownTask("gpqa", _NORM),
        "leaderboard_musr": KnownTask("musr", _NORM),
        "leaderboard_mmlu_pro": KnownTask("mmlu_pro", _ACC),
        "leaderboard_math_hard": KnownTask("math_lvl_5", _EXACT),
        "leaderboard_ifeval": KnownTask("ifeval", (STRICT, "prompt_level_strict_acc")),
    }
)
# Tasks that no table above names are read with the first of these that they have.
USUAL_METRICS = ("acc_norm", "acc", "exact_match", "pass@1")
# `metric,filter` of lm-evaluation-harness: what was cut out of the answer before it was compared.
_FILTERS = ("none", "", "strict-match", "get-answer", "custom-extract", "extract_answer")
_NO_METRIC = frozenset({"alias", "name", "sample_len", "sample_count", "samples", " "})


@lru_cache(maxsize=4096)
def known_task(task: str) -> KnownTask | None:
    """What is known of `task`, under its own name or as a spelling of a benchmark's."""
    if task in TASKS:
        return TASKS[task]
    name = canonical_benchmark(task)
    if name in TASKS:
        return TASKS[name]
    if name in BENCHMARKS and name != "truthfulqa_unknown":
        return KnownTask(name, USUAL_METRICS)
    return None


@lru_cache(maxsize=4096)
def mmlu_subject(task: str) -> str:
    """The subject (or field) of MMLU that `task` is, in any harness's spelling, else empty."""
    for start in ("hendrycksTest-", "mmlu_", "mmlu:"):
        rest = task.removeprefix(start)
        if rest != task and (rest in MMLU_SUBJECTS or rest in MMLU_FIELDS):
            return rest
    return ""


def metrics_of(values: Mapping[str, object]) -> list[str]:
    """The metrics among a task's values, as the file spells them, without standard errors."""
    return [
        key
        for key in map(str, values)
        if key not in _NO_METRIC and not key.partition(",")[0].endswith("_stderr")
    ]


def with_strict(values: dict) -> dict:
    """A task's values, with `STRICT` where both accuracies that it is the mean of are numbers."""
    pair = [values.get(f"{level}_level_strict_acc,none") for level in ("prompt", "inst")]
    numbers = [value for value in pair if isinstance(value, float) and 0 <= value <= 1]
    return {**values, f"{STRICT},none": sum(numbers) / 2} if len(numbers) == 2 else values


def pick_metric(metrics: Iterable[str], wanted: Sequence[str], *, any_filter: bool) -> str:
    """The first of `wanted` among `metrics` (`acc_norm`, or `acc_norm,none`), else empty.

    With `any_filter` also behind a filter that we do not know; else a score that was measured in
    another way would stand for the usual one.
    """
    metrics = list(metrics)
    for name in wanted:
        having = [metric for metric in metrics if metric.partition(",")[0] == name]
        usual = [m for f in _FILTERS for m in having if m.partition(",")[2] == f]
        if usual or (having and any_filter):
            return (usual or having)[0]
    return ""


def stderr_key(metric: str) -> str:
    """Where the standard error of `metric` stands: `acc_stderr,none`, `acc_stderr`."""
    name, comma, sieve = metric.partition(",")
    return f"{name}_stderr{comma}{sieve}"
