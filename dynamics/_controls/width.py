"""Scores divided by width: the published ratio, its null, and a sound test beside them."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from ...common import distributions
from .._statistics.correlation import ROUNDING, pearson, permutation_p, residuals
from .._statistics.resampling import percentile_interval

#: A variance inflation above this is commonly called collinear (Kutner et al. 2004, ch. 10).
COLLINEAR = 10.0
_FEWEST_MODELS = 3

WidthStatus = Literal["ok", "collinear", "underdetermined"]


@dataclass(frozen=True, kw_only=True)
class WidthRatio:
    """Two scores of one family divided by width, and their coupling at equal width.

    - `ratio_r`: Pearson's r of the two scores, each divided by width (the published figure).
    - `null_mean`, `null_low`, `null_high`: r of independent scores over the same widths, the mean
      and the central interval; `null_p`: share of the null at least as large as `ratio_r`.
    - `partial_r`, `partial_p`: r of the scores given log width, and its permutation p.
    - `slope`, `slope_low`, `slope_high`: change of the truth score per change of the reasoning
      score at equal log width, by least squares, with its interval.
    - `vif`: factor by which log width inflates the variance of that slope.
    - `status`: `collinear` where `vif` is above 10; `underdetermined` below 3 models for the ratio
      (below 4 the sound half is NaN).
    """

    models: int
    ratio_r: float = math.nan
    null_mean: float = math.nan
    null_low: float = math.nan
    null_high: float = math.nan
    null_p: float = math.nan
    partial_r: float = math.nan
    partial_p: float = math.nan
    slope: float = math.nan
    slope_low: float = math.nan
    slope_high: float = math.nan
    vif: float = math.nan
    status: WidthStatus
    settings: dict[str, Any] = field(default_factory=dict)


def variance_inflation(
    x: Float[np.ndarray, " models"], others: Float[np.ndarray, "models columns"]
) -> float:
    """1 / (1 - R²) of `x` on `others` and a constant: infinite where they determine it."""
    left = residuals(x, others)
    total = float(np.sum((x - x.mean()) ** 2))
    unexplained = float(left @ left)
    # Below rounding of the fit nothing is left of x.
    return total / unexplained if unexplained > ROUNDING * total else math.inf


def ratio_null(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    width: Float[np.ndarray, " models"],
    *,
    n_null: int = 10_000,
    seed: int = 0,
) -> Float[np.ndarray, " draws"]:
    """r of x/width and y/width when neither score has to do with the other or with width.

    Each draw deals the observed scores out to the widths at random, the two independently.
    Dividing by a common number makes them correlate all the same (Pearson 1897): for small
    coefficients of variation by about v_w² / sqrt((v_x² + v_w²)(v_y² + v_w²)), w = 1/width.
    """
    generator = np.random.default_rng(seed)
    deals = []
    for score in (x, y):
        dealt = generator.permuted(np.tile(score, (n_null, 1)), axis=1) / width
        deals.append(dealt - dealt.mean(axis=1, keepdims=True))
    a, b = deals
    return np.sum(a * b, axis=1) / np.sqrt(np.sum(a * a, axis=1) * np.sum(b * b, axis=1))


def width_ratio(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    width: Float[np.ndarray, " models"],
    *,
    n_null: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> WidthRatio:
    """Does width explain why two scores move against each other?

    **Arguments:** `x`, `y`, reasoning and truth score of one family's models (fractions); `width`,
    their d_model (any unit: r does not depend on it, so the published 512 is left out); models
    without a finite value of all three are left out. `n_null` draws from `seed`.

    **Returns:** a `WidthRatio`. The published ratio means something only where it lies outside its
    null. The sound half conditions on log width; where that is collinear with the reasoning score,
    as in every family whose width grows with its size, the data cannot tell width from scale.

    **Limits:** conditioning on log width is linear; tokens, depth and data that grow along are in
    the slope.

    **Raises:** ValueError for a width that is not positive.

    **Source:** ratio: Amin, arXiv:2605.18838 (2026); null: Pearson (1897), Proc. R. Soc. 60.
    """
    x, y, width = (np.asarray(v, dtype=np.float64) for v in (x, y, width))
    keep = np.isfinite(x) & np.isfinite(y) & np.isfinite(width)
    x, y, width = x[keep], y[keep], width[keep]
    if np.any(width <= 0):
        raise ValueError("a width is not positive; give the hidden size of each model")
    settings = {"n_null": n_null, "seed": seed, "level": level}
    models = x.size
    if models < _FEWEST_MODELS or min(np.ptp(v) for v in (x, y, width)) == 0:
        return WidthRatio(models=models, status="underdetermined", settings=settings)
    ratio = pearson(x / width, y / width)
    null = ratio_null(x, y, width, n_null=n_null, seed=seed)
    low, high = percentile_interval(null, level=level)
    vif = variance_inflation(x, np.log10(width)[:, None])
    given_width = {}
    if models > _FEWEST_MODELS and math.isfinite(vif):
        given_width = _given_width(x, y, np.log10(width), n_null=n_null, seed=seed, level=level)
    return WidthRatio(
        models=models,
        ratio_r=ratio,
        null_mean=float(null.mean()),
        null_low=low,
        null_high=high,
        null_p=float(np.mean(null >= ratio - ROUNDING)),
        **given_width,
        vif=vif,
        status="collinear" if vif > COLLINEAR else "ok",
        settings=settings,
    )


def _given_width(x, y, log_width, *, n_null: int, seed: int, level: float) -> dict[str, float]:
    """Correlation and slope of the two scores at equal log width, as fields of `WidthRatio`."""
    left_x, left_y = residuals(x, log_width[:, None]), residuals(y, log_width[:, None])
    # Frisch-Waugh: the slope beside log width is the slope between what log width leaves.
    slope = float(left_x @ left_y) / float(left_x @ left_x)
    scatter = left_y - slope * left_x
    dof = x.size - 3
    error = math.sqrt(float(scatter @ scatter) / dof / float(left_x @ left_x))
    half = float(distributions.t.ppf(1 - (1 - level) / 2, dof)) * error
    return {
        "partial_r": pearson(left_x, left_y),
        "partial_p": permutation_p(left_x, left_y, n_permutations=n_null, seed=seed),
        "slope": slope,
        "slope_low": slope - half,
        "slope_high": slope + half,
    }
