"""A truth vector on one screen: does it correct more than its controls, and at what cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ....common.words import counted
from ...formats import added, signed
from ...page import Page, PageColumn
from ._study import SteeringStudy, TruthStudy
from ._text import about_table, mcnemar, percent, splits, vector_text

if TYPE_CHECKING:
    from ....interp import Evaluation, Model, Row, TruthSets, TruthVector, Verdict

_CORRECTED, _RIGHT = "corrected % [95 %]", "right % [95 %]"
_WORDS: dict[Verdict, str] = {
    "corrects": "more than its controls, within the budget of its costs",
    "corrects_at_a_cost": "more than its controls, but over the budget",
    "no_more_than_controls": "no more than its controls",
}
_NAMES = {
    "steered": "this vector",
    "strength_0": "no vector",
    "random_max": "random, the best",
    "shuffled_labels": "shuffled labels",
    "truthful_prompt": "the cue as prompt",
    "published_rule": "published rule",
}


def truth_page(study: TruthStudy) -> Page:
    """What was found, where truth is told, what it costs; the controlled table."""
    sets, search = study.sets, study.search
    searched = "" if search is None else (
        f"searched: {counted(len(search.candidates), 'candidate')} on validation questions and "
        f"{counted(len(search.detection), 'place')} (--full shows them)"
    )  # fmt: skip
    return Page(
        heading=(
            f"{study.model.name}: {counted(len(sets.statements), 'statement')}; questions "
            f"{splits(sets, 'questions')}",
            *vector_text(study.vector).splitlines(),
        ),
        sentences=(
            _verdict(study.vector, study.evaluation, study.model),
            _told(study),
            _cost(study.evaluation, sets),
        ),
        columns=_columns(study.evaluation),
        legend=_legend(study.evaluation),
        notes=[*filter(None, (searched,)), *about_table(study.evaluation, sets)],
    )


def steering_page(study: SteeringStudy) -> Page:
    """Whether the vector, or the published rule, corrects more than the controls."""
    return Page(
        heading=(
            f"{study.model.name}: questions {splits(study.sets, 'questions')}",
            *vector_text(study.vector).splitlines(),
        ),
        sentences=(
            _verdict(study.vector, study.evaluation, study.model),
            _published(study),
            _cost(study.evaluation, study.sets),
        ),
        columns=_columns(study.evaluation),
        legend=_legend(study.evaluation),
        notes=[
            *([f"note: {study.note}"] if study.note else []),
            *about_table(study.evaluation, study.sets),
        ],
    )


def _verdict(vector: TruthVector, found: Evaluation, model: Model) -> str:
    """The share that is corrected beside that of the controls, and what follows."""
    what = f"The {vector.method} vector ({vector.places})"
    if found.answered_falsely == 0:
        return (
            f"{what} has nothing to correct: {model.name} answers all "
            f"{counted(found.questions, 'test question')} rightly without it."
        )
    shuffled = found.row("shuffled_labels").corrected_share
    said = _WORDS[found.verdict]
    costs = found.verdict_reason.partition("; ")[2]
    return (
        f"{what} corrects {_corrected(found.row('steered'))} of "
        f"{counted(found.answered_falsely, 'false answer')} of {model.name}, beside "
        f"{percent(max(found.random_corrected))} % by the best of "
        f"{counted(len(found.random_corrected), 'random direction')} and {percent(shuffled)} % by "
        f"shuffled labels: {said}{f' ({costs})' if costs else ''}."
    )


def _corrected(row: Row) -> str:
    return f"{percent(row.corrected_share)} % {_ends(row.corrected_low, row.corrected_high)}"


def _ends(low: float, high: float) -> str:
    return f"[{percent(low)}, {percent(high)}]"


def _told(study: TruthStudy) -> str:
    """Where states tell true statements from false ones, beside chance and other controls."""
    if study.search is None:
        return "Nothing was searched: the vector is that of the published rule."
    places = [d for d in study.search.detection if math.isfinite(d.accuracy)]
    if not places:
        return "Too few facts to hold some out: where statements are told apart is not known."
    best = max(places, key=lambda d: d.accuracy)
    chance = "more than chance" if best.low > 0.5 else "no more than chance"
    controls = [
        f"{words} {percent(value)} %"
        for words, value in (
            ("on another topic", best.cross_topic),
            ("on denials, from affirmations,", best.affirmed_to_denied),
        )
        if math.isfinite(value)
    ]
    many = f", the best of {len(places)} places" if len(places) > 1 else ""
    return (
        f"States tell true statements from false ones best at {best.hook_point}: "
        f"{percent(best.accuracy)} % {_ends(best.low, best.high)} of "
        f"{counted(best.statements, 'statement')} held out{many}, {chance} (50 %)"
        f"{''.join(f'; {control}' for control in controls)}."
    )


def _published(study: SteeringStudy) -> str:
    """The published rule by the same table, and by the published way to count."""
    found, counts = study.evaluation, study.counted
    row = found.row("published_rule")
    largest = max(*found.random_corrected, found.row("shuffled_labels").corrected_share)
    more = "more" if row.corrected_low > largest else "no more"
    table = (
        f"The published rule corrects {_corrected(row)}, {more} than the controls"
        if found.answered_falsely
        else "The published rule has nothing to correct"
    )
    if not counts.prompts or math.isnan(counts.steered):
        return f"{table}; counted as published it says nothing."
    return (
        f"{table}; counted as published, by whether sampled texts of "
        f"{counted(counts.prompts, 'prompt')} differ, {percent(counts.steered)} % "
        f"({percent(counts.strength_0)} % at strength 0, {percent(counts.greedy)} % without "
        "sampling)."
    )


def _cost(found: Evaluation, sets: TruthSets) -> str:
    """What the model holds, and what steering takes away."""
    held, low, high = found.held
    steered = found.row("steered")
    reasoning = (
        ""
        if math.isnan(steered.reasoning_change)
        else f", changes reasoning by {added(100 * steered.reasoning_change, 1)} points"
    )
    return (
        f"Behind the cue {sets.cue!r} the model answers {percent(held)} % {_ends(low, high)} of "
        f"the same questions rightly, which is what it holds; the vector loses "
        f"{found.right_lost} of {counted(found.right_answers, 'right answer')}{reasoning} and "
        f"multiplies the perplexity of neutral text by {signed(steered.perplexity_ratio)}."
    )


def _columns(found: Evaluation) -> list[PageColumn]:
    rows = found.rows
    names = [_NAMES.get(row.name, f"{row.name}, mean of {row.count}") for row in rows]
    right = [f"{percent(row.mc1)} {_ends(row.mc1_low, row.mc1_high)}" for row in rows]
    corrected = [
        f"{percent(row.corrected_share)} {_ends(row.corrected_low, row.corrected_high)}"
        if found.answered_falsely
        else "–"
        for row in rows
    ]

    def numbers(title: str, cells: list[str], spare: int) -> PageColumn:
        return PageColumn(title, cells, spare=spare, right=True)

    return [
        PageColumn("answers with", names),
        PageColumn(_CORRECTED, corrected),
        PageColumn(_RIGHT, right, spare=1),
        numbers("lost %", [percent(row.right_lost) for row in rows], 2),
        numbers("reasoning", [percent(row.reasoning_change, sign=True) for row in rows], 3),
        numbers("KL", [signed(row.kl, 3) for row in rows], 4),
        numbers("p", [mcnemar(row) for row in rows], 5),
        numbers("false→true", [f"{row.false_to_true:.3g}" for row in rows], 6),
        numbers("true→false", [f"{row.true_to_false:.3g}" for row in rows], 7),
        numbers("MC2", [percent(row.mc2) for row in rows], 8),
        numbers("ppl ×", [signed(row.perplexity_ratio) for row in rows], 9),
    ]


def _legend(found: Evaluation) -> list[tuple[str, str]]:
    return [
        (
            _CORRECTED,
            f"Corrected: of {counted(found.answered_falsely, 'false answer')}, the share that is "
            "right with it.",
        ),
        (_RIGHT, f"Right: of all {counted(found.questions, 'test question')} (MC1)."),
        ("lost %", "Lost: of right answers."),
        ("reasoning", "Reasoning: change in points."),
        ("KL", "KL: median on neutral text, nats."),
        ("p", "p: McNemar's, of the change against no vector."),
        ("MC2", "MC2: probability on right answers."),
        ("ppl ×", "Ppl: perplexity of neutral text, times that without."),
    ]
