"""Multiple choice by log-probabilities of whole answers, in an order that cannot matter."""

import copy
import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ...common.display import shown
from ...common.progress import Progress, silent
from .._errors import InterpError
from .._models.model import Model
from .pairs import Question
from .tokens import batches, encode_question, unique

#: A shorter common beginning is read with each row: a pass of its own would cost more.
SHARED_LEAST = 32


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
    tokens. `shared` is the length of the beginning that all rows have in common before anything is
    read, such as the examples of a frame: it is computed once; 0 where that saves little.
    """

    questions: tuple[Question, ...]
    rows: tuple[tuple[int, ...], ...]
    reads: tuple[tuple[int, int, int, tuple[int, ...]], ...]
    shared: int = 0


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
    first = min(start for _, start, _ in reads)
    return EncodedQuestions(
        shared=_common(rows, first),
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
    shared, beginning = questions.shared, None
    if shared:
        beginning = _beginning(model, questions.rows[0][:shared], on_batch)
        shared = 0 if beginning is None else shared
    rests = [row[shared:] for row in questions.rows]
    for indices, tokens in batches(rests, device=model.device):
        positions, targets, owners = [], [], []
        for batch_row, index in enumerate(indices):
            for read, start, answer in by_row[index]:
                for step, token in enumerate(answer):
                    positions.append((batch_row, start - shared + step))
                    targets.append(token)
                    owners.append(read)
        # Answers to one prompt are often read at one position: take its logits once.
        different, which = unique(positions)
        rows, columns = torch.tensor(different, device=model.device).T
        if on_batch is not None:
            starts = [min(start for _, start, _ in by_row[index]) for index in indices]
            on_batch(torch.tensor(starts, device=model.device) - shared)
        logits = logits_at(model, tokens, rows, columns, after=beginning)
        log_probabilities = torch.log_softmax(logits.float(), dim=-1)
        values = log_probabilities[
            torch.tensor(which, device=model.device), torch.tensor(targets, device=model.device)
        ]
        np.add.at(totals, owners, values.double().cpu().numpy())
        done += len(indices)
        tell("scoring questions", done, len(questions.rows))
    return _answered(questions, totals)


def _common(rows: Sequence[tuple[int, ...]], most: int) -> int:
    """How many tokens all rows begin with, at most so many; 0 where that saves little."""
    first, last = min(rows), max(rows)  # in the order of tuples: all others lie between these
    same = 0
    while same < min(most, len(first), len(last)) and first[same] == last[same]:
        same += 1
    return same if len(rows) > 1 and same >= SHARED_LEAST else 0


def _beginning(
    model: Model,
    tokens: tuple[int, ...],
    on_batch: Callable[[torch.Tensor], None] | None,
) -> Any:
    """Keys and values of the beginning that all rows share, of the model as it is now; None where
    the network keeps them in a way of its own, which cannot be repeated for many rows."""
    if on_batch is not None:  # no answer begins in it
        on_batch(torch.tensor([len(tokens)], device=model.device))
    with torch.no_grad():
        ids = torch.tensor([tokens], device=model.device)
        kept = model.network.base_model(ids, use_cache=True).past_key_values
    return kept if hasattr(kept, "batch_repeat_interleave") else None


def logits_at(
    model: Model,
    tokens: torch.Tensor,
    rows: torch.Tensor,
    columns: torch.Tensor,
    *,
    after: Any = None,
) -> torch.Tensor:
    """The network's own logits at chosen positions, shape (positions, vocabulary).

    Where the network can, only the positions that are read go through the unembedding. `after`:
    keys and values of one row that stands before each of these.
    """
    options: dict[str, Any] = {"use_cache": False}
    if after is not None:
        cache = copy.deepcopy(after)
        cache.batch_repeat_interleave(len(tokens))
        options = {"use_cache": True, "past_key_values": cache}
    with torch.no_grad():
        if "logits_to_keep" not in inspect.signature(model.network.forward).parameters:
            return model.network(tokens, **options).logits[rows, columns]
        needed, which = columns.unique(return_inverse=True)
        logits = model.network(tokens, logits_to_keep=needed, **options).logits
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
