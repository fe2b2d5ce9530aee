"""The scores of trained families as a score table like any other."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from .._training.organism import SCORE_COLUMNS, Organism
from .._training.saving import saving


def score_table(organisms: Iterable[Organism]) -> str:
    """The organisms' scores as the text of a score table (CSV).

    One row a model: family, model, params and the other columns of any score table, `seed`, the
    benchmarks `world_truth`, `world_truth_plain`, `world_truth_reference`, `world_reasoning` as
    fractions with `_stderr`, and `loss` in nats per token. `flops` is 6 x params x tokens.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    measured = [
        column for name in SCORE_COLUMNS for column in (f"world_{name}", f"world_{name}_stderr")
    ]
    writer.writerow(
        [
            "family",
            "model",
            "params",
            "d_model",
            "layers",
            "tokens",
            "flops",
            "lab",
            "seed",
            *measured,
            "loss",
        ]
    )
    for organism in organisms:
        values = [
            getattr(organism, f"{name}{suffix}")
            for name in SCORE_COLUMNS
            for suffix in ("", "_stderr")
        ]
        writer.writerow(
            [
                organism.family,
                organism.name,
                organism.params,
                organism.width,
                organism.layers,
                organism.tokens,
                f"{6.0 * organism.params * organism.tokens:.6g}",
                "nullcline",
                organism.seed,
                *(f"{value:.6f}" for value in values),
                f"{organism.loss:.6f}",
            ]
        )
    return stream.getvalue()


def write_score_table(organisms: Iterable[Organism], path: Path) -> None:
    """Write `score_table` to a file, whole or not at all."""
    with saving(path) as temporary:
        temporary.write_text(score_table(organisms), encoding="utf-8")
