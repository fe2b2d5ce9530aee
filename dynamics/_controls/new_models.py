"""What is asked of the newest models: how far apart the best are, and where new ones lie."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats


@dataclass(frozen=True)
class Spread:
    """Largest minus smallest of some scores, with an interval of the true difference."""

    models: int
    value: float
    low: float
    high: float


def spread(
    score: Float[np.ndarray, " models"],
    stderr: Float[np.ndarray, " models"],
    *,
    level: float = 0.95,
) -> Spread:
    """The range of scores that were measured with errors.

    Tukey's intervals hold for all differences at once, so also for the largest of them: plus and
    minus the studentised range times the largest standard error, from 0 on. Of the best models of
    many the range is that of these very models; which ones they are is taken as known.

    **Arguments:** fractions and their standard errors (NaN: not known, then no interval). NaN below
    two models.

    **Source:** Tukey (1953), The problem of multiple comparisons.
    """
    score, stderr = np.asarray(score, float), np.asarray(stderr, float)
    if score.size < 2:
        return Spread(score.size, math.nan, math.nan, math.nan)
    value, error = float(np.ptp(score)), float(np.max(stderr))
    half = float(stats.studentized_range.ppf(level, score.size, np.inf)) * error
    return Spread(score.size, value, max(value - half, 0.0), value + half)


@dataclass(frozen=True)
class NewResiduals:
    """h of models that the line was not fitted to, and its standard error, one entry a model."""

    residual: Float[np.ndarray, " new"]
    stderr: Float[np.ndarray, " new"]
    slope: float
    intercept: float


def new_residuals(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    new_x: Float[np.ndarray, " new"],
    new_y: Float[np.ndarray, " new"],
    new_x_stderr: Float[np.ndarray, " new"],
    new_y_stderr: Float[np.ndarray, " new"],
) -> NewResiduals:
    """How far new models lie above the line of old ones (see `population_line`).

    The standard error joins the errors of both scores of the new model and the line's own at its
    `x`; the scatter about the line is what h measures and no part of it. Raises ValueError below 3
    old models or where `x` does not vary.
    """
    if x.size < 3 or np.ptp(x) == 0:
        raise ValueError("a line with errors needs three models and two different values of x")
    centred = x - x.mean()
    width = float(centred @ centred)
    slope = float(centred @ y) / width
    left = y - y.mean() - slope * centred
    variance = float(left @ left) / (x.size - 2)
    away = new_x - x.mean()
    own = variance * (1 / x.size + away**2 / width)
    return NewResiduals(
        residual=new_y - y.mean() - slope * away,
        stderr=np.sqrt(own + (slope * new_x_stderr) ** 2 + new_y_stderr**2),
        slope=slope,
        intercept=float(y.mean() - slope * x.mean()),
    )
