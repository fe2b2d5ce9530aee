"""Results files of the first Open LLM Leaderboard (`"harness|hellaswag|10"` and so on)."""

from math import sqrt
from pathlib import Path
from types import MappingProxyType

from .json_files import as_dict, as_text
from .runs import Measurement, Run, as_fraction

HARNESS = "Open LLM Leaderboard v1"
MMLU_SUBJECTS = 57
# Task -> (benchmark, metric) pairs that one task holds.
_TASKS = MappingProxyType(
    {
        "hellaswag": (("hellaswag", "acc_norm"),),
        "arc:challenge": (("arc_challenge", "acc_norm"),),
        "winogrande": (("winogrande", "acc"),),
        "gsm8k": (("gsm8k", "acc"),),
        "truthfulqa:mc": (("truthfulqa_mc1", "mc1"), ("truthfulqa_mc2", "mc2")),
    }
)
_MMLU = "hendrycksTest-"


def is_leaderboard(document: dict) -> bool:
    """Whether a results document is one of the leaderboard's."""
    return any(str(key).startswith("harness|") for key in as_dict(document.get("results")))


def read_leaderboard(path: Path, document: dict) -> tuple[Run, list[tuple[str, str]]]:
    """One results file, and (code, message) of what cannot be read from it.

    MMLU is the mean of its 57 subjects, each with the same weight, as the leaderboard had it;
    with fewer subjects it is left empty. Raises TableError for a score that is none.
    """
    results, versions = as_dict(document.get("results")), as_dict(document.get("versions"))
    general = as_dict(document.get("config_general"))
    limit = general.get("max_samples")
    items = limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else 0
    measured: dict[str, Measurement] = {}
    subjects: dict[str, Measurement] = {}
    for key, values in results.items():
        parts = str(key).split("|")
        if len(parts) != 3 or parts[0] != "harness":
            continue
        _, task, shots = parts
        version = as_text(versions.get(key))
        wanted = _TASKS.get(task, ((task, "acc"),) if task.startswith(_MMLU) else ())
        for name, metric in wanted:
            score = as_fraction(path, f"{task} {metric}", as_dict(values).get(metric))
            stated = as_dict(values).get(f"{metric}_stderr")
            stderr = as_fraction(path, f"{task} {metric}_stderr", stated)
            if score == score:
                found = Measurement(score, stderr, shots, version, items)
                (subjects if task.startswith(_MMLU) else measured)[name] = found
    remarks = []
    if len(subjects) == MMLU_SUBJECTS:
        measured["mmlu"] = _mean(list(subjects.values()))
    elif subjects:
        text = f"{path.name} has {len(subjects)} of {MMLU_SUBJECTS} MMLU subjects: MMLU left empty"
        remarks.append(("mmlu_incomplete", text))
    name = as_text(general.get("model_name")) or path.parent.name.replace("__", "/", 1)
    run = Run(path, name, (0.0, path.stem.rpartition("_")[2]), "", HARNESS, measured)
    return run, remarks


def _mean(parts: list[Measurement]) -> Measurement:
    n = len(parts)
    return Measurement(
        score=sum(part.score for part in parts) / n,
        stderr=sqrt(sum(part.stderr**2 for part in parts)) / n,
        shots=" and ".join(sorted({part.shots for part in parts})),
        version=" and ".join(sorted({part.version for part in parts} - {""})),
        items=sum(part.items for part in parts),
    )
