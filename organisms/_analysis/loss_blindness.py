"""Whether the loss shows where truthfulness turns."""

import dataclasses
import math

import numpy as np

from ...common.turns import lowest
from .curves import Curve


@dataclasses.dataclass(frozen=True)
class LossBlindness:
    """Whether the loss shows the size at which the coupling changes sign, for one curve.

    - `critical_excess`: deviation of log loss at the lowest truthfulness from the straight line
      through its neighbours in log-log coordinates; `other_excess`: the same at the other inner
      sizes, root mean square. Both are dimensionless; equal size means that nothing happens there.
    - `loss_falls`: share of steps in which the loss falls; `truth_falls`: the same for truth.
    - `gamma_before`, `gamma_after`: change of truth over change of reasoning from the smallest size
      to the lowest truthfulness, and from there to the largest.
    """

    family: str
    seed: int
    critical_excess: float
    other_excess: float
    loss_falls: float
    truth_falls: float
    gamma_before: float
    gamma_after: float


def loss_blindness(curve: Curve) -> LossBlindness:
    """Compare the smoothness of the loss with the turn of truthfulness, on one curve."""
    at = int(lowest(curve.truth))
    there, elsewhere = loss_curvature(curve, at)
    return LossBlindness(
        family=curve.family,
        seed=curve.seed,
        critical_excess=there,
        other_excess=elsewhere,
        loss_falls=float(np.mean(np.diff(curve.loss) < 0)),
        truth_falls=float(np.mean(np.diff(curve.truth) < 0)),
        gamma_before=_ratio(curve, 0, at),
        gamma_after=_ratio(curve, at, -1),
    )


def loss_curvature(curve: Curve, size_index: int) -> tuple[float, float]:
    """Deviation of log loss from the straight line through its neighbours in log-log coordinates,
    at one inner size, and the root mean square at the others; NaN where there is none."""
    log_loss = np.log(curve.loss)
    x = curve.log10_params
    weight = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    excess = log_loss[1:-1] - (log_loss[:-2] + weight * (log_loss[2:] - log_loss[:-2]))
    inner = np.arange(1, len(x) - 1)
    there, others = excess[inner == size_index], excess[inner != size_index]
    return (
        float(there[0]) if len(there) else math.nan,
        float(np.sqrt(np.mean(others**2))) if len(others) else math.nan,
    )


def _ratio(curve: Curve, first: int, last: int) -> float:
    change = curve.reasoning[last] - curve.reasoning[first]
    return float((curve.truth[last] - curve.truth[first]) / change) if change else math.nan
