"""Truth vectors and controlled tables on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....common.words import counted
from ...formats import added, p_value, signed
from ...text import text_table
from ._study import SteeringStudy, TruthStudy

if TYPE_CHECKING:
    from ....interp import Candidate, Evaluation, QuestionSet, Row, TruthSets, TruthVector

_SHOWN = 6


def truth_to_text(study: TruthStudy) -> str:
    """The search, the chosen vector and its controlled table."""
    sets, search = study.sets, study.search
    lines = [
        f"{len(sets.statements)} statements ({sets.dropped} left out: held-out questions ask their "
        f"facts); questions {splits(sets, 'questions')}",
        "",
    ]
    if search is not None:
        rows = [
            [
                str(d.hook_point),
                f"{percent(d.accuracy)} [{percent(d.low)}, {percent(d.high)}]",
                percent(d.cross_topic),
                percent(d.affirmed_to_denied),
            ]
            for d in search.detection
        ]
        header = ["tells true from false", "held-out facts, % [95 %]", "other topic",
                  "denials"]  # fmt: skip
        lines += [text_table(header, rows, right=(2, 3)), ""]
        rows = [
            [
                c.direction.method,
                c.direction.place,
                "everywhere" if c.direction.condition is None else "asked",
                f"{c.strength:g}",
                percent(c.corrected),
                percent(c.lost),
                percent(c.reasoning_change, sign=True),
                signed(c.kl, 3),
                _budget_word(c),
            ]
            for c in _best_of_each(search.candidates)
        ]
        header = ["method", "hook point", "where", "strength", "corrected %", "lost %", "reasoning",
                  "KL", ""]  # fmt: skip
        lines += [
            "what the chosen one and others, each at its best strength, do to validation questions",
            text_table(header, rows, right=(3, 4, 5, 6, 7)),
            "",
        ]
    lines += [vector_text(study.vector), "", evaluation_to_text(study.evaluation, sets)]
    return "\n".join(lines)


def steering_to_text(study: SteeringStudy) -> str:
    """The controlled table, and the published count beside it."""
    counts = study.counted
    return "\n".join(
        [
            vector_text(study.vector),
            *([f"note: {study.note}"] if study.note else []),
            "",
            evaluation_to_text(study.evaluation, study.sets),
            f"published rule, counted as published ({counted(counts.prompts, 'prompt')} whose "
            f"sampled text differs): {percent(counts.steered)} %; at strength 0 "
            f"{percent(counts.strength_0)} %; without sampling {percent(counts.greedy)} %",
        ]
    )


def evaluation_to_text(evaluation: Evaluation, sets: TruthSets) -> str:
    """The controlled table of one vector."""
    rows = [
        [
            _name(row),
            f"{percent(row.mc1)} [{percent(row.mc1_low)}, {percent(row.mc1_high)}]",
            percent(row.mc2),
            f"{row.false_to_true:.3g}",
            f"{row.true_to_false:.3g}",
            mcnemar(row),
            percent(row.right_lost),
            signed(row.kl, 3),
            signed(row.perplexity_ratio),
            percent(row.reasoning_change, sign=True),
        ]
        for row in evaluation.rows
    ]
    header = ["test split", "MC1, % [95 %]", "MC2", "false→true", "true→false", "McNemar p",
              "right lost", "KL", "ppl ×", "reasoning"]  # fmt: skip
    held, low, high = evaluation.held
    steered = evaluation.row("steered")
    lines = [
        text_table(header, rows, right=tuple(range(2, 10))),
        "",
        f"corrected: {percent(steered.corrected_share)} % [{percent(steered.corrected_low)}, "
        f"{percent(steered.corrected_high)}] of {evaluation.answered_falsely} false answers; "
        f"random directions {percent(evaluation.row('random').corrected_share)} % in the mean, "
        f"{percent(max(evaluation.random_corrected))} % at most",
        f"held: behind {sets.cue!r} the model answers {percent(held)} % [{percent(low)}, "
        f"{percent(high)}] of the same questions rightly",
        f"right answers lost: {evaluation.right_lost} of {evaluation.right_answers}",
    ]
    lines += about_table(evaluation, sets)
    lines.append(f"verdict: {evaluation.verdict.replace('_', ' ')} ({evaluation.verdict_reason})")
    return "\n".join(lines)


def about_table(evaluation: Evaluation, sets: TruthSets) -> list[str]:
    """What is to be known of a table that is not as usual, a line each."""
    lines = []
    if sets.frame != "plain":
        from ....interp import FRAMES

        lines.append(f"frame {sets.frame}: questions are put {FRAMES[sets.frame]}")
    if evaluation.shuffled_method != evaluation.vector.method:
        lines.append(
            f"shuffled labels: those of {evaluation.shuffled_method}, for this vector's own "
            "method is not known here"
        )
    if evaluation.left_out:
        lines.append(
            f"{counted(evaluation.left_out, 'test question')} left out: the vector has seen them"
        )
    if evaluation.without_marker:
        prompts = counted(evaluation.without_marker, "test prompt")
        do = "does" if evaluation.without_marker == 1 else "do"
        lines.append(f"{prompts} {do} not hold the marker: nothing was added")
    return lines


def mcnemar(row: Row) -> str:
    """The p of a row; a row of several vectors has none of its own."""
    return "–" if row.count > 1 else p_value(row.mcnemar_p, 4)


def _budget_word(candidate: Candidate) -> str:
    if candidate.within_budget:
        return "within budget"
    return "" if math.isnan(candidate.kl) else "over budget"


def _best_of_each(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The strength that corrects most of each direction and condition, the chosen one first."""
    most: dict[tuple[object, ...], Candidate] = {}
    for candidate in candidates[1:]:
        direction = candidate.direction
        key = (direction.method, direction.place, direction.condition is None)
        if key not in most or candidate.corrected > most[key].corrected:
            most[key] = candidate
    others = sorted(most.values(), key=lambda candidate: -candidate.corrected)
    return [candidates[0], *others[:_SHOWN]]


def vector_text(vector: TruthVector) -> str:
    """What is added where, and the texts that it comes from: two lines."""
    from ....interp import said_positions

    where = (
        said_positions(vector.positions)
        if vector.condition is None
        else "positions that look like a plain question (right on "
        f"{percent(vector.condition.accuracy)} % of calibration positions)"
    )
    whose = "its own" if vector.own_norm else "the"
    return (
        f"vector: {vector.method}, {vector.places}, strength {vector.strength:g} of {whose} "
        f"norm {vector.norm:.3g}, at {where}\nfrom: {vector.contrast}"
    )


def _name(row: Row) -> str:
    return f"{row.name} (mean of {row.count})" if row.count > 1 else row.name


def splits(sets: TruthSets, kind: QuestionSet) -> str:
    """How many questions each split has."""
    names = ("calibration", "validation", "test")
    return ", ".join(f"{len(sets.part(kind, name))} {name}" for name in names)


def percent(share: float, *, sign: bool = False) -> str:
    """A share in whole per cent, or with its sign a change in points; a dash where it is none."""
    if math.isnan(share):
        return "–"
    return added(100 * share, 1) if sign else signed(100 * share, 0)
