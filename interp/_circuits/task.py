"""What a circuit is asked, and the plan that its model is built from."""

import dataclasses
import string
from collections.abc import Callable

import numpy as np

from .parts import Design
from .stream import Words


@dataclasses.dataclass(frozen=True)
class Task:
    """One question: a prompt and its counterfactual, and the answers that are right to each."""

    prompt: str
    counterfactual: str
    true: str
    false: str


@dataclasses.dataclass(frozen=True, eq=False)
class CircuitPlan:
    """A circuit on paper.

    - `ask`: draws a task; `edges`: the true edges as `source>target`, with blanks between.
    - `against`: heads that work against the answer.
    """

    words: Words
    design: Design
    ask: Callable[[np.random.Generator], Task]
    edges: str
    against: tuple[tuple[int, int], ...] = ()


def letters(count: int) -> Words:
    """The word that begins a text, and so many letters."""
    return Words(("begin", *string.ascii_lowercase[:count]))
