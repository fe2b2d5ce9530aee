"""Results files of the EleutherAI lm-evaluation-harness, 0.4 and later."""

from pathlib import Path
from types import MappingProxyType

from ...common.statistics import binomial_stderr
from .benchmarks import BENCHMARKS, benchmark
from .json_files import as_dict, as_text
from .runs import Measurement, Run, as_fraction

HARNESS = "lm-evaluation-harness 0.4"
_METRICS = MappingProxyType(
    {
        "hellaswag": "acc_norm,none",
        "arc_challenge": "acc_norm,none",
        "winogrande": "acc,none",
        "mmlu": "acc,none",
        "truthfulqa_mc1": "acc,none",
        "truthfulqa_mc2": "acc,none",
        "gsm8k": "exact_match,strict-match",
    }
)
_OTHER_METRICS = ("acc_norm,none", "acc,none")
# Order matters: an adapter or a delta is given together with the model that it is for.
_NAME_ARGUMENTS = ("peft", "delta", "pretrained", "model", "path", "engine")


def read_lm_eval(path: Path, document: dict) -> Run:
    """One results file; tasks that we know no metric for give `acc_norm`, else `acc`.

    Subtasks of a group are read past. Raises TableError for a score that is none.
    """
    results = as_dict(document.get("results"))
    groups = as_dict(document.get("group_subtasks"))
    subtasks = {str(t) for tasks in groups.values() if isinstance(tasks, list) for t in tasks}
    measured: dict[str, Measurement] = {}
    for task, values in results.items():
        values = as_dict(values)
        if task in subtasks or (task.startswith("mmlu_") and task not in BENCHMARKS):
            continue
        wanted = (_METRICS[task],) if task in _METRICS else _OTHER_METRICS
        metric = next((m for m in wanted if m in values), None)
        if metric is None:
            continue
        score = as_fraction(path, f"{task} {metric}", values[metric])
        if score == score:
            measured[task] = _measurement(path, document, task, metric, score)
    arguments = _arguments(document)
    return Run(
        path=path,
        model=_model(path, document, arguments),
        when=_when(path, document),
        revision=arguments.get("revision", ""),
        harness=HARNESS,
        measured=measured,
    )


def _measurement(path: Path, document: dict, task: str, metric: str, score: float) -> Measurement:
    name, _, sieve = metric.partition(",")
    twin = f"{name}_stderr,{sieve}"
    stderr = as_fraction(path, f"{task} {twin}", as_dict(document["results"][task]).get(twin))
    leaves = _leaves(document, task)
    items = _items_if_fewer(document, task, leaves)
    if items and stderr != stderr:
        stderr = float(binomial_stderr(score, items))
    shots = as_dict(document.get("n-shot"))
    given = sorted({as_text(shots[leaf]) for leaf in leaves if leaf in shots} - {""})
    versions = as_dict(document.get("versions"))
    version = as_text(versions.get(task)).removesuffix(".0")
    return Measurement(
        score=score,
        stderr=stderr,
        shots=" and ".join(given),
        version="" if version.upper() == "N/A" else version,
        items=items,
    )


def _leaves(document: dict, task: str) -> list[str]:
    """The tasks that a group is made of; a plain task itself."""
    groups = as_dict(document.get("group_subtasks"))
    leaves: dict[str, None] = {}
    waiting, seen = [task], set()
    while waiting:
        name = waiting.pop()
        parts = groups.get(name)
        if isinstance(parts, list) and parts and name not in seen:
            seen.add(name)
            waiting += [str(part) for part in parts]
        elif name not in seen:
            leaves[name] = None
    return list(leaves) or [task]


def _items_if_fewer(document: dict, task: str, leaves: list[str]) -> int:
    """Number of questions asked if it is fewer than there are, else 0."""
    counts = as_dict(document.get("n-samples"))
    pairs = [as_dict(counts[leaf]) for leaf in leaves if leaf in counts]
    pairs = [(p.get("original"), p.get("effective")) for p in pairs]
    known = [(int(o), int(e)) for o, e in pairs if isinstance(o, int) and isinstance(e, int)]
    if known:
        original, effective = (sum(side) for side in zip(*known, strict=True))
        return max(effective, 1) if effective < original else 0
    limit = as_dict(document.get("config")).get("limit")
    if not isinstance(limit, int | float) or isinstance(limit, bool) or not limit > 0:
        return 0
    items = benchmark(task).items
    # The harness takes a limit below 1 as a share, any other as a number per subtask.
    asked = limit * items if limit < 1 else limit * len(leaves)
    return 0 if 0 < items <= asked else int(max(1, min(asked, 1e9)))


def _arguments(document: dict) -> dict[str, str]:
    """`model_args`, which the harness writes as one string or as a dictionary."""
    given = as_dict(document.get("config")).get("model_args")
    if isinstance(given, str):
        pairs = (part.partition("=") for part in given.split(","))
        return {key.strip(): value.strip() for key, _, value in pairs}
    return {key: as_text(value) for key, value in as_dict(given).items()}


def _model(path: Path, document: dict, arguments: dict[str, str]) -> str:
    """The model's name: as stated, else from its arguments, else from its folder."""
    stated = as_text(document.get("model_name"))
    names = (stated, *(arguments.get(key, "") for key in _NAME_ARGUMENTS))
    name = next((name for name in names if name), path.parent.name.replace("__", "/", 1))
    is_local = name.startswith(("/", ".", "~"))
    return Path(name).name if is_local else name


def _when(path: Path, document: dict) -> tuple[float, str]:
    """The file's time: the one it states, else the one in its name."""
    date = document.get("date")
    if isinstance(date, int | float) and not isinstance(date, bool) and abs(date) < 1e15:
        return float(date), path.stem.rpartition("_")[2]
    return 0.0, path.stem.rpartition("_")[2]
