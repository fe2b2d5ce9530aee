"""Results files of every harness for one family, Elm, whose truthfulness falls with its size."""

import json
import zipfile
from pathlib import Path

SIZES = ("160m", "410m", "1.4b", "2.8b")
HELLASWAG: dict[str, float] = dict(zip(SIZES, (0.301, 0.407, 0.524, 0.605), strict=True))
TRUTHFULQA: dict[str, float] = dict(zip(SIZES, (0.442, 0.411, 0.388, 0.355), strict=True))
NAMES = [f"acme/elm-{size}" for size in SIZES]


def lm_eval(size="160m", *, name="", arguments="", **more):
    """What lm-evaluation-harness 0.4 writes for the two benchmarks."""
    name = name or f"acme/elm-{size}"
    return {
        "results": {
            "hellaswag": {
                "alias": "hellaswag",
                "acc,none": 0.75 * HELLASWAG[size],
                "acc_norm,none": HELLASWAG[size],
                "acc_norm_stderr,none": 0.0048,
            },
            "truthfulqa_mc2": {
                "alias": "truthfulqa_mc2",
                "acc,none": TRUTHFULQA[size],
                "acc_stderr,none": 0.0145,
            },
        },
        "group_subtasks": {"hellaswag": [], "truthfulqa_mc2": []},
        "versions": {"hellaswag": 1.0, "truthfulqa_mc2": 2.0},
        "n-shot": {"hellaswag": 10, "truthfulqa_mc2": 0},
        "config": {"model": "hf", "model_args": f"pretrained={name}{arguments}", "limit": None},
        "date": 1.7e9,
        "model_name": name,
        **more,
    }


def lighteval(size, key="leaderboard|{}|{}|0"):
    """What lighteval writes; `key` is how its version names task and shots."""
    return {
        "config_general": {"model_name": f"acme/elm-{size}", "max_samples": None},
        "results": {
            key.format("hellaswag", 10): {"acc": 0.2, "acc_norm": HELLASWAG[size]},
            key.format("truthfulqa:mc", 0): {
                "truthfulqa_mc1": 0.22,
                "truthfulqa_mc2": TRUTHFULQA[size],
            },
            "all": {"acc": 0.3},
        },
        "versions": {},
    }


def inspect_log(size, task, score, **arguments):
    """The log of one task of inspect_evals."""
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "task": f"inspect_evals/{task}",
            "task_args": arguments,
            "task_version": 0,
            "created": "2025-10-21T01:12:03+02:00",
            "dataset": {"name": task, "samples": 800},
            "model": f"vllm/acme/elm-{size}",
            "model_args": {},
            "config": {"epochs": 1},
        },
        "results": {
            "total_samples": 800,
            "completed_samples": 800,
            "scores": [
                {
                    "name": "choice",
                    "metrics": {
                        "accuracy": {"name": "accuracy", "value": score},
                        "stderr": {"name": "stderr", "value": 0.01},
                    },
                }
            ],
        },
    }


def every_eval_ever(size, scores, *, most=1.0):
    """A record with (evaluation, metric) -> score."""
    return {
        "schema_version": "0.2.1",
        "evaluation_id": f"x/acme_elm-{size}/1770682486.6",
        "retrieved_timestamp": "1770682486.6",
        "source_metadata": {"source_name": "a leaderboard", "source_type": "documentation"},
        "eval_library": {"name": "lm_eval", "version": "0.4.9"},
        "model_info": {"name": f"elm-{size}", "id": f"acme/elm-{size}"},
        "evaluation_results": [
            {
                "evaluation_name": name,
                "source_data": {"dataset_name": name, "source_type": "other"},
                "metric_config": {
                    "evaluation_description": metric,
                    "lower_is_better": False,
                    "score_type": "continuous",
                    "min_score": 0.0,
                    "max_score": most,
                },
                "score_details": {"score": score},
            }
            for (name, metric), score in scores.items()
        ],
    }


def model_card(size, *, text="Some words.\n"):
    """A card as the leaderboard's robot wrote it: percent, with the metric of each dataset."""
    return f"""---
license: apache-2.0
model-index:
- name: elm-{size}
  results:
  - task:
      type: text-generation
    dataset:
      name: HellaSwag (10-Shot)
      type: hellaswag
      args:
        num_few_shot: 10
    metrics:
    - type: acc_norm
      value: {100 * HELLASWAG[size]:.2f}
      name: normalized accuracy
  - task:
      type: text-generation
    dataset:
      name: TruthfulQA (0-shot)
      type: truthful_qa
      config: multiple_choice
    metrics:
    - type: mc2
      value: {100 * TRUTHFULQA[size]:.2f}
---
{text}"""


def write(path: Path, document: object) -> Path:
    """The document as JSON, in folders that are made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def write_eval(path: Path, log: dict, *, whole: bool = True) -> Path:
    """A log of Inspect as the archive that it writes; not `whole` as one that is unfinished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        start = {key: log[key] for key in ("version", "eval")}
        archive.writestr("_journal/start.json", json.dumps(start))
        archive.writestr("samples/1_epoch_1.json", "{}")
        if whole:
            archive.writestr("header.json", json.dumps(log))
    return path
