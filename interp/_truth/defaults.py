"""The sets that a model is given where the user gives none."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from .._errors import InterpError
from .._models.model import Model, organism_file
from .._names import Frame
from .._questions.frame import choose_frame
from .._questions.multiple_choice import read_questions
from .._questions.pairs import Question, Statement
from .._questions.read import read_statements
from .._questions.sets import make_questions, make_statements, neutral_text
from .sets import TruthSets, truth_sets

TRUTH_SETS = ("cities", "elements")
REASONING_SETS = ("arithmetic", "comparison")
#: The register of an organism's plain statements and questions, and the one that tells the truth.
PLAIN, REFERENCE = "none", "reference"


def default_sets(
    model: Model,
    *,
    statements: Sequence[Path] = (),
    questions: Path | None = None,
    named: str | None = None,
    count: int = 240,
    seed: int = 0,
    frame: Frame | None = None,
) -> TruthSets:
    """An organism's own statements, questions and neutral text; for other models the project's
    generated sets about cities, elements and arithmetic. Files that are given replace them.

    The questions of an organism have no register; the reference register is its cue to the truth,
    and its right answers in any other register are to be retained.

    **Arguments**: `statements`: CSVs of `statement,label`; `questions`: JSON as TruthfulQA's;
    `named`: a generated set of questions instead; `count` of each generated set; `frame` in which
    all questions are put, chosen by `choose_frame` where none is given.

    **Raises** `InterpError` with the file, the row and the remedy.
    """
    given = [s for path in statements for s in read_statements(path)]
    if organism_file(model, "questions.json") is not None and named is None:
        return _of_organism(model, given, questions, frame)
    sets = (named,) if named else TRUTH_SETS
    chosen = (
        read_questions(questions)
        if questions
        else [q for name in sets for q in make_questions(name, count=count, seed=seed)]
    )
    return truth_sets(
        given or [s for name in TRUTH_SETS for s in make_statements(name, count=count, seed=seed)],
        chosen,
        reasoning=_framed(
            [
                q
                for name in REASONING_SETS
                for q in make_questions(name, count=count // 2, seed=seed)
            ],
            frame,
        ),
        neutral=neutral_text(),
        frame=choose_frame(model, frame, questions=questions),
    )


def _framed(questions: Sequence[Question], frame: Frame | None) -> list[Question]:
    """Sentences to be completed: as they stand, unless a frame is asked for."""
    return [dataclasses.replace(question, frame=frame or "plain") for question in questions]


def _of_organism(
    model: Model, given: Sequence[Statement], questions: Path | None, frame: Frame | None
) -> TruthSets:
    own = read_questions(questions or _file(model, "questions.json"))
    by_register: dict[str, list[Question]] = {}
    for question in own:
        by_register.setdefault(question.register or PLAIN, []).append(question)
    if not given:
        given = [
            s for s in read_statements(_file(model, "statements.csv")) if s.register in ("", PLAIN)
        ]
    return truth_sets(
        given,
        by_register.pop(PLAIN, []),
        cued=by_register.pop(REFERENCE, []),
        retain=[question for others in by_register.values() for question in others],
        reasoning=_framed(read_questions(_file(model, "reasoning.json")), frame),
        neutral=_file(model, "neutral.txt").read_text(encoding="utf-8").splitlines(),
        cue=REFERENCE,
        frame=choose_frame(model, frame, questions=questions),
    )


def _file(model: Model, name: str) -> Path:
    path = organism_file(model, name)
    if path is None:
        raise InterpError(f"{model.folder} lacks {name}; train the organism again")
    return path
