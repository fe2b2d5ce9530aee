"""A study of heads on a terminal."""

from ...text import text_table
from ._study import HeadStudy


def study_to_text(study: HeadStudy, *, top: int) -> str:
    """The heads with the largest effects, what competes, and the published count beside it."""
    found, model = study.attribution, study.model
    residual, allowed = found.completeness
    lines = [
        f"{model.name}: {model.architecture}, {model.n_layers} layers × {model.n_heads} heads, "
        f"parity {model.parity:.1e}",
        f"{len(found.truth.pairs)} truth pairs ({study.pairs.truth_name}), "
        f"{len(found.reasoning.pairs)} reasoning pairs ({study.pairs.reasoning_name}); mean logit "
        f"difference {found.truth.logit_difference:+.3f} and "
        f"{found.reasoning.logit_difference:+.3f}",
        f"completeness: heads, MLPs, embedding and biases miss the model's own difference by at "
        f"most {residual:.1e} (error above {allowed:.1e})",
        "",
    ]
    rows = [
        [
            f"{head.layer}.{head.head}",
            f"{head.truth:+.3f} [{head.truth_low:+.3f}, {head.truth_high:+.3f}]",
            f"{head.truth_p:.4f}",
            f"{head.reasoning:+.3f} [{head.reasoning_low:+.3f}, {head.reasoning_high:+.3f}]",
            f"{head.reasoning_p:.4f}",
            "competing" if head.competing else "",
        ]
        for head in found.top(top)
    ]
    lines += [
        text_table(["head", "truth, logits [95 %]", "p", "reasoning [95 %]", "p", ""], rows),
        "",
        f"other parts, truth: MLPs {study.attribution.truth.mlps.sum():+.3f}, embedding "
        f"{found.truth.shares.embedding.mean():+.3f}, biases "
        f"{found.truth.shares.biases.mean():+.3f}",
        _competing(study),
        _published(study),
        _projection(study),
    ]
    if study.ablation is not None:
        lost = ", ".join(
            f"{layer}.{head} {study.ablation.mean[n]:+.3f} [{study.ablation.low[n]:+.3f}, "
            f"{study.ablation.high[n]:+.3f}]"
            for n, (layer, head) in enumerate(study.ablated)
        )
        lines.append(f"lost without (mean-ablation, pairs that did not name them): {lost}")
    if study.patching is not None:
        lines += ["", _patching(study, top)]
    return "\n".join(lines)


def _competing(study: HeadStudy) -> str:
    found = study.attribution
    share, low, high = found.share_competing()
    names = ", ".join(f"{head.layer}.{head.head}" for head in found.competing())
    return (
        f"competing heads: {len(found.competing())} of {study.model.n_layers * study.model.n_heads}"
        f" ({100 * share:.0f} % [{100 * low:.0f}, {100 * high:.0f}])"
        f"{': ' + names if names else ''}; {len(found.replicated)} in both random halves of the "
        "pairs"
    )


def _published(study: HeadStudy) -> str:
    counts = study.published
    layers = study.model.n_layers
    return (
        f"published count (cosine below -0.5 on most pairs): {counts.published.competing_layers} "
        f"of {layers} layers; random pairs of prompts {counts.random_prompt_pairs.competing_layers}"
        f", shuffled weights {counts.shuffled_weights.competing_layers}"
    )


def _projection(study: HeadStudy) -> str:
    found = study.projection
    return (
        f"output projection: cosine of truth and reasoning states {found.hidden:+.3f}, after the "
        f"unembedding {found.logits:+.3f}; two random directions at that angle "
        f"{found.null_mean:+.3f} [{found.null_low:+.3f}, {found.null_high:+.3f}] (p {found.p:.3f})"
        f"; wider map {found.wider:+.3f}, GELU alone {found.plain_gelu:+.3f}\n"
        f"in the first and the last tenth of the unembedding's singular space: truth "
        f"{found.truth.leading:.2f} and {found.truth.trailing:.2f} of its square, reasoning "
        f"{found.reasoning.leading:.2f} and {found.reasoning.trailing:.2f} (a random direction "
        f"{found.truth.expected:.2f})"
    )


def _patching(study: HeadStudy, top: int) -> str:
    patching = study.patching
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
