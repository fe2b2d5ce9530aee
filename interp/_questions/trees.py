"""Answers to one prompt as a tree of tokens: what they have in common is read once.

A prompt's tokens are the stem; each answer is a path from its end, and answers that begin alike
share that beginning. One row of a pass holds the whole tree: every token attends to itself and to
the tokens that stand before it on its own path, and its position is its place on that path. So it
is computed from just what it would be computed from if its path were read alone (rounding apart).
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from .tokens import batches


@dataclasses.dataclass(frozen=True)
class Tree:
    """Tokens, each with the number of the token before it (-1: it is the first); the first `stem`
    tokens are a path that belongs to all."""

    tokens: tuple[int, ...]
    before: tuple[int, ...]
    stem: int

    @property
    def branches(self) -> bool:
        """Whether it is more than one path."""
        return any(before != node - 1 for node, before in enumerate(self.before))

    @functools.cached_property
    def places(self) -> np.ndarray:
        """How many tokens stand before each on its path, shape (tokens,)."""
        places = np.zeros(len(self.tokens), dtype=np.int64)
        for node, before in enumerate(self.before[1:], start=1):
            places[node] = places[before] + 1
        return places

    @functools.cached_property
    def sees(self) -> np.ndarray:
        """Which tokens each one attends to, shape (tokens, tokens)."""
        sees = np.eye(len(self.tokens), dtype=bool)
        for node, before in enumerate(self.before[1:], start=1):
            sees[node] |= sees[before]
        return sees


class Growing:
    """A tree to which answers are added."""

    def __init__(self, context: Sequence[int]) -> None:
        self._tokens = list(context)
        self._before = list(range(-1, len(context) - 1))
        self._next: dict[tuple[int, int], int] = {}
        self._stem = len(context)

    def add(self, answer: Sequence[int]) -> tuple[int, ...]:
        """Add an answer's tokens; returns the token before each of them. The last one is
        predicted, not read."""
        at, nodes = self._stem - 1, []
        for token in answer[:-1]:
            nodes.append(at)
            if (at, token) not in self._next:
                self._next[at, token] = len(self._tokens)
                self._tokens.append(token)
                self._before.append(at)
            at = self._next[at, token]
        return (*nodes, at)

    def tree(self) -> Tree:
        """What has grown."""
        return Tree(tuple(self._tokens), tuple(self._before), self._stem)


@dataclasses.dataclass(frozen=True, eq=False)
class Batch:
    """Trees of one pass, filled on the right: their numbers; token ids, positions and whether they
    are the tree's own, shape (rows, tokens); the mask that is added to attention scores, shape
    (rows, 1, tokens, beginning + tokens), None where the network makes its own."""

    trees: tuple[int, ...]
    tokens: torch.Tensor
    places: torch.Tensor
    filled: torch.Tensor
    mask: torch.Tensor | None

    @property
    def options(self) -> dict[str, torch.Tensor]:
        """What the network's call takes beside the tokens."""
        if self.mask is None:
            return {}
        return {"attention_mask": self.mask, "position_ids": self.places}


def tree_batches(
    trees: Sequence[Tree],
    *,
    device: torch.device,
    dtype: torch.dtype,
    masked: bool,
    beginning: int = 0,
    budget: int | None = None,
) -> Iterator[Batch]:
    """Trees by size; the first `beginning` tokens of all of them are left out."""
    rests = [tree.tokens[beginning:] for tree in trees]
    for numbers, tokens in batches(rests, device=device, budget=budget):
        rows, longest = tokens.shape
        places = np.zeros((rows, longest), dtype=np.int64)
        for row, number in enumerate(numbers):
            places[row, : len(rests[number])] = trees[number].places[beginning:]
        sizes = np.array([len(rests[number]) for number in numbers])
        yield Batch(
            trees=tuple(numbers),
            tokens=tokens,
            places=torch.from_numpy(places).to(device),
            filled=torch.from_numpy(np.arange(longest) < sizes[:, None]).to(device),
            mask=_mask([trees[number] for number in numbers], longest, beginning, dtype).to(device)
            if masked
            else None,
        )


def _mask(trees: Sequence[Tree], longest: int, beginning: int, dtype: torch.dtype) -> torch.Tensor:
    sees = np.zeros((len(trees), longest, beginning + longest), dtype=bool)
    sees[:, :, :beginning] = True
    # What fills a row up sees itself: a token that sees nothing would be no number.
    sees[:, np.arange(longest), beginning + np.arange(longest)] = True
    for row, tree in enumerate(trees):
        own = slice(beginning, len(tree.tokens))
        sees[row, : own.stop - beginning, own] = tree.sees[own, own]
    return (torch.finfo(dtype).min * torch.from_numpy(~sees).to(dtype))[:, None]
