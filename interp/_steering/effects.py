"""What steering does to answers and to neutral text, measured beside the unsteered model."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from .._models.model import Model
from .._questions.pairs import Question
from .._questions.scoring import Answered, EncodedQuestions, encode_questions, score_questions
from .._questions.tokens import batches
from .add import Applied, adding
from .condition import Condition
from .place import Place

#: Makes the context in which a model is steered; called once per pass over a set.
Steering = Callable[[], contextlib.AbstractContextManager[Applied | None]]


@dataclasses.dataclass(frozen=True, eq=False)
class Measured:
    """What a model says under one steering.

    - `asked`, `kept`, `reasoning`: answers to the three sets (None where a set is empty).
    - `kl`: KL(steered || unsteered) of the next token at every position of neutral text, in nats.
    - `perplexity_ratio`: perplexity of neutral text, steered over unsteered.
    """

    asked: Answered
    kept: Answered | None
    reasoning: Answered | None
    kl: np.ndarray
    perplexity_ratio: float


@dataclasses.dataclass(frozen=True, eq=False)
class Yardstick:
    """Sets of one split as tokens, and what the unsteered model says to them. Make it with
    `yardstick`."""

    model: Model
    asked: EncodedQuestions
    kept: EncodedQuestions | None
    reasoning: EncodedQuestions | None
    rows: tuple[tuple[int, ...], ...]
    plain: Measured


def yardstick(
    model: Model,
    asked: Sequence[Question],
    *,
    kept: Sequence[Question] = (),
    reasoning: Sequence[Question] = (),
    neutral: Sequence[str],
) -> Yardstick:
    """Encode the sets once and ask the unsteered model."""
    sets = [encode_questions(model, q) if q else None for q in (kept, reasoning)]
    encoded = encode_questions(model, asked)
    rows = tuple(tuple(model.encode(line)[: model.context]) for line in neutral)
    plain = Measured(
        asked=score_questions(model, encoded),
        kept=None if sets[0] is None else score_questions(model, sets[0]),
        reasoning=None if sets[1] is None else score_questions(model, sets[1]),
        kl=np.zeros(sum(map(len, rows))),
        perplexity_ratio=1.0,
    )
    return Yardstick(
        model=model,
        asked=encoded,
        kept=sets[0],
        reasoning=sets[1],
        rows=tuple(row for row in rows if row),
        plain=plain,
    )


def adds(
    model: Model,
    place: Place,
    addition: torch.Tensor,
    *,
    condition: Condition | None = None,
    positions: str = "all",
) -> Steering:
    """Steering by one vector."""
    return partial(adding, model, place, addition, condition=condition, positions=positions)


def ask(by: Yardstick, questions: EncodedQuestions, steering: Steering) -> Answered:
    """The steered model's answers to one set."""
    with steering() as applied:
        start = None if applied is None else applied.start_at
        return score_questions(by.model, questions, on_batch=start)


def measure(by: Yardstick, steering: Steering) -> Measured:
    """Everything that a yardstick measures, under one steering."""
    kl, ratio = neutral_cost(by.model, by.rows, steering)
    return Measured(
        asked=ask(by, by.asked, steering),
        kept=None if by.kept is None else ask(by, by.kept, steering),
        reasoning=None if by.reasoning is None else ask(by, by.reasoning, steering),
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
