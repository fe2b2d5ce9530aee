"""Two scores of frontier models: the population line, the labs beside it, and the release date."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy import optimize, stats

from .._statistics.correlation import pearson
from .._statistics.resampling import family_index

_MONTHS = 12
_DAYS = 365.25
#: The variance between labs over that within is looked for from e^-8 (as good as none) to e^8.
_LOG_RATIO = 8.0

FrontierStatus = Literal["ok", "underdetermined"]
#: Deviance, coefficients, their unscaled covariance, and the variance within labs.
LabFit = tuple[float, np.ndarray, np.ndarray, float]


@dataclass(frozen=True)
class PopulationLine:
    """Least squares of one score on another over all models, labs ignored.

    - `residual`: h of each model, what it scores above the line (fraction); `residual_stderr`: its
      standard error from both scores' own errors and from the line's.
    - `residual_sd`: scatter about the line; `slope_low`, `slope_high`: interval of independent
      models, too narrow where models of a lab are alike.
    """

    models: int
    intercept: float
    slope: float
    slope_low: float
    slope_high: float
    r: float
    residual_sd: float
    residual: Float[np.ndarray, " models"]
    residual_stderr: Float[np.ndarray, " models"]


@dataclass(frozen=True)
class HeldOutLabs:
    """Mean absolute error on labs that were left out of the fit, one entry per lab.

    `mean` and `sd` are over labs (population standard deviation, as published).
    """

    labs: tuple[str, ...]
    errors: Float[np.ndarray, " labs"]
    mean: float
    sd: float


@dataclass(frozen=True, kw_only=True)
class LabEffects:
    """A line with an offset per lab drawn from a normal, and other covariates beside the score.

    `slope`, `low`, `high`: of the first covariate; `others`: coefficients of the rest; `lab_sd`,
    `residual_sd`: standard deviation between and within labs.
    """

    models: int
    labs: int
    slope: float = math.nan
    low: float = math.nan
    high: float = math.nan
    others: tuple[float, ...] = ()
    lab_sd: float = math.nan
    residual_sd: float = math.nan
    status: FrontierStatus
    settings: dict[str, Any] = field(default_factory=dict)


def decimal_year(date: str) -> float:
    """A date as written (`2025`, `2025-08`, `2025-08-07`) as a year with decimals.

    A year alone becomes its middle, a month its middle; NaN for anything else.
    """
    parts = date.strip().split("-")
    if not all(part.isdigit() for part in parts) or not 1 <= len(parts) <= 3:
        return math.nan
    year = int(parts[0])
    if len(parts) == 1:
        return year + 0.5
    start = (int(parts[1]) - 1) / _MONTHS
    return year + start + ((int(parts[2]) - 0.5) / _DAYS if len(parts) == 3 else 0.5 / _MONTHS)


def population_line(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    x_stderr: Float[np.ndarray, " models"] | None = None,
    y_stderr: Float[np.ndarray, " models"] | None = None,
    level: float = 0.95,
) -> PopulationLine:
    """Ordinary least squares of `y` on `x` (fractions), with the residual h of every model.

    The standard error of h joins the error of `y`, that of `x` times the slope, and the line's own
    at that `x`. Without standard errors only the line's own is left. The line itself treats `x`
    as exact, so it is drawn down a little by the error of `x`.

    Raises ValueError below 3 models or where `x` does not vary.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    models = x.size
    if models < 3 or np.ptp(x) == 0:
        raise ValueError("a line with errors needs three models and two different values of x")
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    residual = y - y.mean() - slope * centred
    variance = float(residual @ residual) / (models - 2)
    half = float(stats.t.ppf((1 + level) / 2, models - 2)) * math.sqrt(variance / spread)
    own = variance * (1 / models + centred**2 / spread)
    for error, factor in ((x_stderr, slope), (y_stderr, 1.0)):
        if error is not None:
            own = own + (factor * np.asarray(error)) ** 2
    return PopulationLine(
        models=models,
        intercept=float(y.mean() - slope * x.mean()),
        slope=slope,
        slope_low=slope - half,
        slope_high=slope + half,
        r=pearson(x, y),
        residual_sd=math.sqrt(variance),
        residual=residual,
        residual_stderr=np.sqrt(own),
    )


def leave_one_lab_out(
    covariates: Float[np.ndarray, "models columns"],
    y: Float[np.ndarray, " models"],
    lab: Shaped[np.ndarray, " models"],
    *,
    least: int = 3,
) -> HeldOutLabs:
    """Error of least squares on labs that it has not seen.

    **Arguments:** `covariates`, a column each (no column: the mean of the other labs is the
    prediction); `y`, the score; only labs with at least `least` models are left out in turn, all
    others always stay in the fit.
    """
    labels, index = family_index(lab)
    design = np.column_stack([np.ones(len(y)), covariates])
    left_out, errors = [], []
    for i, label in enumerate(labels.tolist()):
        out = index == i
        if out.sum() < least:
            continue
        fitted = np.linalg.lstsq(design[~out], y[~out], rcond=None)[0]
        left_out.append(str(label))
        errors.append(float(np.mean(np.abs(y[out] - design[out] @ fitted))))
    values = np.array(errors)
    mean, sd = (float(values.mean()), float(values.std())) if errors else (math.nan, math.nan)
    return HeldOutLabs(tuple(left_out), values, mean, sd)


def lab_lines(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    lab: Shaped[np.ndarray, " models"],
    *,
    least: int = 3,
    level: float = 0.95,
) -> dict[str, PopulationLine]:
    """A line of its own for each lab with at least `least` (and 3) models."""
    labels, index = family_index(lab)
    groups = {str(label): index == i for i, label in enumerate(labels.tolist())}
    return {
        label: population_line(x[group], y[group], level=level)
        for label, group in groups.items()
        if group.sum() >= max(least, 3) and np.ptp(x[group]) > 0
    }


def equal_slopes_p(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    lab: Shaped[np.ndarray, " models"],
    *,
    given: Float[np.ndarray, " models"] | None = None,
    least: int = 3,
) -> float:
    """p of an F test that the labs with at least `least` models share one slope (offsets free).

    `given`: another variable with one slope for all labs, release date say. NaN where fewer than
    two such labs, or no degrees of freedom, are left.
    """
    lines = lab_lines(x, y, lab, least=least)
    labels = np.asarray(lab).astype(str)
    apart = np.array([labels == name for name in lines], dtype=float)
    if len(lines) < 2:
        return math.nan
    used = apart.any(axis=0)
    inside, outcome = apart[:, used].T, np.asarray(y, float)[used]
    values = np.asarray(x, float)[used, None]
    others = np.empty((used.sum(), 0)) if given is None else np.asarray(given, float)[used, None]
    free = np.column_stack([inside, others, inside * values])
    shared = np.column_stack([inside, others, values])
    dof = outcome.size - int(np.linalg.matrix_rank(free))
    extra = int(np.linalg.matrix_rank(free) - np.linalg.matrix_rank(shared))
    if dof < 1 or extra < 1:
        return math.nan
    left = _squares_left(free, outcome)
    ratio = (_squares_left(shared, outcome) - left) / extra / (left / dof)
    return float(stats.f.sf(ratio, extra, dof))


def _squares_left(design: np.ndarray, y: np.ndarray) -> float:
    return float(np.sum((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2))


def lab_effects(
    covariates: Float[np.ndarray, "models columns"],
    y: Float[np.ndarray, " models"],
    lab: Shaped[np.ndarray, " models"],
    *,
    level: float = 0.95,
) -> LabEffects:
    """Line with random lab offsets, by restricted maximum likelihood.

    **Arguments:** `covariates`, the score of interest first, then what it is adjusted for (release
    date, say); `y`, the other score; rows with a missing value are left out.

    **Returns:** `LabEffects`; its interval uses t with models - labs - columns degrees of freedom
    (containment), or `underdetermined` where that leaves none or the covariates are collinear.

    **Source:** Laird and Ware (1982), Biometrics 38.
    """
    covariates, y = np.asarray(covariates, dtype=np.float64), np.asarray(y, dtype=np.float64)
    keep = np.isfinite(y) & np.isfinite(covariates).all(axis=1)
    covariates, y = covariates[keep], y[keep]
    labels, index = family_index(np.asarray(lab)[keep])
    models, columns = covariates.shape
    dof = models - labels.size - columns
    design = np.column_stack([np.ones(models), covariates - covariates.mean(axis=0)])
    settings = {"level": level, "degrees_of_freedom": dof}
    if dof < 1 or labels.size < 2 or np.linalg.matrix_rank(design) <= columns:
        return LabEffects(
            models=models, labs=labels.size, status="underdetermined", settings=settings
        )
    fit = partial(_generalised_least_squares, design=design, y=y, index=index)
    ratio = _variance_ratio(fit)
    _, beta, inverse, variance = fit(ratio)
    half = float(stats.t.ppf((1 + level) / 2, dof)) * math.sqrt(variance * inverse[1, 1])
    return LabEffects(
        models=models,
        labs=labels.size,
        slope=float(beta[1]),
        low=float(beta[1]) - half,
        high=float(beta[1]) + half,
        others=tuple(float(b) for b in beta[2:]),
        lab_sd=math.sqrt(ratio * variance),
        residual_sd=math.sqrt(variance),
        status="ok",
        settings=settings,
    )


def _generalised_least_squares(
    ratio: float,
    *,
    design: Float[np.ndarray, "models terms"],
    y: Float[np.ndarray, " models"],
    index: Int[np.ndarray, " models"],
) -> LabFit:
    """The fit at a variance between labs of `ratio` times that within."""
    # Compound symmetry V = 1 + ratio 11' in a lab of n models. V^-1/2 = 1 - share 11'/n with
    # share = 1 - (1 + ratio n)^-1/2: it takes a share of each lab's mean away. The deviance is
    # -2 log of the restricted likelihood with the variance within profiled out:
    # (n - p) log RSS + log|V| + log|X'V^-1 X|, log|V| = sum of log(1 + ratio n) over labs.
    count = np.bincount(index)
    share = 1 - 1 / np.sqrt(1 + ratio * count)
    both = np.column_stack([design, y])
    means = np.zeros((count.size, both.shape[1]))
    np.add.at(means, index, both)
    whitened = both - (share / count)[index][:, None] * means[index]
    a, b = whitened[:, :-1], whitened[:, -1]
    inverse = np.linalg.inv(a.T @ a)
    beta = inverse @ (a.T @ b)
    squares = float(np.sum((b - a @ beta) ** 2))
    dof = design.shape[0] - design.shape[1]
    deviance = (
        dof * math.log(squares)
        + float(np.sum(np.log1p(ratio * count)))
        - float(np.linalg.slogdet(inverse)[1])
    )
    return deviance, beta, inverse, squares / dof


def _variance_ratio(fit: Callable[[float], LabFit]) -> float:
    """The ratio of least deviance: a grid on a log axis, refined about its minimum; or 0."""
    logs = np.linspace(-_LOG_RATIO, _LOG_RATIO, 65)
    best, step = logs[int(np.argmin([fit(math.exp(v))[0] for v in logs]))], logs[1] - logs[0]
    refined = optimize.minimize_scalar(
        lambda v: fit(math.exp(v))[0], bounds=(best - step, best + step), method="bounded"
    )
    ratio = math.exp(float(refined.x))  # pyright: ignore[reportAttributeAccessIssue]
    return 0.0 if fit(0.0)[0] <= fit(ratio)[0] else ratio
