"""What steering does to answers and to neutral text, measured beside the unsteered model."""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch

from ...common.progress import Progress
from .._models.model import Model
from .._names import Positions
from .._questions.pairs import Question
from .._questions.passes import Passes
from .._questions.scoring import (
    Answered,
    EncodedQuestions,
    encode_questions,
    passes_over,
    score_passes,
)
from .._questions.texts import passes_over_texts
from .add import Applied, adding_at
from .condition import Condition
from .hook_point import HookPoint


@dataclasses.dataclass(frozen=True, eq=False)
class Steering:
    """A vector for each of one or several hook points, to be added in many passes."""

    model: Model
    additions: Mapping[HookPoint, torch.Tensor]
    condition: Condition | None = None
    positions: Positions = "all"

    @property
    def layer(self) -> int:
        """The first layer in which anything changes."""
        return min(point.layer for point in self.additions)

    def applied(self) -> contextlib.AbstractContextManager[Applied]:
        """The context in which the model is steered."""
        return adding_at(
            self.model, self.additions, condition=self.condition, positions=self.positions
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Answers:
    """Answers under one steering to the sets of a baseline; None where a set is empty."""

    questions: Answered
    retain: Answered | None
    reasoning: Answered | None


@dataclasses.dataclass(frozen=True, eq=False)
class Measured(Answers):
    """What a model says under one steering, and what that costs on neutral text.

    - `kl`: KL(steered || unsteered) of the next token at every position of neutral text, in nats.
    - `perplexity_ratio`: perplexity of neutral text, steered over unsteered.
    """

    kl: np.ndarray
    perplexity_ratio: float


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """A set of questions as the passes that score them."""

    encoded: EncodedQuestions
    passes: Passes

    @classmethod
    def of(cls, model: Model, questions: Sequence[Question]) -> Self | None:
        """Of questions; None where there are none."""
        if not questions:
            return None
        encoded = encode_questions(model, questions)
        return cls(encoded, passes_over(model, encoded))


@dataclasses.dataclass(frozen=True, eq=False)
class Baseline:
    """Sets of one split as passes, and what the unsteered model says to them. Make it with
    `measure_baseline`."""

    model: Model
    questions: Asked
    retain: Asked | None
    reasoning: Asked | None
    neutral: Passes
    plain: Measured


def measure_baseline(
    model: Model,
    questions: Sequence[Question],
    *,
    retain: Sequence[Question] = (),
    reasoning: Sequence[Question] = (),
    neutral: Sequence[str],
    on_progress: Progress | None = None,
) -> Baseline:
    """Encode the sets once and score the unsteered model on them; `on_progress` counts prompts."""
    encoded = encode_questions(model, questions)
    asked = Asked(encoded, passes_over(model, encoded))
    others = [Asked.of(model, some) for some in (retain, reasoning)]
    rows = [row for line in neutral if (row := model.encode(line)[: model.context])]

    def plain(asked: Asked | None) -> Answered | None:
        if asked is None:
            return None
        return score_passes(asked.encoded, asked.passes, on_progress=on_progress)

    return Baseline(
        model=model,
        questions=asked,
        retain=others[0],
        reasoning=others[1],
        neutral=passes_over_texts(model, rows),
        plain=Measured(
            questions=score_passes(encoded, asked.passes, on_progress=on_progress),
            retain=plain(others[0]),
            reasoning=plain(others[1]),
            kl=np.zeros(sum(map(len, rows))),
            perplexity_ratio=1.0,
        ),
    )


def answer(asked: Asked, steering: Steering) -> Answered:
    """The steered model's answers to one set."""
    layer = steering.layer
    asked.passes.streams(layer)  # unsteered, so before the model is steered
    with steering.applied() as applied:
        return score_passes(asked.encoded, asked.passes, entering=layer, on_batch=applied.start_at)


def measure(baseline: Baseline, steering: Steering) -> Measured:
    """Answers and costs under one steering, on the sets of a baseline."""
    said = measure_answers(baseline, steering)
    kl, ratio = neutral_cost(baseline, steering)
    return Measured(said.questions, said.retain, said.reasoning, kl, ratio)


def measure_answers(baseline: Baseline, steering: Steering) -> Answers:
    """Answers under one steering, to the sets of a baseline."""

    def scored(asked: Asked | None) -> Answered | None:
        return None if asked is None else answer(asked, steering)

    return Answers(
        questions=answer(baseline.questions, steering),
        retain=scored(baseline.retain),
        reasoning=scored(baseline.reasoning),
    )


def neutral_cost(baseline: Baseline, steering: Steering) -> tuple[np.ndarray, float]:
    """KL at every position of neutral text, and the ratio of perplexities.

    A vector that is added where an answer begins is added from the first position on here: neutral
    text has no answer, and a cost is rather measured too high.
    """
    model, passes, layer = baseline.model, baseline.neutral, steering.layer
    passes.streams(layer)
    top = model.n_layers - 1  # the unsteered text again from there costs one block
    passes.streams(top)
    divergences, loss, count = [], 0.0, 0
    for number, batch in enumerate(passes.batches):
        inside = batch.filled
        rows, columns = inside.nonzero(as_tuple=True)
        plain = passes.logits(number, rows, columns, entering=top).float().log_softmax(dim=-1)
        with steering.applied() as applied:
            applied.start_at(torch.zeros(len(inside), dtype=torch.long, device=model.device))
            logits = passes.logits(number, rows, columns, entering=layer)
        steered = logits.float().log_softmax(dim=-1)
        kl = (steered.exp() * (steered - plain)).sum(dim=-1).clamp(min=0.0)
        divergences.append(kl.cpu().numpy())
        # The last token of a row predicts nothing that is known.
        known = (rows[1:] == rows[:-1]).nonzero()[:, 0]
        said = batch.tokens[rows[known + 1], columns[known + 1]][:, None]
        loss += float((plain[known].gather(1, said) - steered[known].gather(1, said)).sum())
        count += len(known)
    return np.concatenate(divergences), float(np.exp(loss / max(1, count)))
