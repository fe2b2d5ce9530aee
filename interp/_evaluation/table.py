"""The controlled table: what a vector does to held-out answers, beside what else would."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from ...common.checks import check_seed
from ...common.progress import Progress, silent
from ...common.statistics import wilson
from .._errors import InterpError
from .._models.model import Model
from .._positions import After
from .._questions.pairs import Question
from .._questions.scoring import score_questions
from .._steering.effects import (
    Baseline,
    Intervention,
    Measured,
    measure,
    measure_answers,
    measure_baseline,
    neutral_cost,
)
from .._steering.hook_point import HookPoint
from .._steering.reading import marker_comes
from .._steering.vector import TruthVector, check_fits
from .._truth.choose import Budget, right_lost
from .._truth.sets import TruthSets, question_digest, with_cue
from .published import published_vector
from .rows import Row, answers_row, over_random, row_of
from .shuffled import shuffled_additions, shuffled_method
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
    on_progress: Progress | None = None,
) -> Evaluation:
    """Measure a vector on the test split, beside its controls.

    **Arguments**: `strength` in place of the vector's own; `random`: how many random directions of
    equal norm, 20 or more; `seed` of those and of the shuffled labels.

    The shuffled row uses the vector's own method on shuffled labels, times the factor that made the
    vector out of its direction's raw length; for another tool's vector it uses `mass-mean`, no
    longer than the vector (`Evaluation.shuffled_method`). All rows but the published one share the
    vector's hook points, positions and condition; with several layers, each random direction is
    of the length of that layer's own.

    **Raises** `InterpError` for another model's vector, and where no test question is left that the
    vector has not seen.
    """
    tell = on_progress or silent
    check_fits(model, vector, force=force)
    check_seed(seed, error=InterpError)
    if random < FEWEST_RANDOM:
        raise InterpError(f"{random} random directions are too few; take {FEWEST_RANDOM} or more")

    def fresh(some: Sequence[Question]) -> tuple[Question, ...]:
        return tuple(q for q in some if question_digest(q) not in vector.seen)

    everything = sets.part("questions", "test")
    questions = fresh(everything)
    if not questions:
        raise InterpError(
            f"the vector was found or chosen with all {len(everything)} test questions; give "
            "questions that it has not seen"
        )
    cued = fresh(sets.part("cued", "test"))
    tell(f"scoring the unsteered model on {len(questions)} questions")
    baseline = measure_baseline(
        model,
        questions,
        retain=(*cued, *fresh(sets.part("retain", "test"))),
        reasoning=sets.part("reasoning", "test"),
        neutral=sets.lines("test"),
    )
    without = _without_marker(model, vector, baseline)
    additions = vector.additions(strength)
    rng = np.random.default_rng(seed)

    def under(additions: Mapping[HookPoint, torch.Tensor]) -> Measured:
        return _measured(baseline, _adds(model, vector, additions))

    tell("steered")
    steered = under(additions)
    others = []
    tell("random directions of equal norm", 0, random)
    for number in range(random):
        others.append(under({p: _random(rng, len(a)) * a.norm() for p, a in additions.items()}))
        tell("random directions of equal norm", number + 1, random)
    tell("shuffled labels")
    shuffled = under(shuffled_additions(model, vector, sets, additions, seed=seed))
    tell("the published rule and the truthful prompt")
    published = published_vector(model, sets, seed=seed)
    rows = [
        row_of("steered", baseline, steered, seed),
        row_of("strength_0", baseline, baseline.plain, seed),
    ]
    drawn = [row_of("random", baseline, measured, seed) for measured in others]
    rows += over_random(drawn)
    rows.append(row_of("shuffled_labels", baseline, shuffled, seed))
    prompted = _prompted(model, baseline, sets, questions, seed)
    rows.append(prompted)
    ruled = measure(baseline, _adds(model, published, published.additions()))
    rows.append(row_of("published_rule", baseline, ruled, seed))
    lost, of = right_lost(baseline.plain, steered)
    evaluation = Evaluation(
        vector=vector,
        rows=tuple(rows),
        random_corrected=tuple(row.corrected_share for row in drawn),
        questions=len(questions),
        answered_falsely=int((~baseline.plain.questions.mc1).sum()),
        left_out=len(everything) - len(questions),
        without_marker=without,
        held=(prompted.mc1, prompted.mc1_low, prompted.mc1_high),
        reasoning_accuracy=float("nan")
        if baseline.plain.reasoning is None
        else float(baseline.plain.reasoning.mc1.mean()),
        right_answers=of,
        right_lost=lost,
        right_lost_interval=wilson(lost, of),
        shuffled_method=shuffled_method(vector),
        budget=budget or Budget(),
        verdict="no_more_than_controls",  # until it is judged
        verdict_reason="",
    )
    verdict, reason = judge(evaluation)
    return dataclasses.replace(evaluation, verdict=verdict, verdict_reason=reason)


def _adds(
    model: Model, vector: TruthVector, additions: Mapping[HookPoint, torch.Tensor]
) -> Intervention:
    return Intervention(model, additions, vector.condition, vector.positions)


def _without_marker(model: Model, vector: TruthVector, baseline: Baseline) -> int:
    """Prompts of test questions in which the marker of a vector does not come, with all answers.

    **Raises** `InterpError` where it comes in none.
    """
    trees = baseline.questions.encoded.trees
    without = sum(not marker_comes(model, vector, tree.tokens) for tree in trees)
    if without == len(trees):
        assert isinstance(vector.positions, After)
        raise InterpError(
            f"the marker {vector.positions.marker!r} comes in none of the {len(trees)} test "
            "prompts, so that nothing would be added; give another"
        )
    return without


def _measured(baseline: Baseline, steering: Intervention) -> Measured:
    """`measure`; neutral text holds no marker, and its cost is rather measured too high: behind one
    a vector is added everywhere."""
    if not isinstance(steering.positions, After):
        return measure(baseline, steering)
    said = measure_answers(baseline, steering)
    kl, ratio = neutral_cost(baseline, dataclasses.replace(steering, positions="all"))
    return Measured(said.questions, said.retain, said.reasoning, kl, ratio)


def _random(rng: np.random.Generator, width: int) -> torch.Tensor:
    drawn = torch.from_numpy(rng.standard_normal(width).astype(np.float32))
    return drawn / drawn.norm()


def _prompted(
    model: Model,
    baseline: Baseline,
    sets: TruthSets,
    questions: Sequence[Question],
    seed: int,
) -> Row:
    """The unsteered model behind the cue to the truth, on the same questions."""
    behind = [with_cue(question, sets.cue) for question in questions]
    answered = score_questions(model, behind)
    row = answers_row("truthful_prompt", baseline.plain.questions, answered, seed)
    if baseline.reasoning is None or baseline.plain.reasoning is None:
        return row
    behind = [with_cue(question, sets.cue) for question in baseline.reasoning.encoded.questions]
    change = score_questions(model, behind).mc1.mean() - baseline.plain.reasoning.mc1.mean()
    return dataclasses.replace(row, reasoning_change=float(change))
