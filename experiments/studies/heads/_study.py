"""One model's heads: attribution, the published count with its controls, the output projection."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, get_args

from ....common.nearest import there_are
from ....common.progress import Progress, silent
from ._pairs import HeadPairs

if TYPE_CHECKING:
    from ....interp import (
        EdgeAttribution,
        HeadAttribution,
        HeadEffects,
        MeanEffect,
        Model,
        OutputProjection,
        Patching,
        PublishedCompetition,
    )

_COUNT = "published count and its controls"


@dataclasses.dataclass(frozen=True, eq=False)
class HeadStudy:
    """Everything that `nullcline heads` reports; `ablation` is of the competing heads and, where
    there are none, of the largest, on the halves of pairs that did not name them. Without reasoning
    pairs there is no `published` count and no `projection`, which compare the two. `edges` where
    they were asked for."""

    model: Model
    pairs: HeadPairs
    method: str
    attribution: HeadAttribution
    patching: Patching | None
    published: PublishedCompetition | None
    projection: OutputProjection | None
    ablated: tuple[tuple[int, int], ...]
    ablation: MeanEffect | None
    edges: EdgeAttribution | None = None

    @property
    def reasoning(self) -> HeadEffects | None:
        """Effects on the reasoning pairs, None where there are none."""
        return self.attribution.reasoning


def study_heads(
    model: Model,
    pairs: HeadPairs,
    *,
    method: str = "dla",
    false_discovery_rate: float = 0.05,
    check_top: int = 10,
    edge_steps: int | None = None,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> HeadStudy:
    """Look at a model's heads.

    `method` is `dla`, `attribution-patching` (beside it, the largest checked exactly), or
    `activation-patching` (every head exactly). With `edge_steps` edges are looked at too, so many
    steps of integrated gradients; the largest are checked exactly.
    """
    from .... import interp

    say = on_progress or silent
    if method not in (known := get_args(interp.HeadMethod)):
        raise ValueError(f"no method {method!r}; {there_are(method, known)}")
    # First: it refuses pairs that nothing else does.
    edges = _edges(model, pairs, steps=edge_steps, check_top=check_top, say=say)
    say(f"attribution to {len(pairs.truth)} truth and {len(pairs.reasoning)} reasoning pairs")
    attribution = interp.attribute_heads(
        model,
        pairs.truth,
        reasoning=pairs.reasoning or None,
        false_discovery_rate=false_discovery_rate,
        seed=seed,
        on_progress=say,
    )
    patching = None
    if method != "dla":
        say(f"{method} of every head")
        every = model.n_layers * model.n_heads
        patching = interp.attribution_patching(
            model,
            pairs.truth,
            check_top=every if method == "activation-patching" else check_top,
            seed=seed,
            on_progress=say,
        )
    published = projection = None
    if pairs.reasoning:
        say(_COUNT, 0, 3)
        truth, reasoning = (
            [interp.prompt_tokens(model, pair) for pair in side]
            for side in (pairs.truth, pairs.reasoning)
        )
        states = interp.read_states(model, truth, reasoning, neutral=pairs.neutral)
        say(_COUNT, 1, 3)
        published = interp.published_competition(model, truth, reasoning, states=states, seed=seed)
        say(_COUNT, 2, 3)
        projection = interp.output_projection(model, truth, reasoning, states=states, seed=seed)
        say(_COUNT, 3, 3)
    # Named on the even pairs, ablated on the odd ones: no pair judges what it chose.
    named = attribution.on(slice(None, None, 2))
    chosen = (named.competing() if pairs.reasoning else ()) or named.top(3)
    ablated = tuple((head.layer, head.head) for head in chosen[:check_top])
    held_out = pairs.truth[1::2]
    return HeadStudy(
        model=model,
        pairs=pairs,
        method=method,
        attribution=attribution,
        patching=patching,
        published=published,
        projection=projection,
        ablated=ablated,
        ablation=interp.mean_ablation(model, held_out, ablated, seed=seed, on_progress=say)
        if len(held_out) >= 4
        else None,
        edges=edges,
    )


def _edges(
    model: Model, pairs: HeadPairs, *, steps: int | None, check_top: int, say: Progress
) -> EdgeAttribution | None:
    """Edges of the truth pairs, None where nobody asked."""
    from .... import interp

    if steps is None:
        return None
    say("attribution to edges")
    return interp.edge_attribution(
        model, pairs.truth, steps=steps, check_top=check_top, on_progress=say
    )
