"""How far a family's first model lies from the families that a prediction learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .forecast_fit import ForecastSetting, to_state
from .protocol import CohortFamily

_DEGREE = 2  # of the curve of the state over log10 N, for all training models
_LEAST_SPREAD = 1e-3  # of a direction of the states, so that a covariance can be inverted


@dataclass(frozen=True)
class Distance:
    """Where a family's first given model lies among those that taught the dynamics.

    - `value`: Mahalanobis distance of its state (log odds of the scores) from the curve that the
      training models follow over log10 N, over the root of the number of benchmarks: about 1 where
      it is like them.
    - `farther`: share of the training families whose own first model lies farther from the others'.

    Limits: it says whether scores of that size have been seen, not whether the family will go on as
    those did. Over 49 shipped families its rank correlation with the error is .29; the five
    farthest (1.9 to 4.6) have the 2nd, 4th, 7th, 8th and 18th largest error (docs/held_out.md).
    """

    value: float
    farther: float


def family_distance(
    family: CohortFamily, others: Sequence[CohortFamily], benchmarks: Sequence[str]
) -> Distance:
    """The distance of `family` from `others`; NaN for fewer than three others."""
    if len(others) < 3:
        return Distance(float("nan"), float("nan"))
    floor = np.array(ForecastSetting().coordinates(benchmarks).floor)
    value = _distance(family, others, floor)
    among = [
        _distance(other, [*others[:i], *others[i + 1 :]], floor) for i, other in enumerate(others)
    ]
    return Distance(value, float(np.mean(np.array(among) > value)))


def _distance(
    family: CohortFamily, others: Sequence[CohortFamily], floor: Float[np.ndarray, " benchmarks"]
) -> float:
    others = [other.complete() for other in others]
    states = to_state(np.concatenate([other.scores for other in others]), floor)
    sizes = np.concatenate([other.log10_n for other in others])
    weight = np.concatenate([np.full(len(o.models), 1 / len(o.models)) for o in others])
    centre = weight @ sizes / weight.sum()
    root = np.sqrt(weight)[:, None]
    design = np.vander(sizes - centre, _DEGREE + 1)
    curve = np.linalg.lstsq(root * design, root * states, rcond=None)[0]
    gap = root * (states - design @ curve)
    spread = gap.T @ gap / weight.sum() + _LEAST_SPREAD * np.eye(len(floor))
    here = np.vander(family.log10_n[:1] - centre, _DEGREE + 1) @ curve
    off = (to_state(family.scores[:1], floor) - here)[0]
    return float(np.sqrt(off @ np.linalg.solve(spread, off) / len(floor)))
