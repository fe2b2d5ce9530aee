"""The residual stream in named spaces: what parts of a hand-written model read and write."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Stream:
    """A residual stream whose coordinates have names.

    Coordinate 0 holds `constant`: the larger it is beside everything else, the closer a norm is to
    a linear map. With a LayerNorm (`centred`), coordinate 1 holds its negative and coordinate 2
    takes minus the sum of whatever is written, so that the mean is zero.

    Readers are arrays (rows, d_model), writers (d_model, columns); their product with the normed
    stream, and with what a head or a neuron found, is what is meant.
    """

    spaces: Mapping[str, int]
    constant: float
    centred: bool

    @property
    def width(self) -> int:
        """Coordinates in use."""
        return self._first + sum(self.spaces.values())

    @property
    def _first(self) -> int:
        return 3 if self.centred else 1

    def place(self, space: str) -> slice:
        """The coordinates of a space."""
        names = list(self.spaces)
        start = self._first + sum(self.spaces[name] for name in names[: names.index(space)])
        return slice(start, start + self.spaces[space])

    def read(self, space: str, matrix: np.ndarray | None = None) -> np.ndarray:
        """A reader of a space, or of a linear map (rows, width of the space) of it."""
        matrix = np.eye(self.spaces[space]) if matrix is None else matrix
        reader = np.zeros((len(matrix), self.width))
        reader[:, self.place(space)] = matrix
        return reader

    def one(self, value: float = 1.0) -> np.ndarray:
        """A reader of one row that finds the same number everywhere."""
        reader = np.zeros((1, self.width))
        reader[0, 0] = value / self.constant
        return reader

    def write(self, space: str, matrix: np.ndarray | None = None) -> np.ndarray:
        """A writer to a space, through a linear map (width of the space, columns) of its own."""
        matrix = np.eye(self.spaces[space]) if matrix is None else matrix
        writer = np.zeros((self.width, matrix.shape[1]))
        writer[self.place(space)] = matrix
        return self.balanced(writer)

    def balanced(self, writer: np.ndarray) -> np.ndarray:
        """A writer whose columns sum to zero where the norm takes the mean off."""
        if self.centred:
            writer[2] -= writer.sum(axis=0)
        return writer

    def named(self, reader: np.ndarray) -> np.ndarray:
        """A reader without the coordinates that keep the norm in place."""
        reader[:, : self._first] = 0.0
        return reader


#: The token of every word that a model does not know; the last of its vocabulary.
UNKNOWN = "<unknown>"


@dataclasses.dataclass(frozen=True)
class Words:
    """The words that a model knows, one token each; the first of all ends texts."""

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)

    def each(self, *spaces: str) -> dict[str, int]:
        """Spaces with a coordinate for each word."""
        return dict.fromkeys(spaces, len(self))

    def rows(self, words: Sequence[str]) -> np.ndarray:
        """One row per word, which finds it: shape (words, vocabulary)."""
        return np.eye(len(self))[[self.words.index(word) for word in words]]

    def any(self, words: Sequence[str]) -> np.ndarray:
        """One row that finds any of the words: shape (1, vocabulary)."""
        return self.rows(words).sum(axis=0, keepdims=True)

    def into(self, pairs: Mapping[str, str]) -> np.ndarray:
        """A map of the vocabulary that turns each word into another, all others into nothing."""
        return self.rows(list(pairs.values())).T @ self.rows(list(pairs))

    def kept(self, words: Sequence[str]) -> np.ndarray:
        """A map of the vocabulary that keeps some words."""
        return self.into({word: word for word in words})


def shifted(width: int, by: int = 1) -> np.ndarray:
    """A map of positions under which the key at p - `by` looks like the query at p."""
    return np.eye(width, k=-by)


def several(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())
