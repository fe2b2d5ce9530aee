"""The verdict on what follows from a number."""

from typing import Literal

Inference = Literal["supported", "not_supported", "undetermined"]


def judge(*, holds: bool, fails: bool) -> Inference:
    """`supported` if the control holds, `not_supported` if it fails, `undetermined` otherwise.

    Used in one sense throughout: a control *holds* when the sound estimator shows the claimed
    thing at 95 %. It *fails* when the sound estimator shows the contrary, or when something without
    the claimed thing (two unrelated trends, independent scores, a simpler rule) gives the published
    number as well. Where the data allow neither, nothing is determined.
    """
    if holds and fails:
        raise ValueError("a control cannot both hold and fail; mend the rule")
    return "supported" if holds else "not_supported" if fails else "undetermined"
