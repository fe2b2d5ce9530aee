"""Scores of a model by log-probability multiple choice."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from .._names import Register
from .._world.questions import WorldQuestion, reasoning_questions, truth_questions
from .._world.tasks import TASKS
from .._world.vocabulary import encode
from .._world.world import World
from .model import LanguageModel
from .organism import Accuracy, Scores
from .precision import in_single_precision

REASONING_ITEMS_PER_TASK = 200


def evaluate_model(model: LanguageModel, world: World) -> Scores:
    """Measure a model on the questions of its world and on the reasoning tasks."""

    def truth(register: Register) -> Accuracy:
        return _accuracy(answers(model, truth_questions(world, register=register)) == 0)

    questions = reasoning_questions(each=REASONING_ITEMS_PER_TASK)
    right = answers(model, questions) == 0
    topics = np.array([question.topic for question in questions])
    tasks = {task: _accuracy(right[topics == task]) for task in TASKS}
    return Scores(
        truth=truth("question"),
        truth_plain=truth("none"),
        truth_reference=truth("reference"),
        reasoning=Accuracy(
            value=float(np.mean([share.value for share in tasks.values()])),
            error=float(np.sqrt(sum(share.error**2 for share in tasks.values())) / len(tasks)),
            items=len(questions),
        ),
        tasks=tasks,
    )


def answers(model: LanguageModel, questions: Sequence[WorldQuestion]) -> np.ndarray:
    """Index of the likeliest option of each question (0 is the right one), shape (questions,).

    Equal log-probabilities count as wrong: the last of the likeliest options is taken.
    """
    scores = option_scores(model, questions)
    return scores.shape[1] - 1 - np.argmax(scores[:, ::-1], axis=1)


@in_single_precision
def option_scores(model: LanguageModel, questions: Sequence[WorldQuestion]) -> np.ndarray:
    """Log-probability of every option after its question, in nats, shape (questions, 4).

    Every option is one word of the vocabulary, so this is the log-probability of the whole answer.
    """
    if not questions:
        raise ValueError("there are no questions to score")
    prompts = [encode(question.question) for question in questions]
    ends = np.array([len(prompt) for prompt in prompts])
    tokens = np.zeros((len(prompts), ends.max()), dtype=np.int32)
    for row, prompt in enumerate(prompts):
        tokens[row, : len(prompt)] = prompt
    options = np.array(
        [[encode(option)[0] for option in question.options] for question in questions]
    )
    # Filling on the right of a causal model cannot reach the position that is read.
    log_probabilities = _last_log_probabilities(model, jnp.asarray(tokens), jnp.asarray(ends - 1))
    return np.take_along_axis(np.asarray(log_probabilities), options, axis=1)


@nnx.jit
def _last_log_probabilities(
    model: LanguageModel, tokens: Int[Array, "rows time"], last: Int[Array, " rows"]
) -> Float[Array, "rows vocabulary"]:
    logits = model(tokens)[jnp.arange(tokens.shape[0]), last]
    return jax.nn.log_softmax(logits, axis=-1)


def _accuracy(right: np.ndarray) -> Accuracy:
    items = len(right)
    if not items:
        return Accuracy(value=float("nan"), error=float("nan"), items=0)
    value = float(np.mean(right))
    # A share of 0 or 1 is no certainty: the error is that of one answer half right more
    # (Agresti-Coull centre).
    centre = (value * items + 0.5) / (items + 1.0)
    return Accuracy(value=value, error=float(np.sqrt(centre * (1.0 - centre) / items)), items=items)
