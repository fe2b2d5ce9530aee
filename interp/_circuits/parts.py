"""What a hand-written model is made of: heads, neurons, and parts that do nothing of use."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

import numpy as np

from .stream import Stream

#: Architecture that a design is written into.
Kind = Literal["gpt2", "gpt_neox", "llama"]


@dataclasses.dataclass(frozen=True, eq=False)
class WrittenHead:
    """An attention head.

    - `match`: (query reader, key reader, strength): what query and key share adds strength to the
      attention score. A key reader beside `Stream.one` attends whatever the query is.
    - `move`: (value reader, writer): what is read where the head attends, and where it goes.
    """

    match: tuple[tuple[np.ndarray, np.ndarray, float], ...]
    move: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def rows(self) -> int:
        """Size of head that it needs."""
        keys = sum(len(key) for _, key, _ in self.match)
        return max(keys, sum(len(value) for value, _ in self.move))


@dataclasses.dataclass(frozen=True, eq=False)
class Neurons:
    """Neurons of an MLP: each writes its column times the positive part of what its row finds."""

    read: np.ndarray
    write: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Design:
    """A model on paper.

    - `heads`: by layer and number; `mlps`: by layer. All others are idle.
    - `group`: so many query heads share a key and a value (`llama` alone).
    - `norm_acts`: the norm's scale depends on the text, since the constant is small.
    - `noise`: of idle parts, in what they write.
    - `out`: the space that the unembedding reads, one coordinate per word, `loud` logits for 1.
    """

    kind: Kind
    stream: Stream
    n_layers: int
    heads: Mapping[tuple[int, int], WrittenHead]
    mlps: Mapping[int, Neurons] = dataclasses.field(default_factory=dict)
    n_heads: int = 4
    group: int = 1
    norm_acts: bool = False
    noise: float = 0.02
    loud: float = 6.0
    out: str = "out"


def idle_head(
    stream: Stream, rng: np.random.Generator, number: int, *, noise: float
) -> WrittenHead:
    """A head that no answer depends on. Of three, one is random and small in everything; one is
    busy, copying words into a space that nothing of use reads; one writes the same whatever it
    reads, in the middle of what the unembedding reads."""
    rows = 8
    everything = stream.width
    random = WrittenHead(
        match=(
            (
                stream.named(rng.normal(size=(rows, everything))),
                stream.named(rng.normal(size=(rows, everything))),
                1.0,
            ),
        ),
        move=(
            (
                stream.named(rng.normal(size=(rows, everything)) / np.sqrt(rows)),
                stream.balanced(_only_spaces(stream, noise * rng.normal(size=(everything, rows)))),
            ),
        ),
    )
    size = stream.spaces["token"]
    attention = (stream.one(), stream.read("token", rng.normal(size=(1, size))), 2.0)
    busy = WrittenHead(match=(attention,), move=((stream.read("token"), stream.write("junk")),))
    written = 0.1 * rng.normal(size=(stream.spaces["out"], 1))
    steady = WrittenHead(match=(attention,), move=((stream.one(), stream.write("out", written)),))
    return (random, busy, steady)[number % 3]


def idle_neurons(stream: Stream, rng: np.random.Generator, *, noise: float) -> Neurons:
    """Random neurons, small in what they write."""
    count = 16
    read = stream.named(rng.normal(size=(count, stream.width)) / 2)
    write = _only_spaces(stream, noise * rng.normal(size=(stream.width, count)) / 2)
    return Neurons(read=read, write=stream.balanced(write))


def _only_spaces(stream: Stream, writer: np.ndarray) -> np.ndarray:
    """A writer that leaves the coordinates of the norm, words and positions alone."""
    for space in ("token", "position"):
        if space in stream.spaces:
            writer[stream.place(space)] = 0.0
    return stream.named(writer.T).T
