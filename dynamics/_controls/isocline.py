"""The published isocline x_t = sqrt(c x_r): does it tell the sign of the next step?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class IsoclineSigns:
    """How often the side of the isocline names the sign of a family's next step.

    - `steps`: steps with a sign; `correct`: named rightly by the isocline.
    - `one_sign`: named rightly by the family's commoner sign for every step.
    - `isocline_only`, `one_sign_only`: steps that only one of the two names rightly.
    - `crossings`: how often the family is seen to cross the isocline from one size to the next.
    """

    steps: int
    correct: int
    one_sign: int
    isocline_only: int
    one_sign_only: int
    crossings: int


def isocline_signs(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    coefficient: float = 0.187,
) -> IsoclineSigns:
    """Above y = sqrt(coefficient x) the next step of `y` per `x` is said to fall, below it to rise.

    **Arguments:** `x`, `y`, reasoning and truth score of one family in order of size, as fractions
    (the square root makes the unit matter); `coefficient` as published. A step
    is judged at its smaller model. Steps with no change have no sign and are left out.

    The commoner sign is counted on the same steps that it was chosen from, so it is a generous
    rival: it always names at least half of them.

    **Source:** Amin, arXiv:2605.18838 (2026).
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    sign = np.sign(np.diff(y) * np.diff(x))
    side = np.sign(np.sqrt(coefficient * x) - y)
    moved = sign != 0
    right = (side[:-1] == sign)[moved]
    common = 1.0 if np.sum(sign > 0) > np.sum(sign < 0) else -1.0
    plain = (sign == common)[moved]
    return IsoclineSigns(
        steps=int(moved.sum()),
        correct=int(right.sum()),
        one_sign=int(plain.sum()),
        isocline_only=int(np.sum(right & ~plain)),
        one_sign_only=int(np.sum(plain & ~right)),
        crossings=int(np.sum(side[1:] != side[:-1])),
    )
