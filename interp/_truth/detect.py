"""How well states at each hook point tell true from false statements: on held-out facts, across
topics, under negation."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from ...common.nearest import there_are
from ...common.statistics import wilson
from .._errors import InterpError
from .._models.model import Model
from .._names import DetectionMethod
from .._questions.pairs import Statement
from .._steering.hook_point import HookPoint
from .find import statement_states
from .linear import logistic, mass_mean
from .sets import TruthSets, fact_of

Fit = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Detection:
    """Shares of held-out statements that a direction at one hook point calls rightly.

    - `accuracy`, `low`, `high`: trained on half of the facts, tested on the other half, both ways,
      with Wilson's interval over statements; `statements`: how many.
    - `cross_topic`: trained on all topics but one, tested on that one, mean; NaN with one topic.
    - `affirmed_to_denied`: trained on affirmations, tested on denials. Below one half the
      direction tells words that fit from words that do not, whatever the sentence says of them; NaN
      without denials.
    """

    hook_point: HookPoint
    accuracy: float
    low: float
    high: float
    statements: int
    cross_topic: float
    affirmed_to_denied: float


def detect(
    model: Model,
    sets: TruthSets,
    hook_points: Sequence[HookPoint],
    *,
    method: DetectionMethod = "mass-mean",
    states: np.ndarray | None = None,
) -> tuple[Detection, ...]:
    """Held-out accuracies at every hook point, by `mass-mean` or `logistic`.

    A mass-mean direction calls a statement true where its state lies nearer to the mean of the true
    ones; both methods are fitted at all hook points at once. What is held out is facts, not
    statements: the true and the false version of one fact are on one side.

    **Arguments**: `states` of the statements at these hook points, where they have been read
    already (`statement_states`).

    **Raises** `InterpError` for another method.
    """
    if method not in (known := get_args(DetectionMethod)):
        raise InterpError(f"no method {method!r}; {there_are(method, known)}")
    fit: Fit = _logistic if method == "logistic" else _mass_mean
    statements = sets.statements
    if states is None:
        states = statement_states(model, sets, hook_points)
    labels = np.array([statement.label for statement in statements])
    right, tested = _held_out(fit, states, labels, statements)
    across = [
        (_called(fit, states, labels, ~test, test) == labels[test]).mean(axis=1)
        for test in _topics(statements)
        if _both(labels[~test])
    ]
    denied = np.array([statement.negated for statement in statements])
    turned = np.full(len(hook_points), np.nan)
    if denied.any() and not denied.all() and _both(labels[~denied]):
        turned = (_called(fit, states, labels, ~denied, denied) == labels[denied]).mean(axis=1)
    crossed = np.mean(across, axis=0) if across else np.full(len(hook_points), np.nan)
    count = int(tested.sum())
    detections = []
    for number, point in enumerate(hook_points):
        hits = int(right[number, tested].sum())
        low, high = wilson(hits, count)
        detections.append(
            Detection(
                hook_point=point,
                accuracy=hits / count if count else np.nan,
                low=low,
                high=high,
                statements=count,
                cross_topic=float(crossed[number]),
                affirmed_to_denied=float(turned[number]),
            )
        )
    return tuple(detections)


def held_out_accuracy(
    states: np.ndarray, labels: np.ndarray, statements: Sequence[Statement]
) -> np.ndarray:
    """Share of statements that a mass-mean direction of the other half of the facts calls rightly,
    at each of many places; `states` of shape (places, statements, width)."""
    right, tested = _held_out(_mass_mean, states, labels, statements)
    return right[:, tested].mean(axis=1)


def _held_out(
    fit: Fit, states: np.ndarray, labels: np.ndarray, statements: Sequence[Statement]
) -> tuple[np.ndarray, np.ndarray]:
    """What is called rightly, shape (places, statements), and which statements could be tested."""
    facts = {fact: number for number, fact in enumerate(sorted(set(map(fact_of, statements))))}
    half = np.array([facts[fact_of(statement)] % 2 for statement in statements], dtype=bool)
    right = np.zeros((len(states), len(statements)), dtype=bool)
    tested = np.zeros(len(statements), dtype=bool)
    for test in (half, ~half):
        if test.any() and _both(labels[~test]):
            right[:, test] = _called(fit, states, labels, ~test, test) == labels[test]
            tested |= test
    return right, tested


def _called(
    fit: Fit, states: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    weight, offset = fit(states[:, train], labels[train])
    return np.einsum("ptd,pd->pt", states[:, test], weight) + offset[:, None] > 0


def _mass_mean(states: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weight = mass_mean(states, labels)
    middle = (states[:, labels].mean(axis=1) + states[:, ~labels].mean(axis=1)) / 2
    return weight, -np.einsum("pd,pd->p", weight, middle)


def _logistic(states: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return logistic(states, labels)


def _topics(statements: Sequence[Statement]) -> list[np.ndarray]:
    topics = np.array([statement.topic for statement in statements])
    names = sorted(set(topics))
    return [topics == name for name in names] if len(names) > 1 else []


def _both(labels: np.ndarray) -> bool:
    return bool(labels.any() and not labels.all())
