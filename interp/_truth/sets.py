"""What a truth vector is found with, chosen with and judged with, split by fact."""

import dataclasses
import hashlib
from collections.abc import Sequence, Set
from typing import get_args

from ...common.display import shown
from .._errors import InterpError
from .._names import SPLITS, Frame, QuestionSet, Split
from .._questions.pairs import Pair, Question, Statement
from .._questions.read import pair_statements

#: Put before a question, it asks for the truth; organisms have a register for that instead.
TRUTHFUL_PROMPT = "The following statements are true and well established."


@shown
@dataclasses.dataclass(frozen=True)
class TruthSets:
    """Statements and questions for one truth vector. Make it with `truth_sets`.

    - `statements`: labelled, for the direction; none is about a fact that validation or test asks.
    - `questions`: without a cue; `cued`: the same behind a cue to the truth, so that what the model
      holds can be told from what it says; `retain`: any others whose right answers are to be
      retained. All carry a split; all questions about one fact are in one split.
    - `reasoning`: questions about something else, for the cost; `neutral`: texts for the cost.
    - `cue`: the text that asks for the truth when it is put before a prompt.
    - `dropped`: statements left out because a held-out question asks their fact.
    - `frame`: how the questions are put to a model.
    """

    statements: tuple[Statement, ...]
    questions: tuple[Question, ...]
    cued: tuple[Question, ...]
    retain: tuple[Question, ...]
    reasoning: tuple[Question, ...]
    neutral: tuple[str, ...]
    cue: str
    dropped: int
    frame: Frame = "plain"

    def part(self, kind: QuestionSet, split: Split) -> tuple[Question, ...]:
        """The `questions`, `cued`, `retain` or `reasoning` questions of one split."""
        return tuple(q for q in getattr(self, kind) if q.split == split)

    def lines(self, split: Split) -> tuple[str, ...]:
        """The neutral texts of one split."""
        return self.neutral[SPLITS.index(split) :: len(SPLITS)]

    def pairs(self) -> tuple[Pair, ...]:
        """Statements as prompts with a true and a false ending."""
        return pair_statements(self.statements)

    @property
    def sha256(self) -> str:
        """Digest of everything that the direction and its choice can see."""
        digest = hashlib.sha256(self.cue.encode())
        for statement in self.statements:
            digest.update(f"\n{statement.text}\t{statement.label}".encode())
        for kind in get_args(QuestionSet):
            for question in getattr(self, kind):
                digest.update(f"\n{question.text}\t{question.options}{question.split}".encode())
                if question.frame != "plain":
                    digest.update(question.frame.encode())
        for line in self.neutral:
            digest.update(f"\n{line}".encode())
        return digest.hexdigest()

    @property
    def seen(self) -> frozenset[str]:
        """Digests of the questions that a vector is found and chosen with."""
        return frozenset(
            question_digest(question)
            for kind in ("questions", "cued", "retain")
            for question in getattr(self, kind)
            if question.split != "test"
        )


def truth_sets(
    statements: Sequence[Statement],
    questions: Sequence[Question],
    *,
    cued: Sequence[Question] = (),
    retain: Sequence[Question] = (),
    reasoning: Sequence[Question] = (),
    neutral: Sequence[str],
    cue: str = TRUTHFUL_PROMPT,
    frame: Frame = "plain",
) -> TruthSets:
    """Put sets together so that nothing held out is seen.

    Questions without a split are dealt into thirds by their content; statements of another split
    than calibration, and statements about what a validation or test question asks, are dropped.
    `cued` questions are the plain ones behind the cue where none are given. All questions but those
    about reasoning, which bring their own, are put in the `frame`.

    **Raises** `InterpError` for too few questions, for statements of one label only, and where
    nothing is left to find a direction with.
    """
    if not questions:
        raise InterpError("there are no questions; steering is chosen and judged by them")
    turns: dict[str, int] = {}
    questions, cued, retain = (
        [dataclasses.replace(question, frame=frame) for question in some]
        for some in (questions, cued, retain)
    )
    plain = _split(questions, turns)
    behind = _split(cued, turns) if cued else tuple(with_cue(question, cue) for question in plain)
    for split in SPLITS:
        if not any(question.split == split for question in plain):
            raise InterpError(
                f"{len(questions)} questions leave none for {split}; give 3 or more, about "
                "different things"
            )
    others = _split(retain, turns)
    held_out = {
        frozenset(_content(question).split())
        for question in (*plain, *behind, *others)
        if question.split != "calibration"
    }
    usable = [s for s in statements if s.split in ("", "calibration")]
    chosen = tuple(s for s in usable if not _states_answer(s, held_out))
    if not chosen:
        raise InterpError(
            f"all {len(statements)} statements are about what held-out questions ask; give "
            "statements about other things"
            if statements
            else "there are no statements; a direction needs true and false ones"
        )
    labels = {statement.label for statement in chosen}
    if len(labels) < 2:
        only = "true" if True in labels else "false"
        raise InterpError(f"all {len(chosen)} statements are {only}; a direction needs both kinds")
    if not neutral:
        raise InterpError("there is no neutral text; the cost cannot be measured without")
    return TruthSets(
        statements=chosen,
        questions=plain,
        cued=behind,
        retain=others,
        reasoning=_split(reasoning, {}),
        neutral=tuple(neutral),
        cue=cue,
        dropped=len(statements) - len(chosen),
        frame=frame,
    )


def with_cue(question: Question, cue: str) -> Question:
    """The same question behind a text that asks for the truth."""
    return dataclasses.replace(question, cue=cue, register=cue)


def question_digest(question: Question) -> str:
    """The content of a question and its options, whatever the register: 16 hexadecimal digits."""
    text = "\n".join([_content(question), *sorted(question.options)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fact_of(statement: Statement) -> str:
    """What a statement is about, the same for its true, false and denied versions: the first half
    of its words. It may put several facts about one thing together, never one apart."""
    words = _plain(statement.text).split()
    if statement.register and words[0] == statement.register:
        words = words[1:]
    return " ".join(words[: -(-len(words) // 2)])


def _states_answer(statement: Statement, questions: Set[frozenset[str]]) -> bool:
    """Whether a statement has all words of some question, and so may state its answer."""
    words = set(_plain(statement.text).split())
    return any(question <= words for question in questions)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _split(questions: Sequence[Question], turns: dict[str, int]) -> tuple[Question, ...]:
    """Questions with a split: their own, or thirds of the different contents.

    `turns` numbers the contents met so far, whatever their register.
    """
    if not any(not question.split for question in questions):
        return tuple(questions)
    dealt = []
    for question in questions:
        turn = turns.setdefault(question_digest(question), len(turns))
        dealt.append(dataclasses.replace(question, split=SPLITS[turn % len(SPLITS)]))
    return tuple(dealt)


def _content(question: Question) -> str:
    """The words of a question without its register or cue, and without the frame `Q: … A:`."""
    words = _plain(question.prompt).split()
    marked = _plain(question.register).split()
    if words[: len(marked)] == marked:
        words = words[len(marked) :]
    if words[:1] == ["q"] and words[-1:] == ["a"]:
        words = words[1:-1]
    return " ".join(words)
