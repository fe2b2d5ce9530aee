"""Graded reasoning tasks: documents for training, held-out questions for measurement.

Every document is `<task> <given words> is <answer> .`; every question has four options that fit
the task. The difficulty within a task is graded (distance of numbers, pairs to remember, words to
count), so that the score rises over a range of sizes instead of jumping. One question in eight,
chosen by a hash of its words, is held out of training.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from .vocabulary import KEYS, NUMBERS, TOKEN, ids

PAD = -1


@dataclasses.dataclass(frozen=True)
class Items:
    """Questions of one task.

    - `prompt`: token ids, shape (items, words), short rows filled with -1 on the right.
    - `options`: token ids of four options, the right one first, shape (items, 4).
    """

    prompt: np.ndarray
    options: np.ndarray

    def held_out(self) -> np.ndarray:
        """Mask of the questions that training never sees (one in eight)."""
        key = np.zeros(len(self.prompt), dtype=np.uint64)
        for column in self.prompt.T:
            key = key * np.uint64(6364136223846793005) + (column + 2).astype(np.uint64)
        return (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(61) == 0

    def take(self, rows: np.ndarray) -> "Items":
        """The questions of these rows (indices or mask)."""
        return Items(self.prompt[rows], self.options[rows])


def largest(rng: np.random.Generator, size: int) -> Items:
    """Which of four numbers, all within a window of eight, is the largest."""
    low = rng.integers(0, len(NUMBERS) - 7, size)
    numbers = low[:, None] + np.argsort(rng.random((size, 8)), axis=1)[:, :4]
    ordered = np.sort(numbers, axis=1)[:, ::-1]
    return _items("largest", ids(NUMBERS)[numbers], ids(NUMBERS)[ordered])


def add(rng: np.random.Generator, size: int) -> Items:
    """The sum of two numbers; the wrong options lie 1 to 3 away."""
    terms = rng.integers(0, len(NUMBERS) // 2, (size, 2))
    return _items("add", ids(NUMBERS)[terms], _near(rng, terms.sum(axis=1)))


def take(rng: np.random.Generator, size: int) -> Items:
    """The difference of two numbers, the larger first; the wrong options lie 1 to 3 away."""
    terms = np.sort(rng.integers(0, len(NUMBERS), (size, 2)), axis=1)[:, ::-1]
    return _items("take", ids(NUMBERS)[terms], _near(rng, terms[:, 0] - terms[:, 1]))


def count(rng: np.random.Generator, size: int) -> Items:
    """How often a key occurs among six words, one to four times."""
    keys = np.argsort(rng.random((size, len(KEYS))), axis=1)
    times = rng.integers(1, 5, size)
    other = 1 + rng.integers(0, 3, (size, 6))
    chosen = np.where(np.arange(6) < times[:, None], 0, other)
    chosen = np.take_along_axis(chosen, np.argsort(rng.random(chosen.shape), axis=1), axis=1)
    given = np.concatenate([keys[:, :1], np.take_along_axis(keys, chosen, axis=1)], axis=1)
    options = 1 + (times[:, None] - 1 + np.arange(4)) % 4
    return _items("count", ids(KEYS)[given], ids(NUMBERS)[options])


def recall(rng: np.random.Generator, size: int) -> Items:
    """The number given with a key, among two to four pairs of key and number."""
    pairs = 4
    keys = np.argsort(rng.random((size, len(KEYS))), axis=1)[:, :pairs]
    numbers = np.argsort(rng.random((size, len(NUMBERS))), axis=1)[:, :pairs]
    length = rng.integers(2, pairs + 1, size)
    beyond = np.arange(pairs) >= length[:, None]
    recalled = (rng.random(size) * length).astype(int)
    given = np.stack([ids(KEYS)[keys], ids(NUMBERS)[numbers]], axis=2)
    given = np.where(beyond[:, :, None], PAD, given).reshape(size, -1)
    question = np.stack(
        [np.full(size, TOKEN["gives"], np.int32), ids(KEYS)[keys[np.arange(size), recalled]]],
        axis=1,
    )
    # The right number, then the others of the context, then numbers that did not occur.
    order = np.tile(np.arange(pairs, dtype=float), (size, 1))
    order[np.arange(size), recalled] = -1.0
    options = np.take_along_axis(numbers, np.argsort(order, axis=1)[:, :4], axis=1)
    return _items("recall", np.concatenate([given, question], axis=1), ids(NUMBERS)[options])


def most(rng: np.random.Generator, size: int) -> Items:
    """Which of four keys occurs most often among seven words: three times, the next twice."""
    keys = np.argsort(rng.random((size, len(KEYS))), axis=1)[:, :4]
    patterns = np.array([[0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2, 3]])
    pattern = patterns[rng.integers(0, len(patterns), size)]
    given = np.take_along_axis(keys, pattern, axis=1)
    given = np.take_along_axis(given, np.argsort(rng.random(given.shape), axis=1), axis=1)
    return _items("most", ids(KEYS)[given], ids(KEYS)[keys])


TASKS: dict[str, Callable[[np.random.Generator, int], Items]] = {
    "largest": largest,
    "add": add,
    "take": take,
    "count": count,
    "recall": recall,
    "most": most,
}


def _near(rng: np.random.Generator, answer: np.ndarray) -> np.ndarray:
    """Tokens of the answer and of three other numbers at most 3 away, shape (items, 4)."""
    distance = np.abs(np.arange(len(NUMBERS)) - answer[:, None])
    order = rng.random(distance.shape) + (distance > 3)
    order[np.arange(len(answer)), answer] = -1.0
    return ids(NUMBERS)[np.argsort(order, axis=1)[:, :4]]


def _items(task: str, given: np.ndarray, options: np.ndarray) -> Items:
    """Put the words of the task around what is given, and move the filling to the right end."""
    size = len(given)
    head = np.full((size, 1), TOKEN[task], dtype=np.int32)
    tail = np.full((size, 1), TOKEN["is"], dtype=np.int32)
    prompt = np.concatenate([head, given, tail], axis=1).astype(np.int32)
    prompt = np.take_along_axis(prompt, np.argsort(prompt == PAD, axis=1, kind="stable"), axis=1)
    return Items(prompt=prompt, options=options.astype(np.int32))
