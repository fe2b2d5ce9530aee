"""Multiple choice by log-probabilities of whole answers, in an order that cannot matter."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from ...common.display import shown
from ...common.progress import Progress, silent
from .._errors import InterpError
from .._models.model import Model
from .pairs import Question
from .passes import Passes, abilities, window
from .tokens import encode_question, unique
from .trees import Growing, Tree

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
    """Questions as trees of tokens: what several answers begin with is read once. Make it with
    `encode_questions`.

    `reads` has for every option its question, its tree, the token of the tree before each of its
    tokens, and its tokens. `shared` is the length of the beginning that all trees have in common
    before anything is read, such as the examples of a frame: it is computed once; 0 where that
    saves little.
    """

    questions: tuple[Question, ...]
    trees: tuple[Tree, ...]
    reads: tuple[tuple[int, int, tuple[int, ...], tuple[int, ...]], ...]
    shared: int = 0

    @property
    def tokens(self) -> int:
        """How many tokens one pass reads."""
        return self.shared + sum(len(tree.tokens) - self.shared for tree in self.trees)


def encode_questions(model: Model, questions: Sequence[Question]) -> EncodedQuestions:
    """Tokens of questions, to be scored many times (with and without steering, say).

    **Raises** `InterpError` for no questions, and for what the tokenizer cannot say.
    """
    if not questions:
        raise InterpError("there are no questions to score")
    encoded = [
        encode_question(model, question, location=f"question {number + 1}")
        for number, question in enumerate(questions)
    ]
    longest = max(len(said.context) + sum(map(len, said.answers)) for said in encoded)
    together = abilities(model).trees and longest <= window(model)
    growing: dict[tuple[int, ...], tuple[int, Growing]] = {}
    reads = []
    for number, said in enumerate(encoded):
        for answer in said.answers:
            # One row for all answers to a prompt, or one for each that differs in what is read.
            key = said.context if together else said.context + answer[:-1]
            tree, grown = growing.setdefault(key, (len(growing), Growing(said.context)))
            reads.append((number, tree, grown.add(answer), answer))
    trees = tuple(grown.tree() for _, grown in growing.values())
    return EncodedQuestions(
        questions=tuple(questions), trees=trees, reads=tuple(reads), shared=_common(trees)
    )


def passes_over(model: Model, questions: EncodedQuestions) -> Passes:
    """The passes that score some questions, to be made many times."""
    able = abilities(model)
    longest = max(len(tree.tokens) for tree in questions.trees)
    masked = able.trees and longest <= window(model)
    return Passes(
        model,
        questions.trees,
        shared=questions.shared if able.repeats else 0,
        masked=masked,
        resumes=able.resumes,
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
    counts prompts.
    """
    if not isinstance(questions, EncodedQuestions):
        questions = encode_questions(model, questions)
    passes = passes_over(model, questions)
    return score_passes(questions, passes, on_batch=on_batch, on_progress=on_progress)


def score_passes(
    questions: EncodedQuestions,
    passes: Passes,
    *,
    entering: int = 0,
    on_batch: Callable[[torch.Tensor], None] | None = None,
    on_progress: Progress | None = None,
) -> Answered:
    """`score_questions` where the passes are known; the model is as it was when they were made
    below the layer `entering`."""
    tell = on_progress or silent
    by_tree: dict[int, list[tuple[int, tuple[int, ...], tuple[int, ...]]]] = {}
    for read, (_, tree, nodes, answer) in enumerate(questions.reads):
        by_tree.setdefault(tree, []).append((read, nodes, answer))
    totals = np.zeros(len(questions.reads))
    done, shared = 0, passes.shared
    beginning = passes.begin(entering, on_batch)
    for number, batch in enumerate(passes.batches):
        positions, targets, owners = [], [], []
        for row, tree in enumerate(batch.trees):
            for read, nodes, answer in by_tree[tree]:
                positions += [(row, node - shared) for node in nodes]
                targets += answer
                owners += [read] * len(answer)
        # Answers to one prompt are often read at one position: take its logits once.
        device = batch.tokens.device
        different, which = unique(positions)
        rows, columns = torch.tensor(different, device=device).T
        if on_batch is not None:
            stems = [questions.trees[tree].stem for tree in batch.trees]
            on_batch(torch.tensor(stems, device=device) - 1 - shared)
        logits = passes.logits(number, rows, columns, entering=entering, after=beginning)
        log_probabilities = torch.log_softmax(logits.float(), dim=-1)
        values = log_probabilities[
            torch.tensor(which, device=device), torch.tensor(targets, device=device)
        ]
        np.add.at(totals, owners, values.double().cpu().numpy())
        done += len(batch.trees)
        tell("scoring questions", done, len(questions.trees))
    return _answered(questions, totals)


def _common(trees: Sequence[Tree]) -> int:
    """How many tokens all trees begin with, before an answer is read; 0 where that saves little."""
    stems = [tree.tokens[: tree.stem] for tree in trees]
    first, last = min(stems), max(stems)  # in the order of tuples: all others lie between these
    most, same = min(map(len, stems)) - 1, 0
    while same < most and first[same] == last[same]:
        same += 1
    return same if len(trees) > 1 and same >= SHARED_LEAST else 0


def _answered(questions: EncodedQuestions, totals: np.ndarray) -> Answered:
    grouped: list[list[float]] = [[] for _ in questions.questions]
    for (number, *_), value in zip(questions.reads, totals, strict=True):
        grouped[number].append(value)
    scores = tuple(np.array(values) for values in grouped)
    mc1, mc2 = [], []
    for question, values in zip(questions.questions, scores, strict=True):
        right = np.array(question.right)
        mc1.append(values[question.best] > values[~right].max())
        weights = np.exp(values - values.max())
        mc2.append(weights[right].sum() / weights.sum())
    return Answered(log_probabilities=scores, mc1=np.array(mc1), mc2=np.array(mc2))
