"""A study of heads as plain data."""

import dataclasses
from typing import Any

from ...formats import plain
from ._study import HeadStudy


def study_to_dict(study: HeadStudy) -> dict[str, Any]:
    """The keys that `nullcline heads --json` promises, and the parts that belong to the method."""
    found, model = study.attribution, study.model
    residual, allowed = found.completeness
    share, low, high = found.share_competing()
    competing = found.competing()
    published = study.published
    return plain(
        {
            "model": {
                "name": model.name,
                "revision": model.revision,
                "fingerprint": model.fingerprint,
                "architecture": model.architecture,
                "n_layers": model.n_layers,
                "n_heads": model.n_heads,
                "parity": model.parity,
            },
            "pairs": {
                "truth": study.pairs.truth_name,
                "truth_count": len(found.truth.pairs),
                "reasoning": study.pairs.reasoning_name,
                "reasoning_count": len(found.reasoning.pairs),
            },
            "logit_difference": {
                "truth": found.truth.logit_difference,
                "reasoning": found.reasoning.logit_difference,
                "unit": "logits, mean over pairs",
            },
            "completeness": {"residual": residual, "tolerance": allowed},
            "heads": [_head(head) for head in found.heads()],
            "mlps": list(found.truth.mlps),
            "competing": {
                "count": len(competing),
                "of": model.n_layers * model.n_heads,
                "share": share,
                "wilson_low": low,
                "wilson_high": high,
                "replicated": len(found.replicated),
                "false_discovery_rate": found.false_discovery_rate,
            },
            "published": {
                "competing_layers": published.published.competing_layers,
                "random_prompt_pairs": published.random_prompt_pairs.competing_layers,
                "shuffled_weights": published.shuffled_weights.competing_layers,
                "of": model.n_layers,
                "mean_cosine": published.published.mean_cosine,
                "mean_cosine_random": published.random_prompt_pairs.mean_cosine,
                "mean_cosine_shuffled": published.shuffled_weights.mean_cosine,
                "mean_cosine_centred": None
                if published.centred is None
                else published.centred.mean_cosine,
            },
            "projection": dataclasses.asdict(study.projection),
            "ablation": [
                {
                    "layer": layer,
                    "head": head,
                    "lost": study.ablation.mean[place],
                    "low": study.ablation.low[place],
                    "high": study.ablation.high[place],
                    "p": study.ablation.p[place],
                }
                for place, (layer, head) in enumerate(study.ablated)
            ]
            if study.ablation is not None
            else None,
            "patching": _patching(study.patching),
        }
    )


def _head(head: Any) -> dict[str, Any]:
    def side(name: str) -> dict[str, Any] | None:
        effect = getattr(head, name)
        if effect is None:
            return None
        keys = ("low", "high", "p", "q")
        return {"effect": effect} | {key: getattr(head, f"{name}_{key}") for key in keys}

    return {
        "layer": head.layer,
        "head": head.head,
        "truth": side("truth"),
        "reasoning": side("reasoning"),
        "competing": head.competing,
    }


def _patching(patching: Any) -> dict[str, Any] | None:
    if patching is None:
        return None
    return {
        "pairs": len(patching.pairs),
        "left_out": patching.left_out,
        "clean": patching.clean,
        "corrupted": patching.corrupted,
        "estimated": patching.heads.mean,
        "p": patching.heads.p,
        "exact": [
            {"layer": layer, "head": head, "effect": value} for layer, head, value in patching.exact
        ],
        "correlation": patching.correlation,
    }
