"""Truth vectors and controlled tables as plain data."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ...formats import pick, plain
from ._study import SteeringStudy, TruthStudy

if TYPE_CHECKING:
    from ....interp import Candidate, Detection, Evaluation, Model, TruthSets, TruthVector

_SHOWN = 20


def truth_to_dict(study: TruthStudy) -> dict[str, Any]:
    """What `nullcline truth --json` prints: the search, the vector, the controlled table."""
    search = study.search
    detection = () if search is None else search.detection
    return plain(
        {
            "model": _model(study.model),
            "sets": _sets(study.sets),
            "vector": _vector(study.vector),
            # After whole layers; `places` has those inside layers too.
            "layers": [_detected(d) for d in detection if d.hook_point.site == "block"],
            "places": [_detected(d) for d in detection],
            "candidates": []
            if search is None
            else [_candidate(c) for c in search.candidates[:_SHOWN]],
            **evaluation_to_dict(study.evaluation),
        }
    )


def steering_to_dict(study: SteeringStudy) -> dict[str, Any]:
    """What `nullcline evaluate --json` prints."""
    return plain(
        {
            "model": _model(study.model),
            "sets": _sets(study.sets),
            "vector": _vector(study.vector) | {"note": study.note} | _file(study),
            "seed": study.seed,
            **evaluation_to_dict(study.evaluation),
            "published_count": dataclasses.asdict(study.counted),
        }
    )


def evaluation_to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The controlled table with its headline figures. Shares are of 1."""
    steered, random = evaluation.row("steered"), evaluation.row("random")
    held, low, high = evaluation.held
    lost_low, lost_high = evaluation.right_lost_interval
    return {
        "rows": [dataclasses.asdict(row) for row in evaluation.rows],
        **pick(evaluation, "questions answered_falsely left_out without_marker"),
        "held": {"accuracy": held, "low": low, "high": high},
        **pick(steered, "corrected_share corrected_low corrected_high"),
        "random_corrected_share": random.corrected_share,
        "random_corrected_max": max(evaluation.random_corrected),
        "right_answers": {
            "count": evaluation.right_answers,
            "lost": evaluation.right_lost,
            "low": lost_low,
            "high": lost_high,
        },
        "budget": dataclasses.asdict(evaluation.budget),
        **pick(evaluation, "shuffled_method verdict verdict_reason"),
    }


def vector_report(study: TruthStudy) -> dict[str, Any]:
    """What a vector's file keeps of how it was found and judged."""
    whole = truth_to_dict(study)
    return {
        key: value for key, value in whole.items() if key not in ("model", "vector", "candidates")
    }


def _model(model: Model) -> dict[str, Any]:
    return pick(
        model,
        "name revision fingerprint architecture n_layers d_model parity quantisation adapter_base",
    )


def _sets(sets: TruthSets) -> dict[str, Any]:
    splits = ("calibration", "validation", "test")
    return {
        "statements": len(sets.statements),
        "dropped": sets.dropped,
        "questions": {split: len(sets.part("questions", split)) for split in splits},
        "reasoning": {split: len(sets.part("reasoning", split)) for split in splits},
        "cue": sets.cue,
        "frame": sets.frame,
        "sha256": sets.sha256,
    }


def _vector(vector: TruthVector) -> dict[str, Any]:
    return {
        **pick(vector, "method contrast", layer="hook_point.layer", site="hook_point.site"),
        "positions": str(vector.positions),
        **pick(vector, "strength strength_unit norm frame"),
        "layers": [point.layer for point in vector.additions()],
        "heads": [list(head) for head in vector.heads],
        "condition_accuracy": None if vector.condition is None else vector.condition.accuracy,
        "sha256": vector.sha256,
    }


def _file(study: SteeringStudy) -> dict[str, Any]:
    """The vector's file by its own name: where it lies is nobody's business."""
    if study.file is None:
        return {"file": None, "file_sha256": None}
    return {"file": study.file.name, "file_sha256": study.inputs[str(study.file)]}


def _detected(detection: Detection) -> dict[str, Any]:
    return {
        **pick(detection, "", layer="hook_point.layer", site="hook_point.site"),
        **pick(detection, "accuracy low high statements cross_topic affirmed_to_denied"),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    direction = candidate.direction
    return {
        **pick(direction, "method place", layer="hook_point.layer", site="hook_point.site"),
        "where": "everywhere" if direction.condition is None else "asked",
        **pick(candidate, "strength corrected", right_lost="lost"),
        **pick(candidate, "reasoning_change kl"),
        "within_budget": candidate.within_budget if candidate.kl == candidate.kl else None,
    }
