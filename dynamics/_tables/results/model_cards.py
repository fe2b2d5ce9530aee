"""Scores that a model's repository on the HuggingFace hub states: its card and `.eval_results`.

A card (README.md) has them as `model-index` in the YAML before its text (hub-docs/modelcard.md),
`.eval_results/*.yaml` as a list of datasets and values (hub-docs/eval-results.md).
"""

import re
from math import isnan, nan
from pathlib import Path
from typing import NamedTuple

from ..benchmarks import canonical_benchmark
from ..json_files import as_dict, as_list, as_text
from .identity import identify
from .runs import EVAL_FOLDER, FileReading, Measurement, Run, spread
from .tasks import KnownTask, known_task
from .yaml_files import parse_yaml

MODEL_CARD, EVAL_RESULTS = "model card", "hub evaluation results"
_SHOTS = re.compile(r"[-_ (]*([0-9]{1,3})[- ]shots?\)?", re.IGNORECASE)
_SECOND_LEADERBOARD = "open-llm-leaderboard"
# Benchmarks whose chance level the second leaderboard moved to 0, in its cards too.
_NORMALISED = frozenset({"bbh", "gpqa", "musr", "mmlu_pro"})
_DATASETS = {
    "ai2_arc": "arc_challenge",
    "ai2 reasoning challenge": "arc_challenge",
    "hendrycks_test": "mmlu",
    "openai_humaneval": "humaneval",
    "winogrande_xl": "winogrande",
    "truthful_qa": "truthfulqa",
    "competition_math": "math_lvl_5",
}
_VARIANTS = {"mc1": "truthfulqa_mc1", "mc2": "truthfulqa_mc2"}
_FRACTIONS_END = 1.0


class _Stated(NamedTuple):
    task: str
    metric: str
    benchmark: str  # empty where none is meant
    value: float
    shots: str


def front_matter(content: bytes) -> bytes | None:
    """The YAML before the text of a card, None where there is none."""
    start = content.removeprefix(b"\xef\xbb\xbf")
    if not start.startswith((b"---\n", b"---\r\n")):
        return None
    end = start.find(b"\n---", 3)
    return None if end < 0 else start[:end]


def read_card(path: Path, content: bytes) -> FileReading:
    """The `model-index` of a card. Raises TableError for a card whose YAML is broken."""
    matter = front_matter(content)
    if matter is None or b"model-index" not in matter:
        return FileReading("", reason="a text without a model-index")
    document = as_dict(parse_yaml(path, matter))
    index = [as_dict(entry) for entry in as_list(document.get("model-index"))]
    if not index:
        return FileReading(MODEL_CARD, reason="its model-index is empty")
    runs: list[Run] = []
    tasks: list[tuple[str, str, str, str]] = []
    for entry in index:
        stated = [one for result in as_list(entry.get("results")) for one in _of_card(result)]
        run = Run(path, identify(_model(path, as_text(entry.get("name")))), MODEL_CARD)
        scores, said = _measured(stated)
        runs += spread(run, scores)
        tasks += said
    return FileReading(MODEL_CARD, tuple(runs), "", tuple(tasks))


def read_eval_results(path: Path, content: bytes) -> FileReading:
    """One file of `.eval_results`. Raises TableError where its YAML is broken."""
    entries = [as_dict(entry) for entry in as_list(parse_yaml(path, content))]
    entries = [entry for entry in entries if "dataset" in entry and "value" in entry]
    if not entries:
        return FileReading("", reason="YAML without results of a dataset")
    stated = []
    for entry in entries:
        dataset = as_dict(entry["dataset"])
        task, whole = as_text(dataset.get("task_id")), as_text(dataset.get("id"))
        notes = as_text(entry.get("notes"))
        known = known_task(task) or _known(whole.rpartition("/")[2], task, "")
        name = known.benchmark if known else canonical_benchmark(whole.rpartition("/")[2])
        if notes:  # another way to measure it, `with tools` for one
            name = f"{name} ({notes})"
        stated.append(
            _Stated(f"{whole} {task}".strip(), "value", name, _number(entry["value"]), "")
        )
    scores, said = _measured(stated)
    run = Run(path, identify(_model(path, "")), EVAL_RESULTS, (0.0, path.stem))
    return FileReading(EVAL_RESULTS, spread(run, scores), "", said)


def _of_card(result: object) -> list[_Stated]:
    """The metrics of one entry of a model-index."""
    entry = as_dict(result)
    dataset, source = as_dict(entry.get("dataset")), as_dict(entry.get("source"))
    title = as_text(dataset.get("name")) or as_text(dataset.get("type"))
    config = f"{as_text(dataset.get('type'))} {as_text(dataset.get('config'))}"
    shots = as_text(as_dict(dataset.get("args")).get("num_few_shot"))
    is_second = _SECOND_LEADERBOARD in as_text(source.get("url"))
    stated = []
    for metric in map(as_dict, as_list(entry.get("metrics"))):
        kind = as_text(metric.get("type"))
        known = _known(title, config, kind) or _known(kind, "", "")
        name = known.benchmark if known else ""
        if is_second and name in _NORMALISED:
            name = f"{name}_normalised"
        said = _SHOTS.search(title) or _SHOTS.search(kind)
        few = shots or (said[1] if said else "")
        stated.append(_Stated(title, kind, name, _number(metric.get("value")), few))
    return stated


def _known(title: str, config: str, metric: str) -> KnownTask | None:
    """The benchmark that a dataset's title, type and config name, with the metric's variant."""
    plain = _SHOTS.sub("", title).strip().casefold()
    plain = _DATASETS.get(plain, plain)
    words = f"{plain} {config}".casefold()
    if plain.startswith("truthful") or "truthful_qa" in words:
        variant = metric.casefold().removeprefix("truthfulqa_")
        return known_task(_VARIANTS[variant]) if variant in _VARIANTS else None
    if "easy" in words and plain == "arc_challenge":
        return known_task("arc_easy")
    type_name = config.partition(" ")[0].rpartition("/")[2].casefold()
    return known_task(plain) or known_task(_DATASETS.get(type_name, type_name) or plain)


def _measured(
    stated: list[_Stated],
) -> tuple[list[tuple[str, Measurement]], tuple[tuple[str, str, str, str], ...]]:
    """Scores as fractions, and what became of each metric.

    A file is in percent if any of its values exceeds 1.
    """
    factor = 0.01 if any(one.value > _FRACTIONS_END for one in stated if one.benchmark) else 1.0
    scores: list[tuple[str, Measurement]] = []
    tasks: list[tuple[str, str, str, str]] = []
    for one in stated:
        score, why = one.value * factor, ""
        if not one.benchmark:
            why = "no benchmark that we know, or of no variant that it states"
        elif isnan(score) or not 0 <= score <= 1:
            why = "no share from 0 to 100 percent"
        else:
            scores.append((one.benchmark, Measurement(score, shots=one.shots)))
        tasks.append((one.task, one.metric, "" if why else one.benchmark, why))
    return scores, tuple(tasks)


def _number(value: object) -> float:
    try:
        return float(as_text(value))
    except ValueError:
        return nan


def _model(path: Path, stated: str) -> str:
    """The repository's folder, which has the organisation where the card has only the name."""
    folder = path.parent.parent if path.parent.name == EVAL_FOLDER else path.parent
    parts = [part for part in folder.parts if part not in ("", ".", "..", "/")]
    if "snapshots" in parts or any(part.startswith("models--") for part in parts):
        return str(folder)
    if stated:
        return stated
    return parts[-1].replace("__", "/", 1) if parts else path.stem
