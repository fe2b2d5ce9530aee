"""What a study of heads asks: pairs about truth and about reasoning, and what is left out."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ....interp import Frame, Model, Pair

#: Heads are named on the even pairs, and an effect with an interval needs two.
_FEWEST = 3


@dataclasses.dataclass(frozen=True)
class HeadPairs:
    """What a model is asked.

    - `truth`, `reasoning`: the pairs; no reasoning pairs where nobody gave any and the tokenizer
      cannot say the generated sums. `neutral`: text for independent means.
    - `truth_name`, `reasoning_name`: of the files or sets; `inputs`: digests of the files.
    - `truth_available`: how many truth pairs there were; `frame`: how they are put.
    - `left_out`: a line for everything that was there and is not asked.
    """

    truth: tuple[Pair, ...]
    reasoning: tuple[Pair, ...]
    neutral: tuple[str, ...]
    truth_name: str
    reasoning_name: str
    inputs: dict[str, str]
    truth_available: int = 0
    frame: Frame = "plain"
    left_out: tuple[str, ...] = ()


def choose_pairs(
    model: Model,
    *,
    pairs: Path | None = None,
    named_set: str | None = None,
    reasoning: Path | None = None,
    count: int = 256,
    seed: int = 0,
    frame: Frame | None = None,
) -> HeadPairs:
    """The pairs to ask: a file, a generated set, an organism's own; `cities` otherwise.

    Pairs that the tokenizer cannot say or tell apart are left out, with a line for each.

    **Raises** `interp.InterpError` for files that cannot be read, unknown sets, and where fewer
    than three pairs of what was asked for are left.
    """
    from .... import interp

    own = None if pairs or named_set else interp.organism_file(model, "pairs.csv")
    own_reasoning = None if reasoning else interp.organism_file(model, "reasoning_pairs.csv")
    truth_path, reasoning_path = pairs or own, reasoning or own_reasoning
    asked = {"count": count, "seed": seed, "frame": frame}
    truth = _part(model, truth_path, named_set or "cities", **asked)
    other = _part(model, reasoning_path, "arithmetic", **asked)
    for part in (truth, other):
        if len(part.pairs) < _FEWEST and (part is truth or reasoning_path is not None):
            first = f"; the first: {part.left_out[0]}" if part.left_out else ""
            raise interp.InterpError(
                f"{part.name}: {len(part.pairs)} of {part.available} pairs can be asked; give at "
                f"least {_FEWEST}{first}"
            )
    kept = other.pairs if len(other.pairs) >= _FEWEST else ()
    without = other.left_out
    if not kept:
        why = f" ({without[0]})" if without else ""
        without = (
            f"reasoning pairs ({other.name}): the tokenizer says {len(other.pairs)} of "
            f"{other.available}, too few{why}; no head can be called competing",
        )
    neutral = interp.organism_file(model, "neutral.txt")
    return HeadPairs(
        truth=truth.pairs,
        reasoning=kept,
        neutral=tuple(neutral.read_text(encoding="utf-8").splitlines())
        if neutral
        else interp.neutral_text(),
        truth_name=truth.name,
        reasoning_name=other.name if kept else "",
        inputs={
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (truth_path, reasoning_path)
            if path is not None
        },
        truth_available=truth.available,
        frame=truth.pairs[0].frame,
        left_out=(*truth.left_out, *without),
    )


@dataclasses.dataclass(frozen=True)
class _Part:
    """One side of the pairs: those that can be asked, how many there were, a line for each other
    one."""

    name: str
    pairs: tuple[Pair, ...]
    available: int
    left_out: tuple[str, ...]


def _part(
    model: Model, path: Path | None, named: str, *, count: int, seed: int, frame: Frame | None
) -> _Part:
    from .... import interp

    if path is None:
        made = interp.PairFile(interp.make_pairs(named, count=count, seed=seed))
    else:
        made = interp.read_pair_file(path)
    put = interp.choose_frame(model, frame, questions=path if made.questions else None)
    found = interp.usable_pairs(
        model, [dataclasses.replace(pair, frame=put) for pair in made.pairs]
    )
    return _Part(
        name=named if path is None else path.name,
        pairs=_drawn(found.pairs, count=count, seed=seed),
        available=len(made.pairs),
        left_out=(*made.alone, *found.left_out),
    )


def _drawn(pairs: Sequence[Pair], *, count: int, seed: int) -> tuple[Pair, ...]:
    if len(pairs) <= count:
        return tuple(pairs)
    # Files are often sorted by topic: a drawn part stands for all of them.
    drawn = np.random.default_rng(seed).permutation(len(pairs))[:count]
    return tuple(pairs[index] for index in sorted(drawn))
