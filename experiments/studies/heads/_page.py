"""A study of heads on one screen: who pushes, who competes, and what the attribution rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ....common.words import counted
from ...formats import added, interval, p_value
from ...page import Page, PageColumn
from ._study import HeadStudy
from ._text import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....interp import Head

#: Heads that a sentence names at most.
_NAMED = 6
_TRUTH, _REASONING = "truth, logits [95 %]", "reasoning [95 %]"


def heads_page(study: HeadStudy, *, top: int) -> Page:
    """The page of one screen; `top`: how many heads it shows."""
    ranked = by_evidence(study.attribution.heads())
    shown = ranked[:top]
    return Page(
        heading=(f"{study.model.name}: {asked(study)}",),
        sentences=(_pushing(study), _competing(study), _resting(study)),
        columns=_columns(study, shown),
        more=len(ranked) - len(shown),
        all_by=f"--top {len(ranked)}",
        legend=_legend(study),
        notes=_notes(study),
    )


def by_evidence(heads: Sequence[Head]) -> list[Head]:
    """Heads that compete first, then those whose effect on truth is surest."""
    return sorted(heads, key=lambda head: (not head.competing, -sureness(head)))


def sureness(head: Head) -> float:
    """The effect on truth pairs in halves of its interval: above 1 where that excludes zero."""
    half = (head.truth_high - head.truth_low) / 2
    if half > 0:
        return abs(head.truth) / half
    return math.inf if head.truth else 0.0


def _name(layer: int, head: int) -> str:
    return f"L{layer}H{head}"


def _listed(heads: Sequence[Head]) -> str:
    names = [_name(head.layer, head.head) for head in heads[:_NAMED]]
    more = len(heads) - _NAMED
    return f" ({', '.join(names)}{f' and {more} more' if more > 0 else ''})" if names else ""


def _effect(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return "–"
    return f"{added(value)} {interval(low, high)}"


def _pushing(study: HeadStudy) -> str:
    """How many heads push, which way, and how sure the surest is."""
    found, model = study.attribution, study.model
    named = by_evidence(found.significant())
    up = [head for head in named if head.truth > 0]
    down = [head for head in named if head.truth < 0]
    rate = f"false-discovery rate {100 * found.false_discovery_rate:g} %"
    of = counted(model.n_layers * model.n_heads, "head")
    pairs = counted(len(found.truth.pairs), "pair")
    surest = by_evidence(found.heads())[0] if not named else named[0]
    surest_first = max(named or (surest,), key=sureness)
    effect = _effect(surest_first.truth, surest_first.truth_low, surest_first.truth_high)
    sure = f"surest is {_name(surest_first.layer, surest_first.head)} with {effect} logits"
    if not named:
        return (
            f"None of {of} is seen to push for or against the true answer over {pairs} ({rate}); "
            f"{sure}."
        )
    verb = "pushes" if len(up) == 1 else "push"
    return (
        f"Of {of}, {len(up) or 'none'} {verb} for the true answer{_listed(up)} and "
        f"{len(down) or 'none'} against it{_listed(down)}, over {pairs} ({rate}); {sure}."
    )


def _competing(study: HeadStudy) -> str:
    """How many heads push truth and reasoning opposite ways, beside the published count."""
    found, counts = study.attribution, study.published
    if study.reasoning is None or counts is None:
        return "Whether heads compete cannot be told without pairs about reasoning."
    heads = by_evidence(found.competing())
    share = tuple(f"{100 * value:.0f}" for value in found.share_competing())
    of = counted(study.model.n_layers * study.model.n_heads, "head")
    many, both = len(heads), len(found.replicated)
    halves = f", {both or 'none'} of them in both random halves of the pairs" if many else ""
    controls = counts.random_prompt_pairs, counts.shuffled_weights
    random, shuffled = (control.competing_layers for control in controls)
    layers = counts.published.competing_layers
    more = "which is more" if layers > max(random, shuffled) else "which is no more"
    return (f"{many or 'None'} of {of} competes" if many < 2 else f"{many} of {of} compete") + (
        f" (pushes truth and reasoning opposite ways){_listed(heads)}: {share[0]} % "
        f"[{share[1]}, {share[2]}]{halves}; the published count finds "
        f"{layers} of {counted(study.model.n_layers, 'layer')}, {more} than its controls "
        f"({random} by random pairs of prompts, {shuffled} by shuffled weights)."
    )


def _resting(study: HeadStudy) -> str:
    """How complete the attribution is, and what heads do when they are taken out."""
    found = study.attribution
    residual, tolerance = found.completeness
    truth = found.truth
    parts = (
        f"The attribution is complete: the shares of heads ({added(float(truth.heads.mean.sum()))}"
        f"), MLPs ({added(float(truth.mlps.sum()))}), embedding and biases sum to the model's own "
        f"mean difference of {added(truth.logit_difference)} logits, at most {residual:.0e} off "
        f"(an error above {tolerance:.0e})"
    )
    effect = study.ablation
    if effect is None:
        return f"{parts}; too few pairs to take heads out on others than named them."
    sure = [
        place
        for place in range(len(study.ablated))
        if effect.low[place] > 0 or effect.high[place] < 0
    ]
    lost = ", ".join(
        f"{_name(*study.ablated[place])} "
        f"{_effect(effect.mean[place], effect.low[place], effect.high[place])}"
        for place in sure
    )
    count = counted(len(study.ablated), "head")
    return (
        f"{parts}; taking out {'each of ' if len(study.ablated) > 1 else ''}the {count} that one "
        "half of the pairs picks "
        + (
            f"is seen to move the other half for {len(sure)} (lost: {lost})."
            if sure
            else "is not seen to move the other half."
        )
    )


def _columns(study: HeadStudy, shown: Sequence[Head]) -> list[PageColumn]:
    columns = [
        PageColumn("layer", [str(head.layer) for head in shown], right=True),
        PageColumn("head", [str(head.head) for head in shown], right=True),
        PageColumn(_TRUTH, [_effect(h.truth, h.truth_low, h.truth_high) for h in shown], spare=1),
        PageColumn("q", [p_value(head.truth_q) for head in shown], spare=2, right=True),
        PageColumn("pushes", [_pushes(study, head) for head in shown], coloured=True),
    ]
    if study.reasoning is None:
        return columns
    cells = [_effect(head.reasoning, head.reasoning_low, head.reasoning_high) for head in shown]
    qs = ["–" if head.reasoning_q is None else p_value(head.reasoning_q) for head in shown]
    return [
        *columns,
        PageColumn(_REASONING, cells, spare=3),
        PageColumn("q of it", qs, spare=4, right=True),
    ]


def _pushes(study: HeadStudy, head: Head) -> str:
    if head.competing:
        return "competing"
    if head.truth_q > study.attribution.false_discovery_rate:
        return "not seen"
    return "for" if head.truth > 0 else "against"


def _legend(study: HeadStudy) -> list[tuple[str, str]]:
    first = "" if study.reasoning is None else ", those that compete before all"
    return [
        ("", f"Surest first{first}; layers and heads count from 0."),
        (
            _TRUTH,
            "Logits: what the head itself adds to logit(true) - logit(false), mean over pairs; q: "
            "rate of false discoveries at which it is named.",
        ),
    ]


def _notes(study: HeadStudy) -> list[str]:
    """What was asked for, or left out, and stands on the full page."""
    notes = []
    if study.patching is not None:
        r = study.patching.correlation
        agree = f"; estimated and exact effects correlate {r:.2f}" if math.isfinite(r) else ""
        exact = counted(len(study.patching.exact), "head")
        notes.append(
            f"{study.method}, through later parts: {exact} checked exactly{agree} (--full has them)"
        )
    if (edges := study.edges) is not None:
        (strongest, *_) = edges.exact or (None,)
        which = f", the strongest {strongest.edge}" if strongest is not None else ""
        whole = edges.clean - edges.corrupted
        notes.append(
            f"edges: {edges.n_edges:,}{which}; they explain {added(edges.explained)} of "
            f"{added(whole)} logits (--full has them)"
        )
    if study.pairs.left_out:
        notes.append(f"{counted(len(study.pairs.left_out), 'pair')} left out (--full says why)")
    return notes
