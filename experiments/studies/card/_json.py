"""A card as JSON: fractions, counts, the coupling's unit 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...formats import pick, plain
from ...records import SCHEMA_VERSION

if TYPE_CHECKING:
    from ....dynamics import ModelCard
    from ....dynamics.phases import Neighbourhood


def card_to_dict(card: ModelCard) -> dict[str, Any]:
    """JSON-ready; what cannot be said is null, with the reason in `missing`."""
    residual = card.residual
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            **pick(card, "model params params_from_name tuned scores stderrs reasoning truth"),
            "among": {"table": card.among, "models": card.models, "families": card.families},
            "levels": [
                {**pick(level, "benchmark score percentile models"), "rank": level.models
                 - level.below + 1}
                for level in card.levels
            ],
            "nearest": [pick(near, "model family params distance") for near in card.nearest],
            "outside": card.outside,
            "neighbourhood": _neighbourhood(card.neighbourhood),
            "residual": None if residual is None else residual.value,
            "residual_se": None if residual is None else residual.stderr,
            "residual_parts": None
            if residual is None
            else pick(residual, "scatter noise line expected given p farther models families"),
            "next": {
                **pick(card.next, "status params level distance families why"),
                "scores": [
                    pick(score, "benchmark expected low high now") for score in card.next.scores
                ],
            },
            "own_coupling": card.own_coupling,
            "measure_next": [
                pick(m, "kind question now then gain params benchmark decided cost")
                for m in card.measure_next
            ],
            **pick(card, "left_out own_family missing"),
        }
    )  # fmt: skip


def _neighbourhood(near: Neighbourhood) -> dict[str, Any]:
    return {
        **pick(near, "phase gamma low high between_sd by near_chance why"),
        "families": [
            pick(family, "family models slope stderr gain distance") for family in near.families
        ],
    }
