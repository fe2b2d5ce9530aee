"""What steering does to answers and to neutral text, measured beside the unsteered model."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch

from .._models.model import Model
from .._names import Positions
from .._questions.pairs import Question
from .._questions.scoring import Answered, EncodedQuestions, encode_questions, score_questions
from .._questions.tokens import batches
from .add import Applied, adding, adding_at
from .condition import Condition
from .hook_point import HookPoint

#: Makes the context in which a model is steered; called once per pass over a set.
Steering = Callable[[], contextlib.AbstractContextManager[Applied | None]]


@dataclasses.dataclass(frozen=True, eq=False)
class Measured:
    """What a model says under one steering.

    - `questions`, `retain`, `reasoning`: answers to the three sets (None where a set is empty).
    - `kl`: KL(steered || unsteered) of the next token at every position of neutral text, in nats.
    - `perplexity_ratio`: perplexity of neutral text, steered over unsteered.
    """

    questions: Answered
    retain: Answered | None
    reasoning: Answered | None
    kl: np.ndarray
    perplexity_ratio: float


@dataclasses.dataclass(frozen=True, eq=False)
class Baseline:
    """Sets of one split as tokens, and what the unsteered model says to them. Make it with
    `measure_baseline`."""

    model: Model
    questions: EncodedQuestions
    retain: EncodedQuestions | None
    reasoning: EncodedQuestions | None
    rows: tuple[tuple[int, ...], ...]
    plain: Measured


def measure_baseline(
    model: Model,
    questions: Sequence[Question],
    *,
    retain: Sequence[Question] = (),
    reasoning: Sequence[Question] = (),
    neutral: Sequence[str],
) -> Baseline:
    """Encode the sets once and score the unsteered model on them."""
    sets = [encode_questions(model, q) if q else None for q in (retain, reasoning)]
    encoded = encode_questions(model, questions)
    rows = tuple(tuple(model.encode(line)[: model.context]) for line in neutral)
    plain = Measured(
        questions=score_questions(model, encoded),
        retain=None if sets[0] is None else score_questions(model, sets[0]),
        reasoning=None if sets[1] is None else score_questions(model, sets[1]),
        kl=np.zeros(sum(map(len, rows))),
        perplexity_ratio=1.0,
    )
    return Baseline(
        model=model,
        questions=encoded,
        retain=sets[0],
        reasoning=sets[1],
        rows=tuple(row for row in rows if row),
        plain=plain,
    )


def adds(
    model: Model,
    hook_point: HookPoint,
    addition: torch.Tensor,
    *,
    condition: Condition | None = None,
    positions: Positions = "all",
) -> Steering:
    """Steering by one vector."""
    return partial(adding, model, hook_point, addition, condition=condition, positions=positions)


def adds_at(
    model: Model,
    additions: Mapping[HookPoint, torch.Tensor],
    *,
    condition: Condition | None = None,
    positions: Positions = "all",
) -> Steering:
    """Steering by a vector for each of several hook points."""
    return partial(adding_at, model, additions, condition=condition, positions=positions)


def answer(baseline: Baseline, questions: EncodedQuestions, steering: Steering) -> Answered:
    """The steered model's answers to one set."""
    with steering() as applied:
        start = None if applied is None else applied.start_at
        return score_questions(baseline.model, questions, on_batch=start)


def measure(baseline: Baseline, steering: Steering) -> Measured:
    """Answers and costs under one steering, on the sets of a baseline."""

    def scored(questions: EncodedQuestions | None) -> Answered | None:
        return None if questions is None else answer(baseline, questions, steering)

    kl, ratio = neutral_cost(baseline.model, baseline.rows, steering)
    return Measured(
        questions=answer(baseline, baseline.questions, steering),
        retain=scored(baseline.retain),
        reasoning=scored(baseline.reasoning),
        kl=kl,
        perplexity_ratio=ratio,
    )


def neutral_cost(
    model: Model, rows: Sequence[Sequence[int]], steering: Steering
) -> tuple[np.ndarray, float]:
    """KL at every position of neutral text, and the ratio of perplexities.

    A vector that is added where an answer begins is added from the first position on here: neutral
    text has no answer, and a cost is rather measured too high.
    """
    divergences, loss, count = [], 0.0, 0
    for indices, tokens in batches(rows, device=model.device):
        lengths = torch.tensor([len(rows[index]) for index in indices], device=model.device)
        inside = torch.arange(tokens.shape[1], device=model.device) < lengths[:, None]
        with torch.no_grad():
            plain = model.network(tokens, use_cache=False).logits.float().log_softmax(dim=-1)
            with steering() as applied:
                if applied is not None:
                    applied.start_at(torch.zeros_like(lengths))
                logits = model.network(tokens, use_cache=False).logits
            steered = logits.float().log_softmax(dim=-1)
        kl = (steered.exp() * (steered - plain)).sum(dim=-1).clamp(min=0.0)
        divergences.append(kl[inside].cpu().numpy())
        # The last token of a row predicts nothing that is known.
        said, known = tokens[:, 1:, None], inside[:, 1:]
        change = plain[:, :-1].gather(2, said) - steered[:, :-1].gather(2, said)
        loss += float(change[..., 0][known].sum())
        count += int(known.sum())
    return np.concatenate(divergences), float(np.exp(loss / max(1, count)))
