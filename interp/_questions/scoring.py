"""Multiple choice by log-probabilities of whole answers, in an order that cannot matter."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence

import numpy as np
import torch

from ...common.display import shown
from ...common.progress import Progress, silent
from .._errors import InterpError
from .._models.model import Model
from .pairs import Question
from .tokens import batches, encode_question, unique


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class Answered:
    """What a model says to a set of questions.

    - `log_probabilities`: of every option's whole text after its prompt, in nats, one array per
      question.
    - `mc1`: whether the best answer is likelier than every false one (a tie is not).
    - `mc2`: share of the options' probability that lies on true ones, 0..1.
    """

    log_probabilities: tuple[np.ndarray, ...]
    mc1: np.ndarray
    mc2: np.ndarray


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class EncodedQuestions:
    """Questions as rows of tokens; the same row is read once. Make it with `encode_questions`.

    `reads` has for every option its question, its row, the position before its first token and its
    tokens.
    """

    questions: tuple[Question, ...]
    rows: tuple[tuple[int, ...], ...]
    reads: tuple[tuple[int, int, int, tuple[int, ...]], ...]


def encode_questions(model: Model, questions: Sequence[Question]) -> EncodedQuestions:
    """Tokens of questions, to be scored many times (with and without steering, say).

    **Raises** `InterpError` for no questions, and for what the tokenizer cannot say.
    """
    if not questions:
        raise InterpError("there are no questions to score")
    needed, reads = [], []
    for number, question in enumerate(questions):
        tokens = encode_question(model, question, location=f"question {number + 1}")
        for answer in tokens.answers:
            # The last token of an answer is predicted, not read.
            needed.append(tokens.context + answer[:-1])
            reads.append((number, len(tokens.context) - 1, answer))
    rows, which = unique(needed)
    return EncodedQuestions(
        questions=tuple(questions),
        rows=tuple(rows),
        reads=tuple(
            (number, row, start, answer)
            for (number, start, answer), row in zip(reads, which, strict=True)
        ),
    )


def score_questions(
    model: Model,
    questions: Sequence[Question] | EncodedQuestions,
    *,
    on_batch: Callable[[torch.Tensor], None] | None = None,
    on_progress: Progress | None = None,
) -> Answered:
    """Score a model as it is now: inside `steer(...)` the steered model answers.

    **Arguments**: `on_batch(starts)` is called before each pass with the position, in each of its
    rows, where the first token of an answer is predicted, shape (rows,); `on_progress`
    counts rows.
    """
    if not isinstance(questions, EncodedQuestions):
        questions = encode_questions(model, questions)
    tell = on_progress or silent
    by_row: dict[int, list[tuple[int, int, tuple[int, ...]]]] = {}
    for read, (_, row, start, answer) in enumerate(questions.reads):
        by_row.setdefault(row, []).append((read, start, answer))
    totals = np.zeros(len(questions.reads))
    done = 0
    for indices, tokens in batches(questions.rows, device=model.device):
        positions, targets, owners = [], [], []
        for batch_row, index in enumerate(indices):
            for read, start, answer in by_row[index]:
                for step, token in enumerate(answer):
                    positions.append((batch_row, start + step))
                    targets.append(token)
                    owners.append(read)
        # Answers to one prompt are often read at one position: take its logits once.
        different, which = unique(positions)
        rows, columns = torch.tensor(different, device=model.device).T
        if on_batch is not None:
            starts = [min(start for _, start, _ in by_row[index]) for index in indices]
            on_batch(torch.tensor(starts, device=model.device))
        logits = logits_at(model, tokens, rows, columns)
        log_probabilities = torch.log_softmax(logits.float(), dim=-1)
        values = log_probabilities[
            torch.tensor(which, device=model.device), torch.tensor(targets, device=model.device)
        ]
        np.add.at(totals, owners, values.double().cpu().numpy())
        done += len(indices)
        tell("scoring questions", done, len(questions.rows))
    return _answered(questions, totals)


def logits_at(
    model: Model, tokens: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """The network's own logits at chosen positions, shape (positions, vocabulary).

    Where the network can, only the positions that are read go through the unembedding.
    """
    with torch.no_grad():
        if "logits_to_keep" not in inspect.signature(model.network.forward).parameters:
            return model.network(tokens, use_cache=False).logits[rows, columns]
        needed, which = columns.unique(return_inverse=True)
        logits = model.network(tokens, use_cache=False, logits_to_keep=needed).logits
        return logits[rows, which]


def _answered(questions: EncodedQuestions, totals: np.ndarray) -> Answered:
    grouped: list[list[float]] = [[] for _ in questions.questions]
    for (number, _, _, _), value in zip(questions.reads, totals, strict=True):
        grouped[number].append(value)
    scores = tuple(np.array(values) for values in grouped)
    mc1, mc2 = [], []
    for question, values in zip(questions.questions, scores, strict=True):
        right = np.array(question.right)
        mc1.append(values[question.best] > values[~right].max())
        weights = np.exp(values - values.max())
        mc2.append(weights[right].sum() / weights.sum())
    return Answered(log_probabilities=scores, mc1=np.array(mc1), mc2=np.array(mc2))
