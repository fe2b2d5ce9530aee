"""A study of heads as plain data."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ...formats import pick, plain
from ._study import HeadStudy

if TYPE_CHECKING:
    from ....interp import EdgeAttribution, Head, Patching


def study_to_dict(study: HeadStudy) -> dict[str, Any]:
    """The keys that `nullcline heads --json` promises, and the parts that belong to the method."""
    attribution = study.attribution
    residual, tolerance = attribution.completeness
    return plain(
        {
            "model": pick(
                study.model,
                "name revision fingerprint architecture n_layers n_heads parity quantisation "
                "adapter_base",
            ),
            "pairs": {
                "truth": study.pairs.truth_name,
                "truth_count": len(attribution.truth.pairs),
                "truth_available": study.pairs.truth_available,
                "reasoning": study.pairs.reasoning_name or None,
                "reasoning_count": len(study.pairs.reasoning),
                "frame": study.pairs.frame,
                "left_out": list(study.pairs.left_out),
            },
            "logit_difference": {
                "truth": attribution.truth.logit_difference,
                "reasoning": study.reasoning and study.reasoning.logit_difference,
                "unit": "logits, mean over pairs",
            },
            "completeness": {"residual": residual, "tolerance": tolerance},
            "heads": [_head(head) for head in attribution.heads()],
            "mlps": list(attribution.truth.mlps),
            "competing": _competing(study),
            "published": _published(study),
            "projection": study.projection and dataclasses.asdict(study.projection),
            "ablation": _ablation(study),
            "patching": _patching(study.patching),
            "edges": _edges(study.edges),
        }
    )


def _head(head: Head) -> dict[str, Any]:
    def side(name: str) -> dict[str, Any] | None:
        effect = getattr(head, name)
        if effect is None:
            return None
        ends = {key: f"{name}_{key}" for key in ("low", "high", "p", "q")}
        return {"effect": effect, **pick(head, **ends)}

    return {
        **pick(head, "layer head"),
        "truth": side("truth"),
        "reasoning": side("reasoning"),
        "competing": head.competing,
    }


def _competing(study: HeadStudy) -> dict[str, Any] | None:
    attribution, model = study.attribution, study.model
    if study.reasoning is None:
        return None
    share, low, high = attribution.share_competing()
    return {
        "count": len(attribution.competing()),
        "of": model.n_layers * model.n_heads,
        "share": share,
        "wilson_low": low,
        "wilson_high": high,
        "replicated": len(attribution.replicated),
        "false_discovery_rate": attribution.false_discovery_rate,
    }


def _published(study: HeadStudy) -> dict[str, Any] | None:
    counts = study.published
    if counts is None:
        return None
    return {
        **pick(
            counts,
            competing_layers="published.competing_layers",
            random_prompt_pairs="random_prompt_pairs.competing_layers",
            shuffled_weights="shuffled_weights.competing_layers",
        ),
        "of": study.model.n_layers,
        **pick(
            counts,
            mean_cosine="published.mean_cosine",
            mean_cosine_random="random_prompt_pairs.mean_cosine",
            mean_cosine_shuffled="shuffled_weights.mean_cosine",
        ),
        "mean_cosine_centred": None if counts.centred is None else counts.centred.mean_cosine,
    }


def _ablation(study: HeadStudy) -> list[dict[str, Any]] | None:
    effect = study.ablation
    if effect is None:
        return None
    columns = zip(study.ablated, effect.mean, effect.low, effect.high, effect.p, strict=True)
    return [
        {"layer": layer, "head": head, "lost": lost, "low": low, "high": high, "p": p}
        for (layer, head), lost, low, high, p in columns
    ]


def _patching(patching: Patching | None) -> dict[str, Any] | None:
    if patching is None:
        return None
    return {
        "pairs": len(patching.pairs),
        **pick(patching, "left_out clean corrupted", estimated="heads.mean", p="heads.p"),
        "exact": [
            {"layer": layer, "head": head, "effect": value} for layer, head, value in patching.exact
        ],
        "correlation": patching.correlation,
    }


def _edges(edges: EdgeAttribution | None) -> dict[str, Any] | None:
    if edges is None:
        return None
    return {
        "pairs": len(edges.pairs),
        **pick(edges, "left_out steps", count="n_edges"),
        **pick(edges, "clean corrupted explained residual"),
        "top": [
            {**dataclasses.asdict(scored.edge), **pick(scored, "estimated exact")}
            for scored in edges.exact
        ],
        "correlation": edges.correlation,
    }
