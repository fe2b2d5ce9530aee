"""The controlled table: what a vector does to held-out answers, beside what else would."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy import stats

from .._errors import InterpError
from .._models._model import Model
from .._questions._pairs import Question
from .._questions._scoring import Answered, score_questions
from .._statistics import wilson
from .._steering._effects import Measured, Steering, Yardstick, adds, measure, yardstick
from .._steering._vector import TruthVector, check_fits
from .._truth._choose import Budget, corrected_share, reasoning_change, right_lost
from .._truth._find import METHODS, find_directions
from .._truth._sets import TruthSets, question_digest, with_cue
from ._published import published_vector

FEWEST_RANDOM = 20
RESAMPLES = 9_999


@dataclasses.dataclass(frozen=True)
class Row:
    """One way to treat the model, on the test split. Shares are of 1; NaN where not defined.

    - `mc1` with Wilson's interval, `mc2`: right answers, and probability on right ones.
    - `false_to_true`, `true_to_false`: questions that changed sides, with McNemar's exact p.
    - `net_change`: of mc1 from `strength_0`, with a paired bootstrap interval over questions.
    - `corrected_share`: of the questions answered falsely at strength 0, the share answered truly,
      with Wilson's interval. `right_lost`: of all right answers (to any register), the share lost.
    - `kl`: median KL on neutral text, nats; `perplexity_ratio` there; `reasoning_change` of the
      share of right reasoning answers.
    - `count`: how many vectors the row is over (random directions), else 1.
    """

    name: str
    mc1: float
    mc1_low: float
    mc1_high: float
    mc2: float
    false_to_true: float
    true_to_false: float
    mcnemar_p: float
    net_change: float
    net_low: float
    net_high: float
    corrected_share: float
    corrected_low: float
    corrected_high: float
    right_lost: float
    kl: float
    perplexity_ratio: float
    reasoning_change: float
    count: int = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """The controlled table of one vector.

    - `rows`: steered, strength_0, random (mean), random_max, shuffled_labels, truthful_prompt,
      published_rule.
    - `questions`: asked on the test split; `answered_falsely`: of them, without steering;
      `left_out`: test questions that the vector had seen.
    - `held`: share of the same questions answered rightly behind the cue to the truth: what the
      model holds, with Wilson's interval.
    - `reasoning_accuracy`: of the unsteered model; NaN without reasoning questions.
    - `right_answers`: how many there were to lose, of which `right_lost` were; with Wilson's
      interval of the share.
    - `verdict`, `verdict_reason`: see `judge`.
    """

    vector: TruthVector
    rows: tuple[Row, ...]
    random_corrected: tuple[float, ...]
    questions: int
    answered_falsely: int
    left_out: int
    held: tuple[float, float, float]
    reasoning_accuracy: float
    right_answers: int
    right_lost: int
    right_lost_interval: tuple[float, float]
    budget: Budget
    verdict: str
    verdict_reason: str

    def row(self, name: str) -> Row:
        """The row of a name."""
        return next(row for row in self.rows if row.name == name)


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
    rows = [_row("steered", by, steered, seed), _row("strength_0", by, by.plain, seed)]
    drawn = [_row("random", by, measured, seed) for measured in others]
    rows += _over(drawn)
    if shuffled is not None:
        rows.append(_row("shuffled_labels", by, shuffled, seed))
    prompted = _prompted(model, by, sets, asked, seed)
    rows.append(prompted)
    by_rule = measure(by, _adds(model, published, published.addition()))
    rows.append(_row("published_rule", by, by_rule, seed))
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


def judge(evaluation: Evaluation) -> tuple[str, str]:
    """The verdict that follows from the table, and the figures that decide it.

    - `nothing_to_correct`: no test question is answered falsely.
    - `no_more_than_controls`: the interval of the corrected share does not lie above the largest
      share of the random directions and that of shuffled labels.
    - `corrects_at_a_cost`: it does, but right answers, reasoning or neutral text suffer more than
      the budget allows.
    - `corrects`: it does, within the budget.
    """
    steered = evaluation.row("steered")
    if evaluation.answered_falsely == 0:
        return "nothing_to_correct", "no test question is answered falsely without steering"
    largest = max(evaluation.random_corrected)
    dealt = [row.corrected_share for row in evaluation.rows if row.name == "shuffled_labels"]
    shuffled = max(dealt, default=0.0)
    beside = (
        f"{steered.corrected_share:.2f} [{steered.corrected_low:.2f}, "
        f"{steered.corrected_high:.2f}] of {evaluation.answered_falsely} false answers corrected, "
        f"the largest of {len(evaluation.random_corrected)} random directions {largest:.2f}, "
        f"shuffled labels {shuffled:.2f}"
    )
    if steered.corrected_low <= max(largest, shuffled):
        return "no_more_than_controls", beside
    budget, costs = evaluation.budget, []
    if steered.kl > budget.kl:
        costs.append(f"median KL {steered.kl:.3f} nats (budget {budget.kl:g})")
    if steered.right_lost > budget.lost:
        costs.append(f"{steered.right_lost:.3f} of right answers lost (budget {budget.lost:g})")
    if steered.reasoning_change < -budget.reasoning:
        costs.append(f"reasoning {steered.reasoning_change:+.3f} (budget -{budget.reasoning:g})")
    if costs:
        return "corrects_at_a_cost", f"{beside}; {', '.join(costs)}"
    return "corrects", beside


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


def _row(name: str, by: Yardstick, measured: Measured, seed: int) -> Row:
    plain, steered = by.plain.asked, measured.asked
    lost, of = right_lost(by.plain, measured)
    return dataclasses.replace(
        _answers(name, plain, steered, seed),
        right_lost=lost / of if of else float("nan"),
        kl=float(np.median(measured.kl)),
        perplexity_ratio=measured.perplexity_ratio,
        reasoning_change=reasoning_change(by.plain, measured),
    )


def _answers(name: str, plain: Answered, steered: Answered, seed: int) -> Row:
    """What can be said of a row's answers alone; its costs are NaN."""
    gained = int((~plain.mc1 & steered.mc1).sum())
    lost = int((plain.mc1 & ~steered.mc1).sum())
    low, high = wilson(int(steered.mc1.sum()), len(steered.mc1))
    false = int((~plain.mc1).sum())
    corrected = wilson(gained, false)
    net_low, net_high = _net_interval(plain.mc1, steered.mc1, seed)
    nan = float("nan")
    return Row(
        name=name,
        mc1=float(steered.mc1.mean()),
        mc1_low=low,
        mc1_high=high,
        mc2=float(steered.mc2.mean()),
        false_to_true=gained,
        true_to_false=lost,
        mcnemar_p=mcnemar_p(gained, lost),
        net_change=float(steered.mc1.mean() - plain.mc1.mean()),
        net_low=net_low,
        net_high=net_high,
        corrected_share=corrected_share(plain, steered),
        corrected_low=corrected[0],
        corrected_high=corrected[1],
        right_lost=nan,
        kl=nan,
        perplexity_ratio=nan,
        reasoning_change=nan,
    )


def mcnemar_p(gained: int, lost: int) -> float:
    """McNemar's exact two-sided p: are changes to the one side as likely as to the other?"""
    changed = gained + lost
    return float(stats.binomtest(gained, changed).pvalue) if changed else 1.0


def _net_interval(plain: np.ndarray, steered: np.ndarray, seed: int) -> tuple[float, float]:
    """95 % of the mean change over questions that are drawn again."""
    change = steered.astype(float) - plain
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(change), size=(RESAMPLES, len(change)))
    low, high = np.quantile(change[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _over(rows: Sequence[Row]) -> list[Row]:
    """Rows of random directions as their mean, and as the one that corrects most."""
    numbers = [f.name for f in dataclasses.fields(Row) if f.name not in ("name", "count")]
    mean = {key: float(np.mean([getattr(row, key) for row in rows])) for key in numbers}
    most = max(rows, key=lambda row: row.corrected_share)
    return [
        Row(name="random", count=len(rows), **mean),
        dataclasses.replace(most, name="random_max"),
    ]


def _prompted(
    model: Model, by: Yardstick, sets: TruthSets, asked: Sequence[Question], seed: int
) -> Row:
    """The unsteered model behind the cue to the truth, asked the same questions."""
    behind = [with_cue(question, sets.cue) for question in asked]
    row = _answers("truthful_prompt", by.plain.asked, score_questions(model, behind), seed)
    if by.reasoning is None or by.plain.reasoning is None:
        return row
    reasoning = score_questions(model, [with_cue(q, sets.cue) for q in by.reasoning.questions])
    change = reasoning.mc1.mean() - by.plain.reasoning.mc1.mean()
    return dataclasses.replace(row, reasoning_change=float(change))
