"""Pairs, statements and questions that the project makes itself, for models of the real world.

Facts come from `data/facts` (cities and their countries, elements and their symbols); arithmetic
and comparison are drawn. The same seed gives the same set. A true answer and its false ones begin
with different characters, so that every tokenizer tells them apart by their first token.
"""

import csv
import dataclasses
from collections.abc import Callable

import numpy as np

from ...common.checks import check_seed
from ...common.nearest import there_are
from ...data import shipped
from .._errors import InterpError
from .._names import SPLITS, SetName
from .pairs import Pair, Question, Statement


@dataclasses.dataclass(frozen=True)
class _Item:
    """A prompt, its true answer, three false ones, and its sentence to be affirmed or denied."""

    prompt: str
    true: str
    false: tuple[str, str, str]
    affirmed: str
    denied: str


def set_names() -> tuple[str, ...]:
    """Names of the sets: about facts first, then about reasoning."""
    return tuple(_SETS)


def make_pairs(name: str, *, count: int = 128, seed: int = 0) -> tuple[Pair, ...]:
    """Pairs of a set. **Raises** `InterpError` for an unknown name."""
    return tuple(
        Pair(prompt=i.prompt, true=i.true, false=i.false[0], topic=name, location=f"{name} {n + 1}")
        for n, i in enumerate(_items(name, count, seed))
    )


def make_questions(name: str, *, count: int = 128, seed: int = 0) -> tuple[Question, ...]:
    """Four-option questions of a set, split in thirds by question.

    **Raises** `InterpError` for an unknown name.
    """
    return tuple(
        Question(
            prompt=item.prompt,
            options=(item.true, *item.false),
            right=(True, False, False, False),
            best=0,
            topic=name,
            split=SPLITS[number % 3],
            location=f"{name} {number + 1}",
        )
        for number, item in enumerate(_items(name, count, seed))
    )


def make_statements(name: str, *, count: int = 128, seed: int = 0) -> tuple[Statement, ...]:
    """Labelled statements of a set: every item stated truly and falsely, affirmed and denied.

    **Raises** `InterpError` for an unknown name.

    ```pycon
    >>> from nullcline import interp
    >>> first, second, *_ = interp.make_statements("cities", count=2)
    >>> first.text, first.label, second.text, second.label
    ('The city of Sao Paulo is in Brazil.', True, 'The city of Sao Paulo is in Indonesia.', False)

    ```
    """
    return tuple(
        Statement(
            text=(item.denied if negated else item.affirmed).format(value),
            label=(value == item.true) != negated,
            topic=name,
            negated=negated,
            split=SPLITS[number % 3],
            location=f"{name} {number + 1}",
        )
        for number, item in enumerate(_items(name, count, seed))
        for negated in (False, True)
        for value in (item.true, item.false[0])
    )


def neutral_text() -> tuple[str, ...]:
    """Sentences about nothing in particular, for what steering costs and for independent means."""
    text = shipped("facts", "neutral.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


def _items(name: str, count: int, seed: int) -> list[_Item]:
    if name not in _SETS:
        raise InterpError(f"no set {name!r}; {there_are(name, _SETS)}")
    check_seed(seed, error=InterpError)
    if count < 2:
        raise InterpError(f"a set of {count} is too small; take 2 or more")
    return _SETS[name](np.random.default_rng([seed, list(_SETS).index(name)]), count)


def _of_facts(name: str, prompt: str, affirmed: str, denied: str) -> Callable:
    def draw(rng: np.random.Generator, count: int) -> list[_Item]:
        with shipped("facts", f"{name}.csv").open(encoding="utf-8", newline="") as file:
            facts = [(row["subject"], row["value"]) for row in csv.DictReader(file)]
        values = sorted({value for _, value in facts})
        items = []
        for index in rng.permutation(len(facts))[:count]:
            subject, true = facts[index]
            others = [value for value in values if value[0] != true[0]]
            a, b, c = (others[index] for index in rng.permutation(len(others))[:3])
            items.append(
                _Item(
                    prompt=prompt.format(subject),
                    true=true,
                    false=(a, b, c),
                    affirmed=affirmed.format(subject, "{}"),
                    denied=denied.format(subject, "{}"),
                )
            )
        return items

    return draw


def _arithmetic(rng: np.random.Generator, count: int) -> list[_Item]:
    drawn = rng.permutation(20 * 20)[:count]
    items = []
    for index in drawn:
        first, second = divmod(int(index), 20)
        total = first + second
        near = sorted(range(60), key=lambda n: abs(n - total))
        others = [n for n in near if str(n)[0] != str(total)[0]][:6]
        a, b, c = (str(others[index]) for index in rng.permutation(len(others))[:3])
        sentence = f"{first} plus {second} is"
        items.append(
            _Item(
                prompt=f"{first} plus {second} is",
                true=str(total),
                false=(a, b, c),
                affirmed=f"{sentence} {{}}.",
                denied=f"{sentence} not {{}}.",
            )
        )
    return items


def _comparison(rng: np.random.Generator, count: int) -> list[_Item]:
    items = []
    for _ in range(count):
        tens = rng.permutation(9)[:4] + 1
        four = sorted((int(n) for n in 10 * tens + rng.integers(0, 10, 4)), reverse=True)
        shown = ", ".join(str(four[index]) for index in rng.permutation(4))
        largest, a, b, c = (str(number) for number in four)
        sentence = f"Of the numbers {shown} the largest is"
        items.append(
            _Item(
                prompt=sentence,
                true=largest,
                false=(a, b, c),
                affirmed=f"{sentence} {{}}.",
                denied=f"{sentence} not {{}}.",
            )
        )
    return items


_SETS: dict[SetName, Callable[[np.random.Generator, int], list[_Item]]] = {
    "cities": _of_facts(
        "cities", "The city of {} is in", "The city of {} is in {}.", "The city of {} is not in {}."
    ),
    "elements": _of_facts(
        "elements",
        "The chemical symbol of {} is",
        "The chemical symbol of {} is {}.",
        "The chemical symbol of {} is not {}.",
    ),
    "arithmetic": _arithmetic,
    "comparison": _comparison,
}
