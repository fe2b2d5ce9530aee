"""Truth vectors over the models of a sweep of `nullcline run evaluate_steering`."""

import dataclasses
from pathlib import Path
from typing import Any

from ...formats import signed
from ...records import read_records
from ...text import text_table


@dataclasses.dataclass(frozen=True)
class SteeringRow:
    """One model's chosen vector on its test split, and the published count beside it.

    `search`: `cue` where the contrast was a cue to the truth, else `no cue`. Shares are of 1;
    `counted_*` are shares of prompts whose sampled text differs, as published.
    """

    model: str
    fingerprint: str
    search: str
    method: str
    layer: int
    site: str
    where: str
    strength: float
    questions: int
    answered_falsely: int
    held: float
    held_low: float
    held_high: float
    corrected_share: float
    corrected_low: float
    corrected_high: float
    random_mean: float
    random_max: float
    shuffled_labels: float
    published_rule: float
    right_answers: int
    right_lost: int
    reasoning_change: float
    kl: float
    perplexity_ratio: float
    counted_steered: float
    counted_strength_0: float
    counted_greedy: float
    counted_prompts: int
    verdict: str


def read_steering(folder: Path) -> tuple[SteeringRow, ...]:
    """One row per record below `folder`, by model and search.

    **Raises** `ValueError` where there is no record of `evaluate`, where one is broken, and where
    two are of one model and search.
    """
    return read_records(
        folder,
        "evaluate",
        _row,
        study="evaluate_steering",
        name=lambda row: f"{row.model} ({row.search})",
    )


def steering_census_to_text(rows: tuple[SteeringRow, ...]) -> str:
    """A line per model."""
    header = ["model", "contrast", "vector", "held %", "false", "corrected % [95 %]", "random max",
              "shuffled", "lost", "reasoning", "text differs % (at 0)", "verdict"]  # fmt: skip
    lines = [
        [
            row.model,
            row.search,
            f"{row.method}, {row.layer} {row.site}{'' if row.where == 'everywhere' else ', asked'}",
            f"{100 * row.held:.0f}",
            f"{row.answered_falsely}",
            f"{100 * row.corrected_share:.0f} [{100 * row.corrected_low:.0f}, "
            f"{100 * row.corrected_high:.0f}]",
            f"{100 * row.random_max:.0f}",
            f"{100 * row.shuffled_labels:.0f}",
            f"{row.right_lost}/{row.right_answers}",
            signed(100 * row.reasoning_change, 1),
            f"{100 * row.counted_steered:.0f} ({100 * row.counted_strength_0:.0f})",
            row.verdict.replace("_", " "),
        ]
        for row in rows
    ]
    return text_table(header, lines, right=(3, 4, 6, 7, 8, 9))


def _row(result: dict[str, Any]) -> SteeringRow:
    by_name = {row["name"]: row for row in result["rows"]}
    vector, counted, right = result["vector"], result["published_count"], result["right_answers"]
    steered = by_name["steered"]
    return SteeringRow(
        model=result["model"]["name"],
        fingerprint=result["model"]["fingerprint"],
        search="cue" if vector["method"] == "cue" else "no cue",
        method=vector["method"],
        layer=vector["layer"],
        site=vector["site"],
        where="everywhere" if vector["condition_accuracy"] is None else "asked",
        strength=vector["strength"],
        questions=result["questions"],
        answered_falsely=result["answered_falsely"],
        held=result["held"]["accuracy"],
        held_low=result["held"]["low"],
        held_high=result["held"]["high"],
        corrected_share=result["corrected_share"],
        corrected_low=result["corrected_low"],
        corrected_high=result["corrected_high"],
        random_mean=result["random_corrected_share"],
        random_max=result["random_corrected_max"],
        shuffled_labels=by_name["shuffled_labels"]["corrected_share"],
        published_rule=by_name["published_rule"]["corrected_share"],
        right_answers=right["count"],
        right_lost=right["lost"],
        reasoning_change=steered["reasoning_change"],
        kl=steered["kl"],
        perplexity_ratio=steered["perplexity_ratio"],
        counted_steered=counted["steered"],
        counted_strength_0=counted["strength_0"],
        counted_greedy=counted["greedy"],
        counted_prompts=counted["prompts"],
        verdict=result["verdict"],
    )
