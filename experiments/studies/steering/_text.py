"""Truth vectors and controlled tables on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...formats import signed
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
        f"facts); questions {_splits(sets, 'questions')}",
        "",
    ]
    if search is not None:
        rows = [
            [
                str(d.hook_point),
                f"{_percent(d.accuracy)} [{_percent(d.low)}, {_percent(d.high)}]",
                _percent(d.cross_topic),
                _percent(d.affirmed_to_denied),
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
                _percent(c.corrected),
                _percent(c.lost),
                _percent(c.reasoning_change, sign=True),
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
    lines += [_vector(study.vector), "", evaluation_to_text(study.evaluation, sets)]
    return "\n".join(lines)


def steering_to_text(study: SteeringStudy) -> str:
    """The controlled table, and the published count beside it."""
    counted = study.counted
    return "\n".join(
        [
            _vector(study.vector),
            *([f"note: {study.note}"] if study.note else []),
            "",
            evaluation_to_text(study.evaluation, study.sets),
            f"published rule, counted as published ({counted.prompts} prompts whose sampled text "
            f"differs): {_percent(counted.steered)} %; at strength 0 "
            f"{_percent(counted.strength_0)} %; without sampling {_percent(counted.greedy)} %",
        ]
    )


def evaluation_to_text(evaluation: Evaluation, sets: TruthSets) -> str:
    """The controlled table of one vector."""
    rows = [
        [
            _name(row),
            f"{_percent(row.mc1)} [{_percent(row.mc1_low)}, {_percent(row.mc1_high)}]",
            _percent(row.mc2),
            f"{row.false_to_true:.3g}",
            f"{row.true_to_false:.3g}",
            "< .0001" if row.mcnemar_p < 1e-4 else signed(row.mcnemar_p, 4),
            _percent(row.right_lost),
            signed(row.kl, 3),
            signed(row.perplexity_ratio),
            _percent(row.reasoning_change, sign=True),
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
        *_put(sets),
        f"corrected: {_percent(steered.corrected_share)} % [{_percent(steered.corrected_low)}, "
        f"{_percent(steered.corrected_high)}] of {evaluation.answered_falsely} false answers; "
        f"random directions {_percent(evaluation.row('random').corrected_share)} % in the mean, "
        f"{_percent(max(evaluation.random_corrected))} % at most",
        f"held: behind {sets.cue!r} the model answers {_percent(held)} % [{_percent(low)}, "
        f"{_percent(high)}] of the same questions rightly",
        f"right answers lost: {evaluation.right_lost} of {evaluation.right_answers}",
    ]
    if evaluation.shuffled_method != evaluation.vector.method:
        lines.append(
            f"shuffled labels: those of {evaluation.shuffled_method}, for this vector's own "
            "method is not known here"
        )
    if evaluation.left_out:
        lines.append(f"{evaluation.left_out} test questions left out: the vector has seen them")
    if evaluation.without_marker:
        lines.append(
            f"{evaluation.without_marker} test prompts do not hold the marker: nothing was added"
        )
    lines.append(f"verdict: {evaluation.verdict.replace('_', ' ')} ({evaluation.verdict_reason})")
    return "\n".join(lines)


def _put(sets: TruthSets) -> list[str]:
    """How questions are put, where it is not as they stand."""
    if sets.frame == "plain":
        return []
    from ....interp import FRAMES

    return [f"frame {sets.frame}: questions are put {FRAMES[sets.frame]}"]


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


def _vector(vector: TruthVector) -> str:
    from ....interp import said_positions

    where = (
        said_positions(vector.positions)
        if vector.condition is None
        else "positions that look like a plain question (right on "
        f"{_percent(vector.condition.accuracy)} % of calibration positions)"
    )
    whose = "its own" if vector.own_norm else "the"
    return (
        f"vector: {vector.method}, {vector.places}, strength {vector.strength:g} of {whose} "
        f"norm {vector.norm:.3g}, at {where}\nfrom: {vector.contrast}"
    )


def _name(row: Row) -> str:
    return f"{row.name} (mean of {row.count})" if row.count > 1 else row.name


def _splits(sets: TruthSets, kind: QuestionSet) -> str:
    names = ("calibration", "validation", "test")
    return ", ".join(f"{len(sets.part(kind, name))} {name}" for name in names)


def _percent(share: float, *, sign: bool = False) -> str:
    if math.isnan(share):
        return "–"
    return f"{100 * share:+.1f}" if sign else f"{100 * share:.0f}"
