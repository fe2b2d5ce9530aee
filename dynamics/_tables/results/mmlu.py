"""MMLU from its 57 subjects, as the first Open LLM Leaderboard took it."""

from collections.abc import Mapping
from math import sqrt

from .runs import Measurement
from .tasks import MMLU_SUBJECTS

SUBJECTS = len(MMLU_SUBJECTS)


def mean_of_subjects(subjects: Mapping[str, Measurement]) -> Measurement | None:
    """The mean over all subjects, each with the same weight; None where one is missing.

    Errors of independent subjects add in squares.
    """
    parts = [subjects[name] for name in sorted(MMLU_SUBJECTS & subjects.keys())]
    n = len(parts)
    if n != SUBJECTS:
        return None
    return Measurement(
        score=sum(part.score for part in parts) / n,
        stderr=sqrt(sum(part.stderr**2 for part in parts)) / n,
        shots=" and ".join(sorted({part.shots for part in parts} - {""})),
        version=" and ".join(sorted({part.version for part in parts} - {""})),
        items=sum(part.items for part in parts),
    )
