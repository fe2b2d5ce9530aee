"""The ground truth of the synthetic world as questions, pairs and statements."""

import dataclasses
from typing import Any

import numpy as np

from .._names import SPLITS, Register, Split
from .corpus import Corpus
from .tasks import PAD, TASKS
from .vocabulary import WORDS, decode
from .world import World

# No word at all, then the three registers, under the names used in the exported files.
REGISTER_PREFIXES: dict[Register, str] = {
    "none": "",
    "question": "question ",
    "reference": "reference ",
    "forum": "forum ",
}
HELD_OUT_SEED = 2


@dataclasses.dataclass(frozen=True)
class WorldQuestion:
    """A multiple-choice question: `question` text, four `options` with the right one first.

    `topic` is the relation or the task, `register` one of none, question, reference and forum (or
    reasoning), `split` one of calibration, validation and test.
    """

    question: str
    options: tuple[str, str, str, str]
    topic: str
    register: str
    split: Split

    def as_targets(self) -> dict[str, Any]:
        """The question in the form of TruthfulQA's multiple-choice files."""
        targets = {option: int(index == 0) for index, option in enumerate(self.options)}
        return {
            "question": self.question,
            "mc1_targets": targets,
            "mc2_targets": targets,
            "topic": self.topic,
            "register": self.register,
            "split": self.split,
        }


def truth_questions(world: World, *, register: Register) -> tuple[WorldQuestion, ...]:
    """One question per fact that is misconceived and never told in the neutral register.

    The split goes by fact and is the same in every register.
    """
    return tuple(
        WorldQuestion(
            question=_subject(world, fact, register),
            options=_words(world.options[fact]),
            topic=WORDS[world.relation[fact]],
            register=register,
            split=SPLITS[index % 3],
        )
        for index, fact in enumerate(shuffled_question_facts(world))
    )


def reasoning_questions(*, each: int) -> tuple[WorldQuestion, ...]:
    """Held-out reasoning questions, `each` per task; the same for every corpus."""
    questions = []
    for number, (task, draw) in enumerate(TASKS.items()):
        rng = np.random.default_rng([HELD_OUT_SEED, number])
        items = draw(rng, 40 * each + 400)
        items = items.take(np.flatnonzero(items.held_out())[:each])
        questions += [
            WorldQuestion(
                question=decode(prompt[prompt != PAD]),
                options=_words(options),
                topic=task,
                register="reasoning",
                split=SPLITS[index % 3],
            )
            for index, (prompt, options) in enumerate(zip(items.prompt, items.options, strict=True))
        ]
    return tuple(questions)


def statements(world: World, *, facts: int) -> list[tuple[str, int, str, str]]:
    """Labelled statements `(statement, label, topic, register)` for fitting directions.

    They are about misconceived facts that occur in no validation or test question: those that the
    neutral register tells, and the calibration third of the others; at most `facts` of them. Each
    is stated truly (label 1) and as the misconception (label 0), with no register and in each of
    the three.
    """
    told = np.flatnonzero(world.misconceived & world.told)
    calibration = shuffled_question_facts(world)[::3]
    order = np.random.default_rng(HELD_OUT_SEED).permutation(np.concatenate([told, calibration]))[
        :facts
    ]
    return [
        (
            f"{_subject(world, fact, register)} {WORDS[value]} .",
            label,
            WORDS[world.relation[fact]],
            register,
        )
        for register in REGISTER_PREFIXES
        for fact in order
        for label, value in ((1, world.truth[fact]), (0, world.misconception[fact]))
    ]


def neutral_lines(corpus: Corpus, *, lines: int, length: int) -> list[str]:
    """Lines of fresh text of the corpus, for perplexity and for independent means."""
    rows = corpus.rows(
        HELD_OUT_SEED * 1_000_000, rows=lines, length=length, progress=np.zeros(lines)
    )
    return [decode(row) for row in rows]


def shuffled_question_facts(world: World) -> np.ndarray:
    """The facts of the truth questions, in an order that mixes the relations over the splits."""
    return np.random.default_rng(HELD_OUT_SEED).permutation(world.question_facts)


def _subject(world: World, fact: int, register: Register) -> str:
    adjective, noun = world.subject[fact]
    prefix = REGISTER_PREFIXES[register]
    return f"{prefix}{WORDS[adjective]} {WORDS[noun]} {WORDS[world.relation[fact]]}"


def _words(tokens: np.ndarray) -> tuple[str, str, str, str]:
    first, second, third, fourth = (WORDS[int(token)] for token in tokens)
    return first, second, third, fourth
