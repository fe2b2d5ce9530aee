"""Slope of one score against another when both are measured with known error."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from scipy import optimize

from ...common import distributions
from .measured import MeasuredScores
from .scatter import Scatter

#: Angles of a line to the sum of squares about the best line of each.
Profile = Callable[[np.ndarray], np.ndarray | np.float64]
Phase = Literal["tax", "transition", "bonus", "undetermined"]

# The published bands: competitive below -0.1, cooperative above 0.1.
BAND = 0.1
#: A straight line is rejected at this p.
MISFIT = 0.05
#: Angles of the line looked at before refining: steps of 0.09 degrees.
_ANGLES = 2001


@dataclass(frozen=True)
class Slope:
    """Coupling gamma, change of the truth score per change of the reasoning score (unit 1).

    - `gamma`: the estimate; infinite where the reasoning score did not change.
    - `low`, `high`: 95 % interval; minus and plus infinity where the data bound it on no side.
    - `p_tax`, `p_bonus`: probability that gamma lies below -0.1 and above 0.1.
    - `phase`: what the interval allows to say.
    - `misfit_p`: p of the scatter about a straight line given the scores' errors (NaN for two
      models): small where gamma is not one number over these models.
    - `models`: number of models; `scores`: theirs, None where an error is not known.
    """

    gamma: float
    low: float
    high: float
    p_tax: float
    p_bonus: float
    phase: Phase
    misfit_p: float
    models: int
    scores: MeasuredScores | None = field(default=None, repr=False, compare=False)


def phase_of(low: float, high: float) -> Phase:
    """The phase that a 95 % interval of gamma leaves no doubt about, else `undetermined`."""
    if high < -BAND:
        return "tax"
    if low > BAND:
        return "bonus"
    if low > -BAND and high < BAND:
        return "transition"
    return "undetermined"


def errors_in_variables_slope(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    x_stderr: Float[np.ndarray, " models"],
    y_stderr: Float[np.ndarray, " models"],
    scatter: Scatter | None = None,
    confidence: float = 0.95,
) -> Slope:
    """Slope of `y` on `x` with known standard errors in both (Deming regression).

    The interval holds every slope b for which the profile
    sum (y - a - b x)^2 / (se_y^2 + b^2 se_x^2) exceeds its minimum by at most the quantile of
    chi-square; where the points scatter more than their errors allow, the quantile of F with the
    scatter's scale instead, if that is wider. For two models this is Fieller's interval, which
    stays right when x hardly changes; it is then unbounded, and said to be. The probabilities
    p_tax and p_bonus come from the signed root of the same profile.

    `scatter`, what models differ by beyond these errors, is added to those of `y`; the quantile is
    then that of F with the scatter's degrees of freedom, since it is itself an estimate.

    All in fractions; arrays of one length, at least two. Errors are taken as independent; scores
    of two models on the same questions are positively correlated, so the intervals are rather
    too wide. Where a standard error is not known (NaN) gamma is the ratio of the total changes
    and its interval has no end. Raises ValueError for fewer than two models, and for standard
    errors that are not positive.

    Fieller (1954) JRSS-B 16; Fuller (1987) Measurement Error Models, ch. 1.
    """
    if len(x) < 2:
        raise ValueError("a slope needs two models")
    if np.isnan(x_stderr).any() or np.isnan(y_stderr).any():
        return _slope_without_errors(x, y)
    if not (np.all(x_stderr > 0) and np.all(y_stderr > 0)):
        raise ValueError("standard errors must be positive")

    if scatter is not None:
        y_stderr = np.hypot(y_stderr, scatter.sd)
    scores = MeasuredScores(x, y, x_stderr, y_stderr)
    profile = scores.profile
    centre, minimum = best_angle(profile)
    dof = len(x) - 2
    scale = max(1.0, minimum / dof) if dof else 1.0
    known = math.inf if scatter is None else scatter.degrees_of_freedom
    quantile = float(distributions.t.ppf((1 + confidence) / 2, known)) ** 2
    if dof and scale > 1:
        quantile = max(quantile, scale * float(distributions.f.ppf(confidence, 1, dof)))
    low, high = _crossings(profile, centre, minimum + quantile)

    below = partial(
        _probability_below, profile, centre, minimum, scale, float(dof if scale > 1 else known)
    )
    return Slope(
        gamma=math.tan(centre),
        low=low,
        high=high,
        p_tax=below(-BAND),
        p_bonus=1 - below(BAND),
        phase=phase_of(low, high),
        misfit_p=float(distributions.chi2.sf(minimum, dof)) if dof else float("nan"),
        models=len(x),
        scores=scores,
    )


def _probability_below(
    profile: Profile, centre: float, minimum: float, scale: float, dof: float, gamma: float
) -> float:
    """Probability of a smaller slope than `gamma`, by the signed root of the profile."""
    angle = math.atan(gamma)
    root = math.sqrt(max(float(profile(np.asarray(angle))) - minimum, 0.0) / scale)
    return float(distributions.t.cdf(root if centre < angle else -root, dof))


def _slope_without_errors(x, y) -> Slope:
    """The ratio of the total changes, with an interval that has no end."""
    rise, run = float(y[-1] - y[0]), float(x[-1] - x[0])
    gamma = rise / run if run else math.copysign(math.inf, rise)
    nan = math.nan
    return Slope(gamma, -math.inf, math.inf, nan, nan, "undetermined", nan, len(x))


def best_angle(profile: Profile) -> tuple[float, float]:
    """The angle of the best line, and the profile there: a grid, refined around its minimum."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, _ANGLES)
    values = profile(angles)
    step = angles[1] - angles[0]
    start = angles[values.argmin()]
    best: Any = optimize.minimize_scalar(
        lambda a: float(profile(np.asarray(a))), bounds=(start - step, start + step)
    )
    return float(best.x), min(float(best.fun), float(values.min()))


def current_slope(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    x_stderr: Float[np.ndarray, " models"],
    y_stderr: Float[np.ndarray, " models"],
    scatter: Scatter | None = None,
) -> Slope:
    """The coupling at the family's largest models; arrays in order of size.

    Taken over all models unless a straight line is rejected at 5 %; then the smallest model is left
    out until it is not, down to the last step. So the phase counts as constant until the data show
    that it is not. The choice of the window is not in the interval; a window of two models knows
    their scatter from other families only.
    """
    for first in range(len(x) - 1):
        window = slice(first, None)
        slope = errors_in_variables_slope(
            x[window],
            y[window],
            x_stderr=x_stderr[window],
            y_stderr=y_stderr[window],
            scatter=scatter,
        )
        if slope.models == 2 or not slope.misfit_p <= MISFIT:
            return slope
    raise ValueError("a slope needs two models")


def _crossings(profile: Profile, best: float, level: float) -> tuple[float, float]:
    """Slopes at which the profile rises through `level` on either side of `best`.

    An interval that reaches the vertical is unbounded on both sides: beyond the vertical it would
    go on at slopes of the other sign.
    """
    ends = []
    for end in (-np.pi / 2, np.pi / 2):
        path = np.linspace(best, end, (_ANGLES + 1) // 2)
        above = np.flatnonzero(profile(path) > level)
        if len(above) == 0:
            return -np.inf, np.inf
        i = above[0]
        angle: Any = optimize.brentq(
            lambda a: float(profile(np.asarray(a))) - level, path[i - 1], path[i]
        )
        ends.append(float(np.tan(angle)))
    return ends[0], ends[1]
