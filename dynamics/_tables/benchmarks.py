"""What is known about each benchmark: items, chance level, spellings."""

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple


@dataclass(frozen=True)
class Benchmark:
    """One benchmark in one variant.

    - `name`: the column name used throughout (`truthfulqa_mc1` and `truthfulqa_mc2` are two).
    - `items`: number of questions; 0 where it is not known.
    - `chance`: score of a model that knows nothing, as a fraction. Random choice where the options
      are fixed; for TruthfulQA the level that the smallest public models have.
    - `title`: for people.
    - `lower_is_better`: then 1 - score is what is compared with others, titled `compared`.
    - `capability`: whether it asks what a model can do or knows; truthfulness and bias are other
      things.
    """

    name: str
    items: int
    chance: float
    title: str
    lower_is_better: bool = False
    capability: bool = True

    @property
    def compared(self) -> str:
        """The title of the score as it is compared with others, more being better."""
        return f"1 - {self.title}" if self.lower_is_better else self.title


#: 250 murder mysteries of two options, 256 object placements of five and 250 team allocations of
#: three, as huggingface.co/docs/leaderboards/open_llm_leaderboard/normalization counts them.
_MUSR_CHANCE = (250 / 2 + 256 / 5 + 250 / 3) / 756

_KNOWN = (
    Benchmark("hellaswag", 10042, 0.25, "HellaSwag"),
    Benchmark("truthfulqa_mc1", 817, 0.22, "TruthfulQA MC1", capability=False),
    Benchmark("truthfulqa_mc2", 817, 0.47, "TruthfulQA MC2", capability=False),
    # Since January 2025 two options a question, by the authors: neither MC1 nor MC2.
    Benchmark("truthfulqa_binary", 790, 0.5, "TruthfulQA (binary)", capability=False),
    Benchmark("truthfulqa_unknown", 817, 0.47, "TruthfulQA (variant unknown)", capability=False),
    Benchmark("arc_challenge", 1172, 0.25, "ARC-Challenge"),
    Benchmark("arc_easy", 2376, 0.25, "ARC-Easy"),
    Benchmark("winogrande", 1267, 0.5, "Winogrande"),
    Benchmark("mmlu", 14042, 0.25, "MMLU"),
    Benchmark("gsm8k", 1319, 0.0, "GSM8K"),
    Benchmark("xwinograd", 0, 0.5, "XWinograd"),
    Benchmark("humaneval", 164, 0.0, "HumanEval"),
    Benchmark("piqa", 1838, 0.5, "PIQA"),
    Benchmark("boolq", 3270, 0.5, "BoolQ"),
    Benchmark("openbookqa", 500, 0.25, "OpenBookQA"),
    Benchmark("siqa", 1954, 1 / 3, "Social IQa"),
    Benchmark("medqa_4options", 1273, 0.25, "MedQA"),
    Benchmark("sciq", 1000, 0.25, "SciQ"),
    Benchmark("commonsense_qa", 1221, 0.2, "CommonsenseQA"),
    Benchmark("lambada_openai", 5153, 0.0, "LAMBADA"),
    Benchmark("logiqa", 651, 0.25, "LogiQA"),
    Benchmark("wsc", 104, 0.5, "WSC"),
    # The share of pairs in which the more stereotypical sentence is the likelier one.
    Benchmark("crows_pairs_english", 1677, 0.5, "CrowS-Pairs", True, capability=False),
    Benchmark("gpqa", 448, 0.25, "GPQA (main)"),
    Benchmark("gpqa_diamond", 198, 0.25, "GPQA Diamond"),
    # The second leaderboard moves chance to 0: (score - chance) / (1 - chance), never below 0.
    Benchmark("gpqa_normalised", 0, 0.0, "GPQA (leaderboard, normalised)"),
    # Of its 27 tasks 24 have options, which the leaderboard asks as multiple choice; the harness'
    # own `bbh` has all 27 answered in words, where a model that answers in no known form gets 0.
    # One name holds both, so no level is one that nothing lies below.
    Benchmark("bbh", 0, 0.0, "BIG-Bench Hard"),
    Benchmark("bbh_normalised", 0, 0.0, "BIG-Bench Hard (leaderboard, normalised)"),
    Benchmark("mmlu_pro", 12032, 0.1, "MMLU-Pro"),
    Benchmark("mmlu_pro_normalised", 0, 0.0, "MMLU-Pro (leaderboard, normalised)"),
    Benchmark("musr", 756, _MUSR_CHANCE, "MuSR"),
    Benchmark("musr_normalised", 0, 0.0, "MuSR (leaderboard, normalised)"),
    Benchmark("ifeval", 541, 0.0, "IFEval"),
    Benchmark("math_lvl_5", 1324, 0.0, "MATH level 5"),
    Benchmark("swe_bench_verified", 500, 0.0, "SWE-bench Verified"),
    Benchmark("hle", 2500, 0.0, "Humanity's Last Exam"),
    Benchmark("otis_mock_aime", 45, 0.0, "OTIS Mock AIME 2024-2025"),
    # The private problems; tier 4 holds those that research mathematicians made hardest.
    Benchmark("frontiermath", 290, 0.0, "FrontierMath"),
    Benchmark("frontiermath_tier4", 48, 0.0, "FrontierMath tier 4"),
)
BENCHMARKS = MappingProxyType({b.name: b for b in _KNOWN})

#: The benchmark that the words of a heading name, joined.
_SPELLINGS = MappingProxyType(
    {
        **{re.sub("[^a-z0-9]", "", name): name for name in BENCHMARKS},
        **dict.fromkeys(("arc", "arcc", "ai2arcchallenge", "ai2arc"), "arc_challenge"),
        "arce": "arc_easy",
        "commonsenseqa": "commonsense_qa",
        "csqa": "commonsense_qa",
        "hendryckstest": "mmlu",
        "math5": "math_lvl_5",
        "mathhard": "math_lvl_5",
        "mathlevel5": "math_lvl_5",
        "obqa": "openbookqa",
        "gpqamain": "gpqa",
        "leaderboardgpqa": "gpqa",
        **dict.fromkeys(("swebench", "sweverified"), "swe_bench_verified"),
        **dict.fromkeys(("humanityslastexam", "humanitylastexam"), "hle"),
        **dict.fromkeys(("bigbenchhard", "leaderboardbbh"), "bbh"),
        "leaderboardifeval": "ifeval",
        "leaderboardmmlupro": "mmlu_pro",
        "leaderboardmusr": "musr",
        "leaderboardmathhard": "math_lvl_5",
        "massivemultitasklanguageunderstanding": "mmlu",
        "winograndexl": "winogrande",
        **dict.fromkeys(("tqamc1", "truthfulqamc1single"), "truthfulqa_mc1"),
        "tqamc2": "truthfulqa_mc2",
        "tqabinary": "truthfulqa_binary",
        "truthfulqabinarychoice": "truthfulqa_binary",
        **dict.fromkeys(("tqa", "truthfulqa", "truthfulqamc", "tqamc"), "truthfulqa_unknown"),
    }
)
#: Benchmark -> its metrics in the order in which they are taken; the first is the leaderboards'.
_METRICS = MappingProxyType(
    {
        "hellaswag": ("acc_norm", "acc"),
        "arc_challenge": ("acc_norm", "acc"),
        "arc_easy": ("acc_norm", "acc"),
        "openbookqa": ("acc_norm", "acc"),
        "piqa": ("acc_norm", "acc"),
        "sciq": ("acc_norm", "acc"),
        "gsm8k": ("exact_match_strict", "exact_match", "acc", "exact_match_flexible"),
        "truthfulqa_mc1": ("mc1", "acc"),
        "truthfulqa_mc2": ("mc2", "acc"),
    }
)
_METRIC_WORDS = frozenset(
    {
        *("acc", "norm", "accuracy", "exact", "match", "em", "qem", "strict", "flexible"),
        *("none", "extract", "get", "answer", "score", "scores", "raw", "percent", "pct", "choice"),
        *(
            "val",
            "validation",
            "test",
            "avg",
            "average",
            "mean",
            "bytes",
            "ppl",
            "gen",
            "all",
            "mc",
        ),
        *("accnorm", "result", "value", "macro", "micro", "multiple", "overall", "original", "v1"),
    }
)
#: Words of metrics that people also write before the benchmark.
_LEADING = frozenset({"acc", "norm", "accnorm", "accuracy", "em", "mc1", "mc2", "exact", "match"})
_PREFIXES = frozenset({"harness", "lighteval", "leaderboard", "helm", "eval", "original", "custom"})
_SHOTS = re.compile(
    r"([0-9]{1,3})[-_ ]*shots?(?![a-z])|shots?[-_ =:]*([0-9]{1,3})(?![0-9])|(zero)[-_ ]*shot"
    r"|(five)[-_ ]*shot|few[-_ ]*shot",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9+]+")
_STDERR = re.compile(
    r"[-_ /,(]*(?<![a-z])(std[-_ ]?err(?:or)?|standard[-_ ]error|se|sem)(?![a-z])\)?(,[a-z-]+)?"
)


class ReadHeading(NamedTuple):
    """What the heading of a score says.

    - `name`: of the benchmark, the heading's own where it names none that we know.
    - `metric`: `acc_norm`, `exact_match_strict`, ..., empty where it names none.
    - `shots`: as text, empty where it names none. `is_stderr`: it is a standard error.
    """

    name: str
    metric: str = ""
    shots: str = ""
    is_stderr: bool = False


def canonical_benchmark(column: str) -> str:
    """The benchmark that a column's heading names; the heading itself where it names none we know.

    A TruthfulQA column that does not say which variant it holds becomes `truthfulqa_unknown`.
    """
    return read_benchmark(column).name


@lru_cache(maxsize=4096)
def read_benchmark(heading: str) -> ReadHeading:
    """The benchmark, metric and shots in `HellaSwag (10-shot)`, `hellaswag/acc_norm,none`, ..."""
    text = heading.lower().replace("%", " percent ")
    shots = _SHOTS.search(text)
    said = ""
    if shots is not None:
        said = shots[1] or shots[2] or ("0" if shots[3] else "5" if shots[4] else "")
        text = text[: shots.start()] + " " + text[shots.end() :]
    error = _STDERR.search(text)
    if error is not None and error.start() > 0:
        text = text[: error.start()] + " " + (error[2] or "") + text[error.end() :]
    is_stderr = error is not None and error.start() > 0
    words = _WORD.findall(text)
    while len(words) > 1 and words[0] in _PREFIXES:
        words = words[1:]
    leading = next((i for i, w in enumerate(words) if w not in _LEADING), 0)
    orders = [words, words[leading:] + words[:leading]] if leading else [words]
    for order in orders:
        found = _benchmark_of(order)
        if found is not None:
            return ReadHeading(*found, said, is_stderr)
    return ReadHeading(_own_name(heading, is_stderr), "", said, is_stderr)


def metric_rank(name: str, metric: str) -> int:
    """How far a metric stands from the one that is taken for the benchmark; 0 is taken first."""
    order = _METRICS.get(name, ("acc_norm", "acc"))
    if not metric:
        return 0
    return order.index(metric) if metric in order else len(order)


def benchmark(name: str) -> Benchmark:
    """Facts about `name`; for a benchmark that nobody told us about, no items and chance 0."""
    return BENCHMARKS.get(name) or Benchmark(name, 0, 0.0, name)


def _benchmark_of(words: list[str]) -> tuple[str, str] | None:
    """The benchmark that words begin with, and the metric that the rest of them name."""
    for end in range(len(words), 0, -1):
        name = _SPELLINGS.get("".join(words[:end]))
        rest = words[end:]
        if name == "truthfulqa_unknown" and "gen" in rest:
            return None  # answers written freely: no multiple choice
        if name is not None and all(w in _METRIC_WORDS or w.isdigit() for w in rest):
            return name, _metric(rest)
    return None


def _metric(words: list[str]) -> str:
    given = set(words)
    if "accnorm" in given or {"acc", "norm"} <= given or "norm" in given:
        return "acc_norm"
    if given & {"exact", "match", "em", "qem"}:
        flavour = given & {"strict", "flexible"}
        return "exact_match" + (f"_{flavour.pop()}" if len(flavour) == 1 else "")
    return "acc" if given & {"acc", "accuracy"} else ""


def _own_name(heading: str, is_stderr: bool) -> str:
    """The heading of a benchmark that we do not know, without arrows, pictures and shots."""
    text = _SHOTS.sub(" ", heading)
    if is_stderr:
        error = _STDERR.search(text.lower())
        if error is not None:
            text = text[: error.start()] + (error[2] or "") + text[error.end() :]
    text = "".join(c for c in text if c.isalnum() or ord(c) < 0x2000)
    text = " ".join(text.replace("( )", " ").replace("()", " ").split()).strip(" _-,:/")
    return text or heading.strip()
