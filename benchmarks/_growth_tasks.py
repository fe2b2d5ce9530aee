"""What `scale.py` grows: each task makes work of a size, and gives a function that does it.

Imports stand inside, so that a process holds only what its task needs.
"""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path

Work = Callable[[], object]

#: Models of a family in the table that grows.
_MODELS = 10


def table(path: Path, models: int, *, each: int = _MODELS) -> None:
    """A score table of families of `each` models: HellaSwag rises, TruthfulQA goes with it or
    against it in each family, both with their noise; percent, as tables have it."""
    rng = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file).writerow
        write(["family", "model", "params", "hellaswag", "truthfulqa_mc2", "mmlu"])
        for number in range(models):
            family, size = divmod(number, each)
            draw = random.Random(family)
            level, slope = draw.uniform(25, 35), draw.gauss(0, 0.5)
            reasoning = 30 + 45 * size / each + rng.gauss(0, 1)
            truth = level + 10 + slope * (reasoning - 50) / 2 + rng.gauss(0, 1)
            scores = (reasoning, min(max(truth, 5), 95), level + 30 * size / each)
            cells = (f"{score:.2f}" for score in scores)
            write([f"F{family}", f"F{family}-{size}", f"{2**size * 1e8:.0f}", *cells])


def read(models: int, folder: Path) -> Work:
    from nullcline import dynamics

    path = folder / "table.csv"
    table(path, models)
    return lambda: dynamics.read_scores(path)


def diagnose(models: int, folder: Path) -> Work:
    from nullcline import dynamics

    path = folder / "table.csv"
    table(path, models)
    scores = dynamics.read_scores(path)
    return lambda: dynamics.diagnose(scores)


def bootstrap(resamples: int, folder: Path) -> Work:
    import numpy as np

    from nullcline import dynamics

    frame = dynamics.load_table("uniform").frame
    given = (
        np.log10(frame["params"].to_numpy(float)),
        frame["truthfulqa_mc2"].to_numpy(float),
        frame["family"].to_numpy(),
    )
    return lambda: dynamics.phases.critical_point_bootstrap(*given, n_boot=resamples)


def attribution(pairs: int, folder: Path) -> Work:
    from head_attribution import make_model, make_pairs

    from nullcline import interp

    model, chosen = make_model(2, 128), make_pairs(pairs, 16)
    return lambda: interp.attribute_heads(model, chosen)


def scan(pairs: int, folder: Path) -> Work:
    from scan_page import mixtures

    from nullcline import dynamics

    count = round((1 + (1 + 4 * pairs) ** 0.5) / 2)  # count (count - 1) pairs
    scores = mixtures(count)
    return lambda: dynamics.scan(scores)


def collect(records: int, folder: Path) -> Work:
    from nullcline.experiments.stored import digest_of
    from nullcline.experiments.sweeps import collect as collect_records

    sweep = folder / "sweep"
    for number in range(records):
        one = sweep / f"seed={number}"
        one.mkdir(parents=True)
        result = {"heads": [{"layer": i, "effect": i / 7 + number} for i in range(4)], "mean": 0.5}
        record = {
            "command": "heads", "experiment": "attribute_heads", "key": one.name, "rows": "heads",
            "settings": {"model": "m", "seed": number}, "inputs": {}, "result": result,
            "result_sha256": digest_of(result), "python": "3.11",
            "code": {"commit": "c", "dirty": False, "version": "v"},
        }  # fmt: skip
        (one / "record.json").write_text(json.dumps(record))
        (one / "job.json").write_text(json.dumps({"state": "done", "seconds": 1.0}))
    return lambda: collect_records(sweep, folder / "all.csv")


#: Task -> how it is made, the unit of its size, its sizes, tiny sizes to try.
TASKS: dict[str, tuple[Callable[[int, Path], Work], str, tuple[int, ...], tuple[int, ...]]] = {
    "read": (read, "models", (100, 1_000, 10_000), (20, 40, 80)),
    "diagnose": (diagnose, "models", (100, 1_000, 10_000), (20, 30, 40)),
    "bootstrap": (bootstrap, "resamples", (10_000, 100_000, 1_000_000), (100, 200, 400)),
    "attribution": (attribution, "pairs", (100, 1_000, 10_000), (4, 8, 16)),
    "scan": (scan, "pairs", (90, 992, 10_100), (6, 12, 20)),
    "collect": (collect, "records", (100, 1_000, 10_000), (4, 8, 16)),
}
#: Task -> how the page calls it.
TITLES = {
    "read": "a table read",
    "diagnose": "a table diagnosed, 10 models a family",
    "bootstrap": "the pooled turn of the shipped table bootstrapped",
    "attribution": "all heads of a small model attributed, 16 tokens a pair",
    "scan": "pairs of benchmarks scanned, 139 models",
    "collect": "records of a sweep collected as CSV",
}
