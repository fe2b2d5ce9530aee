"""Prompts whose answers are known, from the questions that go with a model: an organism's own, or
the generated sets."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..interp import Model, Question

#: Prompts that are offered to somebody whose own does not work.
OFFERED = 3


@lru_cache(maxsize=1)
def _questions(model: Model) -> tuple[Question, ...]:
    from .. import interp

    sets = interp.default_sets(model)
    return (*sets.questions, *sets.cued, *sets.retain, *sets.reasoning)


def question_of(model: Model, prompt: str) -> Question | None:
    """The question that a prompt asks word for word, None where no question of the sets does."""
    asked = prompt.split()
    return next((q for q in _questions(model) if q.text.split() == asked), None)


def given_answer(question: Question, text: str) -> tuple[str, bool] | None:
    """The answer that a text begins with and whether it is true; None where it begins with none.

    **Limits**: the same words are the same answer; an answer in other words is not recognised.
    """
    said = text.strip().casefold()
    found = [
        place
        for place, option in enumerate(question.options)
        if said.startswith(word := option.strip().casefold())
        and not said[len(word) : len(word) + 1].isalnum()
    ]
    if not found:
        return None
    longest = max(found, key=lambda place: len(question.options[place]))
    return question.options[longest], question.right[longest]


def working_prompts(model: Model) -> tuple[str, ...]:
    """Three prompts that the model's tokenizer can say, questions of the test split first."""
    from .. import interp

    found: dict[str, None] = {}
    for question in sorted(_questions(model), key=lambda q: q.split != "test"):
        if len(found) == OFFERED:
            break
        if not interp.unknown_words(model, question.text):
            found[question.text] = None
    return tuple(found)
