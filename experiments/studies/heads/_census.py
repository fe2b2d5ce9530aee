"""Counting over the models of a sweep of `nullcline run attribute_heads`."""

import dataclasses
from pathlib import Path
from typing import Any

from ....common.statistics import wilson
from ...formats import added, interval
from ...records import read_records
from ...text import text_table


@dataclasses.dataclass(frozen=True)
class CensusRow:
    """One model's heads: how many compete, in how many layers by the published rule and by its two
    controls, and what the unembedding does to the cosine of the two states."""

    model: str
    fingerprint: str
    n_layers: int
    heads: int
    truth_pairs: int
    reasoning_pairs: int
    logit_difference: float
    competing: int
    replicated: int
    published_layers: int
    random_layers: int
    shuffled_layers: int
    cosine_hidden: float
    cosine_logits: float
    null_low: float
    null_high: float


COUNTS = {
    "competing": "a head that competes",
    "replicated": "a head that competes in both halves of the pairs",
    "published_layers": "a layer that competes by the published rule",
    "random_layers": "… with random pairs of prompts",
    "shuffled_layers": "… with shuffled weights",
}


def read_census(folder: Path) -> tuple[CensusRow, ...]:
    """One row per model from the records below `folder`, sorted by name.

    **Raises** `ValueError` where there is no record of heads, where one is broken, and where two
    are of the same model.
    """
    return read_records(folder, "heads", _row, study="attribute_heads", name=lambda row: row.model)


def census_to_dict(rows: tuple[CensusRow, ...]) -> dict[str, Any]:
    """Rows, how many models have what, and how many heads compete, with Wilson's intervals."""

    def counted(count: int, of: int) -> dict[str, Any]:
        low, high = wilson(count, of)
        return {"count": count, "of": of, "wilson_low": low, "wilson_high": high}

    models = {
        name: counted(sum(getattr(row, name) > 0 for row in rows), len(rows)) for name in COUNTS
    }
    return {
        "models": [dataclasses.asdict(row) for row in rows],
        "models_with": models,
        "models_without_competing_heads": counted(sum(not r.competing for r in rows), len(rows)),
        "competing_heads": counted(sum(r.competing for r in rows), sum(r.heads for r in rows)),
        "cosine_outside_its_null": counted(
            sum(not r.null_low <= r.cosine_logits <= r.null_high for r in rows), len(rows)
        ),
    }


def census_to_text(rows: tuple[CensusRow, ...]) -> str:
    """The table and the counts."""
    found = census_to_dict(rows)
    header = ["model", "pairs", "logits", "competing", "in both halves", "published", "random",
              "shuffled", "cosine", "after unembedding [null]"]  # fmt: skip
    lines = [
        [
            row.model,
            f"{row.truth_pairs}",
            added(row.logit_difference),
            f"{row.competing} of {row.heads}",
            f"{row.replicated}",
            f"{row.published_layers} of {row.n_layers}",
            f"{row.random_layers}",
            f"{row.shuffled_layers}",
            added(row.cosine_hidden),
            f"{added(row.cosine_logits)} {interval(row.null_low, row.null_high, added)}",
        ]
        for row in rows
    ]
    text = [text_table(header, lines, right=range(1, 9)), ""]
    for name, words in COUNTS.items():
        text.append(f"models with {words}: {_share(found['models_with'][name])}")
    text.append(
        f"models without a competing head: {_share(found['models_without_competing_heads'])}"
    )
    text.append(f"heads that compete: {_share(found['competing_heads'])}")
    text.append(
        "models whose unembedding moves the cosine further than it moves random directions: "
        f"{_share(found['cosine_outside_its_null'])}"
    )
    return "\n".join(text)


def _share(found: dict[str, Any]) -> str:
    return (
        f"{found['count']} of {found['of']} (95 % {100 * found['wilson_low']:.0f} to "
        f"{100 * found['wilson_high']:.0f} %)"
    )


def _row(result: dict[str, Any]) -> CensusRow:
    if result["competing"] is None:
        raise ValueError("it has no reasoning pairs, so that nothing competes")
    model, published, projection = (result[n] for n in ("model", "published", "projection"))
    return CensusRow(
        model=model["name"],
        fingerprint=model["fingerprint"],
        n_layers=model["n_layers"],
        heads=result["competing"]["of"],
        truth_pairs=result["pairs"]["truth_count"],
        reasoning_pairs=result["pairs"]["reasoning_count"],
        logit_difference=result["logit_difference"]["truth"],
        competing=result["competing"]["count"],
        replicated=result["competing"]["replicated"],
        published_layers=published["competing_layers"],
        random_layers=published["random_prompt_pairs"],
        shuffled_layers=published["shuffled_weights"],
        cosine_hidden=projection["hidden"],
        cosine_logits=projection["logits"],
        null_low=projection["null_low"],
        null_high=projection["null_high"],
    )
