"""What is known about each benchmark: items, chance level, spellings."""

import re
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Benchmark:
    """One benchmark in one variant.

    - `name`: the column name used throughout (`truthfulqa_mc1` and `truthfulqa_mc2` are two).
    - `items`: number of questions; 0 where it is not known.
    - `chance`: score of a model that knows nothing, as a fraction. Random choice where the options
      are fixed; for TruthfulQA the level that the smallest public models have.
    - `title`: for people.
    """

    name: str
    items: int
    chance: float
    title: str


_KNOWN = (
    Benchmark("hellaswag", 10042, 0.25, "HellaSwag"),
    Benchmark("truthfulqa_mc1", 817, 0.22, "TruthfulQA MC1"),
    Benchmark("truthfulqa_mc2", 817, 0.47, "TruthfulQA MC2"),
    Benchmark("truthfulqa_unknown", 817, 0.47, "TruthfulQA (variant unknown)"),
    Benchmark("arc_challenge", 1172, 0.25, "ARC-Challenge"),
    Benchmark("winogrande", 1267, 0.5, "Winogrande"),
    Benchmark("mmlu", 14042, 0.25, "MMLU"),
    Benchmark("gsm8k", 1319, 0.0, "GSM8K"),
    Benchmark("xwinograd", 0, 0.5, "XWinograd"),
    Benchmark("humaneval", 164, 0.0, "HumanEval"),
    Benchmark("gpqa_diamond", 198, 0.25, "GPQA Diamond"),
    Benchmark("swe_bench_verified", 500, 0.0, "SWE-bench Verified"),
)
BENCHMARKS = MappingProxyType({b.name: b for b in _KNOWN})

_SPELLINGS = MappingProxyType(
    {
        "arc": "arc_challenge",
        "arcc": "arc_challenge",
        "arcchallenge": "arc_challenge",
        "gpqa": "gpqa_diamond",
        "gpqadiamond": "gpqa_diamond",
        "gsm8k": "gsm8k",
        "hellaswag": "hellaswag",
        "humaneval": "humaneval",
        "mmlu": "mmlu",
        "swebench": "swe_bench_verified",
        "swebenchverified": "swe_bench_verified",
        "tqamc1": "truthfulqa_mc1",
        "tqamc2": "truthfulqa_mc2",
        "tqa": "truthfulqa_unknown",
        "truthfulqa": "truthfulqa_unknown",
        "truthfulqamc": "truthfulqa_unknown",
        "truthfulqamc1": "truthfulqa_mc1",
        "truthfulqamc2": "truthfulqa_mc2",
        "truthfulqaunknown": "truthfulqa_unknown",
        "winogrande": "winogrande",
        "xwinograd": "xwinograd",
    }
)


def canonical_benchmark(column: str) -> str:
    """The benchmark that a column's heading names; the heading itself where it names none we know.

    A TruthfulQA column that does not say which variant it holds becomes `truthfulqa_unknown`.
    """
    return _SPELLINGS.get(re.sub(r"[^a-z0-9]", "", column.lower()), column.strip())


def benchmark(name: str) -> Benchmark:
    """Facts about `name`; for a benchmark that nobody told us about, no items and chance 0."""
    return BENCHMARKS.get(name) or Benchmark(name, 0, 0.0, name)
