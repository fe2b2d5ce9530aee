"""A study of heads on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....common.words import counted
from ...formats import added, interval, p_value, signed
from ...text import text_table
from ._study import HeadStudy

if TYPE_CHECKING:
    from ....interp import EdgeAttribution, Patching

#: Lines of what was left out that a page shows.
_NAMED = 2
#: The smallest p that 9,999 drawn flips of signs can say.
_LEAST_P = 1e-4


def study_to_text(study: HeadStudy, *, top: int) -> str:
    """The heads with the largest effects, what competes, and the published count beside it."""
    attribution, model = study.attribution, study.model
    residual, tolerance = attribution.completeness
    lines = [
        f"{model.name}: {model.architecture}, {counted(model.n_layers, 'layer')} × "
        f"{counted(model.n_heads, 'head')}, parity {model.parity:.1e}",
        asked(study),
        f"completeness: heads, MLPs, embedding and biases miss the model's own difference by at "
        f"most {residual:.1e} (error above {tolerance:.1e})",
        *_left_out(study.pairs.left_out),
        "",
        _heads(study, top),
        "",
        f"other parts, truth: MLPs {_three(attribution.truth.mlps.sum())}, embedding "
        f"{_three(attribution.truth.shares.embedding.mean())}, biases "
        f"{_three(attribution.truth.shares.biases.mean())}",
    ]
    if study.reasoning is not None:
        lines += [_competing(study), _published(study), _projection(study)]
    if (effect := study.ablation) is not None:
        lost = ", ".join(
            f"{layer}.{head} {_effect(effect.mean[n], effect.low[n], effect.high[n])}"
            for n, (layer, head) in enumerate(study.ablated)
        )
        lines.append(f"lost without (mean-ablation, pairs that did not name them): {lost}")
    if study.patching is not None:
        lines += ["", _patching(study.patching, top)]
    if study.edges is not None:
        lines += ["", _edges(study.edges)]
    return "\n".join(lines)


def asked(study: HeadStudy) -> str:
    """What was asked, and what was answered in the mean."""
    pairs, truth, reasoning = study.pairs, study.attribution.truth, study.reasoning
    of = f" of {pairs.truth_available}" if pairs.truth_available > len(truth.pairs) else ""
    put = "" if pairs.frame == "plain" else f", put in the frame {pairs.frame}"
    said = f"{len(truth.pairs)}{of} truth pairs ({pairs.truth_name}{put})"
    if reasoning is None:
        return f"{said}; mean logit difference {_three(truth.logit_difference)}"
    return (
        f"{said}, {len(reasoning.pairs)} reasoning pairs ({pairs.reasoning_name}); mean logit "
        f"difference {_three(truth.logit_difference)} and {_three(reasoning.logit_difference)}"
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
            _effect(head.truth, head.truth_low, head.truth_high),
            p_value(head.truth_p, 4, least=_LEAST_P),
            _effect(head.reasoning, head.reasoning_low, head.reasoning_high),
            "–" if head.reasoning_p is None else p_value(head.reasoning_p, 4, least=_LEAST_P),
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
        f"of {counted(layers, 'layer')}; random pairs of prompts "
        f"{counts.random_prompt_pairs.competing_layers}, shuffled weights "
        f"{counts.shuffled_weights.competing_layers}"
    )


def _projection(study: HeadStudy) -> str:
    cosine = study.projection
    assert cosine is not None  # asked for with reasoning pairs only
    truth, reasoning = cosine.truth, cosine.reasoning
    return (
        f"output projection: cosine of truth and reasoning states {_three(cosine.hidden)}, after "
        f"the unembedding {_three(cosine.logits)}; two random directions at that angle "
        f"{_effect(cosine.null_mean, cosine.null_low, cosine.null_high)} "
        f"(p {cosine.p:.3f}); wider map {_three(cosine.wider)}, GELU alone "
        f"{_three(cosine.plain_gelu)}\n"
        "in the first and the last tenth of the unembedding's singular space: truth "
        f"{truth.leading:.2f} and {truth.trailing:.2f} of its square, reasoning "
        f"{reasoning.leading:.2f} and {reasoning.trailing:.2f} (a random direction "
        f"{truth.expected:.2f})"
    )


def _patching(patching: Patching, top: int) -> str:
    rows = [
        [
            f"{layer}.{head}",
            _three(patching.heads.mean[layer, head]),
            _three(exact),
            p_value(patching.heads.p[layer, head], 4, least=_LEAST_P),
        ]
        for layer, head, exact in patching.exact[:top]
    ]
    return "\n".join(
        [
            f"through later parts, {len(patching.pairs)} pairs with a corrupted prompt "
            f"({patching.left_out} without): clean {_three(patching.clean)}, corrupted "
            f"{_three(patching.corrupted)}; correlation of estimated and exact effects "
            f"{signed(patching.correlation)}",
            text_table(["head", "estimated", "exact", "p"], rows),
        ]
    )


def _edges(edges: EdgeAttribution) -> str:
    """The strongest edges, and how much of the change the estimate explains."""
    steps = counted(edges.steps, "step")
    rows = [
        [
            str(scored.edge),
            _three(scored.estimated),
            "–" if scored.exact is None else _three(scored.exact),
        ]
        for scored in edges.exact
    ]
    agreed = ""
    if math.isfinite(edges.correlation):
        agreed = f"; estimated and exact effects correlate {edges.correlation:.2f}"
    return "\n".join(
        [
            f"{edges.n_edges:,} edges, {steps} from the corrupted to the clean embedding",
            f"{len(edges.pairs)} pairs with a corrupted prompt ({edges.left_out} without): clean "
            f"{_three(edges.clean)}, corrupted {_three(edges.corrupted)}",
            f"completeness: edges out of the embedding sum to {_three(edges.explained)} of "
            f"{_three(edges.clean - edges.corrupted)},",
            f"for one pair off by {edges.residual:.3f} at most{agreed}",
            text_table(["edge", "estimated", "exact"], rows),
        ]
    )


def _three(value: float) -> str:
    return added(value, 3)


def _effect(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return "–"
    return f"{_three(value)} {interval(low, high, _three)}"
