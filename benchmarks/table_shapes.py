"""Make the shipped table `shapes` from the evaluations of Gemstones (McLeish et al. 2025).

    python benchmarks/table_shapes.py FOLDER_OF_THE_SOURCE

The folder holds `gemstones_light_eval.parquet` and `gemstones_light_eval_err.parquet`, exported
from mcleish7/gemstone-scaling-laws at commit 5f42047 (MIT). Needs pyarrow.
"""

import argparse
import re
from pathlib import Path

import pandas as pd
from _made_table import write_table

#: Columns of the source -> ours.
_NAMES = {
    "arc:challenge": "arc_challenge",
    "arc:easy": "arc_easy",
    "commonsense_qa": "commonsense_qa",
    "hellaswag": "hellaswag",
    "mmlu": "mmlu",
    "openbookqa": "openbookqa",
    "piqa": "piqa",
    "siqa": "siqa",
    "winogrande": "winogrande",
}
_ROW = re.compile(r"Gemstone-(\d+)x(\d+)-(?:main|step_(\d+))")
#: Sequences of so many tokens each, per step; the last checkpoint has seen 350 billion tokens.
_TOKENS_PER_STEP, _LAST = 2048 * 2048, 350e9
_VOCABULARY, _HEAD = 50_304, 128


def main() -> None:
    """Write data/shapes.csv and data/shapes.json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    scores = pd.read_parquet(folder / "gemstones_light_eval.parquet")
    errors = pd.read_parquet(folder / "gemstones_light_eval_err.parquet").loc[scores.index]
    rows = []
    for name in scores.index:
        found = _ROW.fullmatch(name)
        if found is None:
            raise ValueError(f"{name}: no row of a shape; the source has changed")
        width, layers, step = (int(part or 0) for part in found.groups())
        row = {
            "family": f"Gemstone-{width}",
            "model": f"Gemstone-{width}x{layers}",
            "params": params(width, layers),
            "d_model": width,
            "layers": layers,
            "step": step or None,
            "tokens": step * _TOKENS_PER_STEP if step else _LAST,
            "lab": "University of Maryland",
        }
        for theirs, ours in _NAMES.items():
            row[ours] = round(scores.loc[name, theirs], 6)
            row[f"{ours}_stderr"] = round(errors.loc[name, theirs], 6)
        rows.append(row | {"source": "gemstones"})
    frame = pd.DataFrame(rows).astype({"step": "Int64"})
    order = ["d_model", "layers", "tokens"]
    write_table("shapes", frame.sort_values(order, ignore_index=True), _ORIGIN)


def params(width: int, layers: int) -> int:
    """Parameters of a shape: gated feed-forward of 4 x width, half as many heads for keys and
    values as for queries, two embeddings. Agrees with the totals on the models' own pages (48.4M
    for 256x23, 107M for 512x14, 1.9B for 2048x27)."""
    heads = width // _HEAD
    attention = 2 * width**2 + 2 * width**2 * (heads // 2) // heads
    return layers * (attention + 12 * width**2) + 2 * _VOCABULARY * width


_ORIGIN = {
    "title": "22 widths and depths of one recipe, 35 checkpoints each, 9 benchmarks",
    "origin": (
        "McLeish et al. (2025), Gemstones, arXiv:2502.06857: mcleish7/gemstone-scaling-laws, "
        "commit 5f42047"
    ),
    "licence": "MIT (source repository); figures only, arranged for this project",
    "harness": "lighteval, as run by the authors of the source",
    "n_shot": "0",
    "date": "2025",
    "unit": {
        "scores": "fraction, with the standard error that the source gives",
        "params": "count with embeddings, computed by this project from width and depth",
        "tokens": "count: step x 2048 sequences of 2048 tokens; 350 billion for the last one",
    },
    "chosen": (
        "Every checkpoint of the source. A family is one width, so its models differ in depth "
        "alone; all shapes had the same tokens."
    ),
    "sources": {"gemstones": "the origin above"},
}


if __name__ == "__main__":
    main()
