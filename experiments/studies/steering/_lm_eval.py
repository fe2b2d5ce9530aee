"""Evaluations in the result format of lm-evaluation-harness 0.4, for everything that reads it."""

import csv
import io
import math
import time
from pathlib import Path
from typing import Any

from ....common.cells import as_meant, no_formula
from ....common.files import write_whole
from ....common.statistics import binomial_stderr
from ...formats import to_json
from ._study import SteeringStudy

_SUFFIX = "+truth-vector"


def write_lm_eval(folder: Path, study: SteeringStudy) -> tuple[Path, Path]:
    """Write `MODEL/results_<time>.json` of the unsteered and of the steered model, and their sizes
    and families into `models.csv`, as `nullcline diagnose` reads them.

    Tasks are `NAME_mc1`, `NAME_mc2` and `NAME_reasoning`, NAME being `truthfulqa` for its file,
    `world` for an organism, else the set's name. Scores are of the test split.
    """
    stem = task_stem(study)
    paths = []
    for row, suffix in (("strength_0", ""), ("steered", _SUFFIX)):
        name = f"{study.model.name.removeprefix('organism:')}{suffix}"
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}"
        path = folder / name.replace("/", "__") / f"results_{stamp}.json"
        write_whole(path, to_json(_document(study, row, name, stem, now)) + "\n")
        _list_model(folder / "models.csv", name, study, steered=bool(suffix))
        paths.append(path)
    return paths[0], paths[1]


def task_stem(study: SteeringStudy) -> str:
    """What the tasks are called after."""
    if "truthfulqa" in study.questions.lower():
        return "truthfulqa"
    if study.model.name.startswith("organism:") and not study.questions:
        return "world"
    return Path(study.questions).stem or "truth"


def _document(study: SteeringStudy, row: str, name: str, stem: str, now: float) -> dict[str, Any]:
    evaluation = study.evaluation
    measured = evaluation.row(row)
    questions = evaluation.questions
    reasoning = len(study.sets.part("reasoning", "test"))
    scores = {f"{stem}_mc1": (measured.mc1, questions), f"{stem}_mc2": (measured.mc2, questions)}
    if reasoning and math.isfinite(measured.reasoning_change):
        base = evaluation.reasoning_accuracy
        scores[f"{stem}_reasoning"] = (base + measured.reasoning_change, reasoning)
    return {
        "results": {
            task: {
                "alias": task,
                "acc,none": score,
                "acc_stderr,none": _stderr(score, items),
            }
            for task, (score, items) in scores.items()
        },
        "group_subtasks": {task: [] for task in scores},
        "configs": {
            task: {"task": task, "output_type": "multiple_choice", "num_fewshot": 0}
            for task in scores
        },
        "versions": dict.fromkeys(scores, 1),
        "n-shot": dict.fromkeys(scores, 0),
        "higher_is_better": {task: {"acc": True} for task in scores},
        "n-samples": {
            task: {"original": items, "effective": items} for task, (_, items) in scores.items()
        },
        "config": {
            "model": "nullcline",
            "model_args": f"pretrained={name}",
            "model_revision": study.model.revision or "",
            "frame": study.sets.frame,
            "steering": study.vector.sha256 if row == "steered" else None,
        },
        "date": now,
        "model_source": "nullcline",
        "model_name": name,
        "model_name_sanitized": name.replace("/", "__"),
    }


def _stderr(score: float, items: int) -> float:
    return float(binomial_stderr(score, items))


def _list_model(path: Path, name: str, study: SteeringStudy, *, steered: bool) -> None:
    """Add a model's family and size to the list, unless it stands there."""
    columns = ["model", "family", "params"]
    rows: list[dict[str, str]] = []
    if path.is_file():
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        columns = list(rows[0]) if rows else columns
    if any(as_meant(row.get("model") or "") == name for row in rows):
        return
    plain = study.model.name.removeprefix("organism:")
    family = plain.rsplit("-", 1)[0] + (", steered" if steered else "")
    params = sum(p.numel() for p in study.model.network.parameters())
    rows.append({"model": no_formula(name), "family": no_formula(family), "params": str(params)})
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, out.getvalue())
