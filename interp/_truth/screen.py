"""Which of many directions correct most: each is tried until it can no longer be among the best."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from ...common.progress import Progress, silent
from .._questions.pairs import Question
from .._questions.scoring import Answered
from .._steering.effects import Asked, Baseline, Steering, answer
from .kept import Kept

#: Questions at most in the screening, and in how many parts those answered falsely are asked.
QUESTIONS = 60
PARTS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class _Part:
    """Some questions, and the unsteered log-odds of their best answers."""

    asked: Asked
    plain: np.ndarray


def screen(
    baseline: Baseline,
    directions: Mapping[str, Sequence[Steering]],
    *,
    keep: int,
    kept: Kept,
    on_progress: Progress | None = None,
) -> list[str]:
    """The names of the `keep` directions that correct most at the best of their strengths; among
    equals those that move the log-odds of the best answers further (median over questions).

    Questions that are answered falsely are asked first, in parts: a strength stops as soon as it
    cannot reach what `keep` directions, or its own direction at another strength, have reached.
    The others are asked of those that reach it. So what is kept is what asking everything of
    everyone would keep.
    """
    tell = on_progress or silent
    false, right = _parts(baseline)
    total = sum(len(part.plain) for part in false)
    reached = dict.fromkeys(directions, (0.0, -np.inf))

    def at_best(name: str) -> np.ndarray:
        for steering in directions[name]:
            best = sorted((count for count, _ in reached.values()), reverse=True)
            bar = max(best[keep - 1], reached[name][0])
            found = _try(steering, false, right, bar=bar, total=total)
            reached[name] = max(reached[name], found)
        return np.array(reached[name])

    tell("screening directions", 0, len(directions))
    # What a layer is entered with is made from what the one below it was entered with.
    for done, name in enumerate(sorted(directions, key=lambda n: directions[n][0].layer), start=1):
        corrected, moved = kept.once(f"screened {name}", lambda name=name: at_best(name))
        reached[name] = float(corrected), float(moved)
        tell("screening directions", done, len(directions))
    return sorted(directions, key=lambda name: reached[name], reverse=True)[:keep]


def _try(
    steering: Steering, false: Sequence[_Part], right: Sequence[_Part], *, bar: float, total: int
) -> tuple[float, float]:
    """How many false answers are corrected, and how far the log-odds move; the latter is not
    measured where fewer than `bar` can be corrected."""
    moved: list[np.ndarray] = []
    corrected = asked = 0
    for part in false:
        answered = answer(part.asked, steering)
        corrected += int(answered.mc1.sum())
        asked += len(answered.mc1)
        moved.append(_log_odds(part.asked, answered) - part.plain)
        if corrected + total - asked < bar:
            return float(corrected), -np.inf
    for part in right:
        moved.append(_log_odds(part.asked, answer(part.asked, steering)) - part.plain)
    return float(corrected), float(np.median(np.concatenate(moved)))


def _parts(baseline: Baseline) -> tuple[list[_Part], list[_Part]]:
    """At most as many questions as screening takes, evenly spaced: those that are answered falsely
    in a few parts, and the others."""
    asked, answered = baseline.questions, baseline.plain.questions
    step = -(-len(asked.encoded.questions) // QUESTIONS)
    odds = _log_odds(asked, answered)
    chosen = np.arange(0, len(odds), step)
    false, right = chosen[~answered.mc1[chosen]], chosen[answered.mc1[chosen]]

    def part(numbers: np.ndarray) -> list[_Part]:
        some: list[Question] = [asked.encoded.questions[number] for number in numbers]
        made = Asked.of(baseline.model, some)
        return [] if made is None else [_Part(made, odds[numbers])]

    return [p for numbers in np.array_split(false, PARTS) for p in part(numbers)], part(right)


def _log_odds(asked: Asked, answered: Answered) -> np.ndarray:
    """log p(best) - log p(likeliest false) of every question, shape (questions,)."""
    odds = []
    pairs = zip(asked.encoded.questions, answered.log_probabilities, strict=True)
    for question, values in pairs:
        false = ~np.array(question.right)
        odds.append(values[question.best] - values[false].max())
    return np.array(odds)
