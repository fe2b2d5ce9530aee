"""One model's heads: attribution, the published count with its controls, the output projection."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from ....common.progress import Progress, silent

if TYPE_CHECKING:
    from ....interp import (
        HeadAttribution,
        HeadEffects,
        MeanEffect,
        Model,
        OutputProjection,
        Pair,
        Patching,
        PublishedCompetition,
    )


@dataclasses.dataclass(frozen=True)
class HeadPairs:
    """What a model is asked: pairs about truth and about reasoning, neutral text, and the digests
    of what they were read from."""

    truth: tuple[Pair, ...]
    reasoning: tuple[Pair, ...]
    neutral: tuple[str, ...]
    truth_name: str
    reasoning_name: str
    inputs: dict[str, str]


@dataclasses.dataclass(frozen=True, eq=False)
class HeadStudy:
    """Everything that `nullcline heads` reports; `ablation` is of the competing heads and, where
    there are none, of the largest, on the halves of pairs that did not name them."""

    model: Model
    pairs: HeadPairs
    method: str
    attribution: HeadAttribution
    patching: Patching | None
    published: PublishedCompetition
    projection: OutputProjection
    ablated: tuple[tuple[int, int], ...]
    ablation: MeanEffect | None

    @property
    def reasoning(self) -> HeadEffects:
        """Effects on the reasoning pairs, which a study always has."""
        assert self.attribution.reasoning is not None
        return self.attribution.reasoning


def choose_pairs(
    model: Model,
    *,
    pairs: Path | None = None,
    named_set: str | None = None,
    reasoning: Path | None = None,
    count: int = 256,
    seed: int = 0,
) -> HeadPairs:
    """The pairs to ask: a file, a generated set, an organism's own; `cities` otherwise.

    **Raises** `interp.InterpError` for files that cannot be read and unknown sets.
    """
    from .... import interp

    inputs: dict[str, str] = {}

    def read(path: Path) -> tuple[Pair, ...]:
        every = interp.read_pairs(path)
        inputs[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        if len(every) <= count:
            return every
        # Files are often sorted by topic: a drawn part stands for all of them.
        drawn = np.random.default_rng(seed).permutation(len(every))[:count]
        return tuple(every[index] for index in sorted(drawn))

    own = None if pairs or named_set else interp.organism_file(model, "pairs.csv")
    own_reasoning = None if reasoning else interp.organism_file(model, "reasoning_pairs.csv")
    truth_path, reasoning_path = pairs or own, reasoning or own_reasoning
    name = named_set or "cities"
    neutral_path = interp.organism_file(model, "neutral.txt")
    return HeadPairs(
        truth=read(truth_path) if truth_path else interp.make_pairs(name, count=count, seed=seed),
        reasoning=read(reasoning_path)
        if reasoning_path
        else interp.make_pairs("arithmetic", count=count, seed=seed),
        neutral=tuple(neutral_path.read_text(encoding="utf-8").splitlines())
        if neutral_path
        else interp.neutral_text(),
        truth_name=truth_path.name if truth_path else name,
        reasoning_name=reasoning_path.name if reasoning_path else "arithmetic",
        inputs=inputs,
    )


def study_heads(
    model: Model,
    pairs: HeadPairs,
    *,
    method: str = "dla",
    false_discovery_rate: float = 0.05,
    check_top: int = 10,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> HeadStudy:
    """Look at a model's heads.

    `method` is `dla`, `attribution-patching` (beside it, the largest checked exactly), or
    `activation-patching` (every head exactly).
    """
    from .... import interp

    say = on_progress or silent
    if method not in (known := get_args(interp.HeadMethod)):
        raise ValueError(f"no method {method!r}; there are {', '.join(known)}")
    say(f"attribution to {len(pairs.truth)} truth and {len(pairs.reasoning)} reasoning pairs")
    attribution = interp.attribute_heads(
        model,
        pairs.truth,
        reasoning=pairs.reasoning,
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
    say("published count and its controls")
    truth, reasoning = ([p.prompt for p in side] for side in (pairs.truth, pairs.reasoning))
    published = interp.published_competition(
        model, truth, reasoning, neutral_prompts=pairs.neutral, seed=seed
    )
    projection = interp.output_projection(
        model, truth, reasoning, neutral_prompts=pairs.neutral, seed=seed
    )
    # Named on the even pairs, ablated on the odd ones: no pair judges what it chose.
    named = interp.attribute_heads(
        model,
        pairs.truth[::2],
        reasoning=pairs.reasoning[::2],
        false_discovery_rate=false_discovery_rate,
        seed=seed,
        on_progress=say,
    )
    chosen = named.competing() or named.top(3)
    ablated = tuple((head.layer, head.head) for head in chosen[:check_top])
    held_out = pairs.truth[1::2]
    say("ablation on held-out pairs")
    return HeadStudy(
        model=model,
        pairs=pairs,
        method=method,
        attribution=attribution,
        patching=patching,
        published=published,
        projection=projection,
        ablated=ablated,
        ablation=interp.mean_ablation(model, held_out, ablated, seed=seed)
        if len(held_out) >= 4
        else None,
    )
