"""How soon a folder of results files is a table, against reading the same files as JSON alone.

    python benchmarks/results_speed.py [--files 10000] [--kilobytes 50]
        [--repeats 5]

The files are what lm-evaluation-harness writes, of 65 models with their checkpoints, with the 57
subjects of MMLU, padded with the settings of tasks as real ones are. CPU seconds in one process,
in turn, and its largest memory above what it had before, which holds what is noted of each file and
nothing of what is in it.
"""

import argparse
import collections
import json
import statistics
import tempfile
import time
from pathlib import Path

from _side_by_side.measure import in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import dynamics
from nullcline.dynamics._tables.results.tasks import MMLU_SUBJECTS

_MODELS = 65
_SUBJECTS = [f"mmlu_{subject}" for subject in sorted(MMLU_SUBJECTS)]
_SIZES = ("70m", "160m", "410m", "1.4b", "2.8b")


def document(i: int, padding: str) -> dict:
    """The results of one checkpoint of one model; the last of each is the final weights."""
    model, step = i % _MODELS, i // _MODELS
    name = f"acme/elm{model // len(_SIZES)}-{_SIZES[model % len(_SIZES)]}"
    revision = f",revision=step{step * 1000}" if step else ""
    score = 0.25 + 0.5 * model / _MODELS
    return {
        "results": {
            "hellaswag": {"acc,none": score, "acc_norm,none": score, "acc_norm_stderr,none": 0.004},
            "truthfulqa_mc2": {"acc,none": 0.6 - score / 2, "acc_stderr,none": 0.0145},
            "mmlu": {"acc,none": score, "acc_stderr,none": 0.003},
            **{task: {"acc,none": score, "acc_stderr,none": 0.01} for task in _SUBJECTS},
        },
        "group_subtasks": {"hellaswag": [], "truthfulqa_mc2": [], "mmlu": _SUBJECTS},
        "n-shot": {"hellaswag": 10, "truthfulqa_mc2": 0},
        "configs": {"hellaswag": {"description": padding}},
        "config": {"model": "hf", "model_args": f"pretrained={name}{revision}"},
        "date": 1.7e9 + i,
        "model_name": name,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--kilobytes", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    add_rows_option(parser)
    settings = parser.parse_args()
    padding = "x" * (settings.kilobytes * 1000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for i in range(settings.files):
            path = folder / str(i) / "results_2024.json"
            path.parent.mkdir()
            path.write_text(json.dumps(document(i, padding)), encoding="utf-8")
        files = sorted(folder.rglob("*.json"))
        dynamics.read_scores(files[0])  # imports what it needs
        routes = {
            "ours": lambda: dynamics.read_scores(folder),
            "json": lambda: collections.deque(
                map(json.loads, map(Path.read_bytes, files)), maxlen=0
            ),
        }
        timings = in_turn(routes, settings.repeats, clock=time.process_time)
        table = dynamics.read_scores(folder)
    ours, alone = timings["ours"], timings["json"]
    row = Row(
        f"{settings.files:,} results files of {settings.kilobytes} kB made a table",
        "CPU seconds",
        "json.loads of each",
        tuple(ours.seconds),
        tuple(alone.seconds),
        floor=True,
        our_mb=ours.peak_mb,
        their_mb=alone.peak_mb,
    )
    write_rows(settings, [row])
    print(f"{len(table.account.files)} files, {len(table.frame)} models, "
          f"{len(table.left_out)} checkpoints apart")  # fmt: skip
    print(f"read as a table  {row.our_middle:6.2f} CPU s")
    print(f"read as JSON     {row.their_middle:6.2f} CPU s")
    print(f"ratio            {statistics.median(row.ratios):6.2f}")
    print(f"memory above     {ours.peak_mb:6.0f} MB")


if __name__ == "__main__":
    main()
