"""What counts as no effect: a margin with its reason, and exact tests against it."""

from dataclasses import dataclass

import numpy as np

from ...common.statistics import sign_flip_p as sign_flip_p

#: Below this p a test of the ledger decides.
ALPHA = 0.05


@dataclass(frozen=True)
class Margin:
    """The smallest effect that would matter, and `why`; less than `value` counts as none."""

    value: float
    why: str


def equivalence_p(values: np.ndarray, margin: float) -> float:
    """p that the mean lies outside ±`margin`, against that it lies inside.

    Two one-sided sign-flip tests, both of which must reject (Schuirmann, 1987), so the larger p.
    """
    values = np.asarray(values, dtype=float)
    return max(
        sign_flip_p(values - margin, alternative="less"),
        sign_flip_p(values + margin, alternative="greater"),
    )
