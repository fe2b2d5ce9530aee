"""The controlled table: what a vector does to held-out answers, beside what else would."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from .._errors import InterpError
from .._models.model import Model
from .._questions.pairs import Question
from .._questions.scoring import score_questions
from .._statistics import wilson
from .._steering.effects import Measured, Steering, Yardstick, adds, measure, yardstick
from .._steering.vector import TruthVector, check_fits
from .._truth.choose import Budget, right_lost
from .._truth.find import METHODS, find_directions
from .._truth.sets import TruthSets, question_digest, with_cue
from .published import published_vector
from .rows import Row, answers_row, over_random, row_of
from .verdict import Evaluation, judge

FEWEST_RANDOM = 20


def evaluate_vector(
    model: Model,
    vector: TruthVector,
    sets: TruthSets,
    *,
    strength: float | None = None,
    random: int = FEWEST_RANDOM,
    budget: Budget | None = None,
    seed: int = 0,
    force: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measure a vector on the test split, beside its controls.

    **Arguments**: `strength` in place of the vector's own; `random`: how many random directions of
    equal norm, 20 or more; `seed` of those and of the shuffled labels.

    The shuffled row uses the vector's own method on shuffled labels, times the factor that made the
    vector out of its direction's raw length: renormalised, it would be plus or minus the real
    direction wherever a cue is common to the contrast. All rows but the published one share the
    vector's place, positions and condition.

    **Raises** `InterpError` for another model's vector, and where no test question is left that the
    vector has not seen.
    """
    say = on_progress or (lambda part: None)
    check_fits(model, vector, force=force)
    if random < FEWEST_RANDOM:
        raise InterpError(f"{random} random directions are too few; take {FEWEST_RANDOM} or more")

    def fresh(questions: Sequence[Question]) -> tuple[Question, ...]:
        return tuple(q for q in questions if question_digest(q) not in vector.seen)

    everything = sets.part("questions", "test")
    asked = fresh(everything)
    if not asked:
        raise InterpError(
            f"the vector was found or chosen with all {len(everything)} test questions; give "
            "questions that it has not seen"
        )
    cued = fresh(sets.part("cued", "test"))
    say(f"asking the unsteered model {len(asked)} questions")
    by = yardstick(
        model,
        asked,
        kept=(*cued, *fresh(sets.part("kept", "test"))),
        reasoning=sets.part("reasoning", "test"),
        neutral=sets.lines("test"),
    )
    addition = vector.addition(strength)
    length = float(addition.norm())
    rng = np.random.default_rng(seed)

    def under(addition: torch.Tensor) -> Measured:
        return measure(by, _adds(model, vector, addition))

    say("steered")
    steered = under(addition)
    say(f"{random} random directions of equal norm")
    others = [under(_random(rng, len(addition)) * length) for _ in range(random)]
    say("shuffled labels")
    shuffled = None
    if vector.method in METHODS:
        raw = find_directions(model, sets, [vector.place], method=vector.method, shuffle=seed)[0]
        shuffled = under(
            torch.from_numpy(np.array(raw, dtype=np.float32)) * (length / vector.raw_norm)
        )
    say("the published rule and the truthful prompt")
    published = published_vector(model, sets, seed=seed)
    rows = [row_of("steered", by, steered, seed), row_of("strength_0", by, by.plain, seed)]
    drawn = [row_of("random", by, measured, seed) for measured in others]
    rows += over_random(drawn)
    if shuffled is not None:
        rows.append(row_of("shuffled_labels", by, shuffled, seed))
    prompted = _prompted(model, by, sets, asked, seed)
    rows.append(prompted)
    by_rule = measure(by, _adds(model, published, published.addition()))
    rows.append(row_of("published_rule", by, by_rule, seed))
    lost, of = right_lost(by.plain, steered)
    evaluation = Evaluation(
        vector=vector,
        rows=tuple(rows),
        random_corrected=tuple(row.corrected_share for row in drawn),
        questions=len(asked),
        answered_falsely=int((~by.plain.asked.mc1).sum()),
        left_out=len(everything) - len(asked),
        held=(prompted.mc1, prompted.mc1_low, prompted.mc1_high),
        reasoning_accuracy=float("nan")
        if by.plain.reasoning is None
        else float(by.plain.reasoning.mc1.mean()),
        right_answers=of,
        right_lost=lost,
        right_lost_interval=wilson(lost, of),
        budget=budget or Budget(),
        verdict="",
        verdict_reason="",
    )
    verdict, reason = judge(evaluation)
    return dataclasses.replace(evaluation, verdict=verdict, verdict_reason=reason)


def _adds(model: Model, vector: TruthVector, addition: torch.Tensor) -> Steering:
    return adds(
        model,
        vector.place,
        addition,
        condition=vector.condition,
        positions=vector.positions,
    )


def _random(rng: np.random.Generator, width: int) -> torch.Tensor:
    drawn = torch.from_numpy(rng.standard_normal(width).astype(np.float32))
    return drawn / drawn.norm()


def _prompted(
    model: Model, by: Yardstick, sets: TruthSets, asked: Sequence[Question], seed: int
) -> Row:
    """The unsteered model behind the cue to the truth, asked the same questions."""
    behind = [with_cue(question, sets.cue) for question in asked]
    row = answers_row("truthful_prompt", by.plain.asked, score_questions(model, behind), seed)
    if by.reasoning is None or by.plain.reasoning is None:
        return row
    reasoning = score_questions(model, [with_cue(q, sets.cue) for q in by.reasoning.questions])
    change = reasoning.mc1.mean() - by.plain.reasoning.mc1.mean()
    return dataclasses.replace(row, reasoning_change=float(change))
