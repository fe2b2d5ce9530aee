"""A study of heads on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...text import text_table
from ._study import HeadStudy

if TYPE_CHECKING:
    from ....interp import EdgeAttribution, Patching

#: Lines of what was left out that a page shows.
_NAMED = 2


def study_to_text(study: HeadStudy, *, top: int) -> str:
    """The heads with the largest effects, what competes, and the published count beside it."""
    attribution, model = study.attribution, study.model
    residual, tolerance = attribution.completeness
    lines = [
        f"{model.name}: {model.architecture}, {model.n_layers} layers × {model.n_heads} heads, "
        f"parity {model.parity:.1e}",
        _asked(study),
        f"completeness: heads, MLPs, embedding and biases miss the model's own difference by at "
        f"most {residual:.1e} (error above {tolerance:.1e})",
        *_left_out(study.pairs.left_out),
        "",
        _heads(study, top),
        "",
        f"other parts, truth: MLPs {attribution.truth.mlps.sum():+.3f}, embedding "
        f"{attribution.truth.shares.embedding.mean():+.3f}, biases "
        f"{attribution.truth.shares.biases.mean():+.3f}",
    ]
    if study.reasoning is not None:
        lines += [_competing(study), _published(study), _projection(study)]
    if (effect := study.ablation) is not None:
        lost = ", ".join(
            f"{layer}.{head} {effect.mean[n]:+.3f} [{effect.low[n]:+.3f}, {effect.high[n]:+.3f}]"
            for n, (layer, head) in enumerate(study.ablated)
        )
        lines.append(f"lost without (mean-ablation, pairs that did not name them): {lost}")
    if study.patching is not None:
        lines += ["", _patching(study.patching, top)]
    if study.edges is not None:
        lines += ["", _edges(study.edges)]
    return "\n".join(lines)


def _asked(study: HeadStudy) -> str:
    """What was asked, and what was answered in the mean."""
    pairs, truth, reasoning = study.pairs, study.attribution.truth, study.reasoning
    of = f" of {pairs.truth_available}" if pairs.truth_available > len(truth.pairs) else ""
    put = "" if pairs.frame == "plain" else f", put in the frame {pairs.frame}"
    asked = f"{len(truth.pairs)}{of} truth pairs ({pairs.truth_name}{put})"
    if reasoning is None:
        return f"{asked}; mean logit difference {truth.logit_difference:+.3f}"
    return (
        f"{asked}, {len(reasoning.pairs)} reasoning pairs ({pairs.reasoning_name}); mean logit "
        f"difference {truth.logit_difference:+.3f} and {reasoning.logit_difference:+.3f}"
    )


def _left_out(reasons: Sequence[str]) -> list[str]:
    """How much was left out, and the first of it; all of it is in the JSON."""
    if not reasons:
        return []
    more = f" (and {len(reasons) - _NAMED} more, in the JSON)" if len(reasons) > _NAMED else ""
    return [f"left out, {len(reasons)}: " + "; ".join(reasons[:_NAMED]) + more]


def _heads(study: HeadStudy, top: int) -> str:
    """The heads with the largest effects on truth pairs."""
    header = ["head", "truth, logits [95 %]", "p", "reasoning [95 %]", "p", ""]
    rows = [
        [
            f"{head.layer}.{head.head}",
            f"{head.truth:+.3f} [{head.truth_low:+.3f}, {head.truth_high:+.3f}]",
            f"{head.truth_p:.4f}",
            "–"
            if head.reasoning is None
            else f"{head.reasoning:+.3f} [{head.reasoning_low:+.3f}, {head.reasoning_high:+.3f}]",
            "–" if head.reasoning_p is None else f"{head.reasoning_p:.4f}",
            "competing" if head.competing else "",
        ]
        for head in study.attribution.top(top)
    ]
    return text_table(header, rows)


def _competing(study: HeadStudy) -> str:
    attribution = study.attribution
    share, low, high = attribution.share_competing()
    names = ", ".join(f"{head.layer}.{head.head}" for head in attribution.competing())
    heads = study.model.n_layers * study.model.n_heads
    return (
        f"competing heads: {len(attribution.competing())} of {heads} ({100 * share:.0f} % "
        f"[{100 * low:.0f}, {100 * high:.0f}]){': ' + names if names else ''}; "
        f"{len(attribution.replicated)} in both random halves of the pairs"
    )


def _published(study: HeadStudy) -> str:
    counts = study.published
    assert counts is not None  # asked for with reasoning pairs only
    layers = study.model.n_layers
    return (
        f"published count (cosine below -0.5 on most pairs): {counts.published.competing_layers} "
        f"of {layers} layers; random pairs of prompts {counts.random_prompt_pairs.competing_layers}"
        f", shuffled weights {counts.shuffled_weights.competing_layers}"
    )


def _projection(study: HeadStudy) -> str:
    cosine = study.projection
    assert cosine is not None  # asked for with reasoning pairs only
    truth, reasoning = cosine.truth, cosine.reasoning
    return (
        f"output projection: cosine of truth and reasoning states {cosine.hidden:+.3f}, after the "
        f"unembedding {cosine.logits:+.3f}; two random directions at that angle "
        f"{cosine.null_mean:+.3f} [{cosine.null_low:+.3f}, {cosine.null_high:+.3f}] "
        f"(p {cosine.p:.3f}); wider map {cosine.wider:+.3f}, GELU alone {cosine.plain_gelu:+.3f}\n"
        "in the first and the last tenth of the unembedding's singular space: truth "
        f"{truth.leading:.2f} and {truth.trailing:.2f} of its square, reasoning "
        f"{reasoning.leading:.2f} and {reasoning.trailing:.2f} (a random direction "
        f"{truth.expected:.2f})"
    )


def _patching(patching: Patching, top: int) -> str:
    rows = [
        [
            f"{layer}.{head}",
            f"{patching.heads.mean[layer, head]:+.3f}",
            f"{exact:+.3f}",
            f"{patching.heads.p[layer, head]:.4f}",
        ]
        for layer, head, exact in patching.exact[:top]
    ]
    return "\n".join(
        [
            f"through later parts, {len(patching.pairs)} pairs with a corrupted prompt "
            f"({patching.left_out} without): clean {patching.clean:+.3f}, corrupted "
            f"{patching.corrupted:+.3f}; correlation of estimated and exact effects "
            f"{patching.correlation:.2f}",
            text_table(["head", "estimated", "exact", "p"], rows),
        ]
    )


def _edges(edges: EdgeAttribution) -> str:
    """The strongest edges, and how much of the change the estimate explains."""
    steps = f"{edges.steps} step{'s' if edges.steps > 1 else ''}"
    rows = [
        [str(scored.edge), f"{scored.estimated:+.3f}", f"{scored.exact:+.3f}"]
        for scored in edges.exact
    ]
    agreed = ""
    if math.isfinite(edges.correlation):
        agreed = f"; estimated and exact effects correlate {edges.correlation:.2f}"
    return "\n".join(
        [
            f"{edges.n_edges:,} edges, {steps} from the corrupted to the clean embedding",
            f"{len(edges.pairs)} pairs with a corrupted prompt ({edges.left_out} without): clean "
            f"{edges.clean:+.3f}, corrupted {edges.corrupted:+.3f}",
            f"completeness: edges out of the embedding sum to {edges.explained:+.3f} of "
            f"{edges.clean - edges.corrupted:+.3f},",
            f"for one pair off by {edges.residual:.3f} at most{agreed}",
            text_table(["edge", "estimated", "exact"], rows),
        ]
    )
