"""Effective number of dimensions of a set of models: the participation ratio, with its errors."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from .._statistics.correlation import ROUNDING
from .._statistics.resampling import cluster_weights, percentile_interval

_FEWEST_MODELS = 10
_CELLS = 2_000_000  # weights held in memory at once
#: More than any shipped table has.
_MULTINOMIAL_UP_TO = 1000

Ratios = tuple[Float[np.ndarray, " resamples"], ...]
DimensionStatus = Literal["ok", "underdetermined", "constant_benchmark"]


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """Participation ratio of one group of models.

    `covariance`, `correlation`: from which matrix; each with its bootstrap interval `_low`,
    `_high`. `status` is `underdetermined` below 10 models and `constant_benchmark` where a score
    does not vary; the numbers are then NaN.
    """

    models: int
    benchmarks: int
    covariance: float = math.nan
    covariance_low: float = math.nan
    covariance_high: float = math.nan
    correlation: float = math.nan
    correlation_low: float = math.nan
    correlation_high: float = math.nan
    status: DimensionStatus
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DimensionChange:
    """Participation ratios of two groups, and whether labels dealt at random differ as much.

    `covariance_p`, `correlation_p`: two-sided permutation p of the difference of the groups.
    `larger_covariance_low`, `_high` (and `correlation`): central interval of the larger group's
    ratio in random subsets of as many models as the smaller group has (`equal_models`).
    """

    first: Dimension
    second: Dimension
    covariance_p: float = math.nan
    correlation_p: float = math.nan
    equal_models: int
    larger_covariance_low: float = math.nan
    larger_covariance_high: float = math.nan
    larger_correlation_low: float = math.nan
    larger_correlation_high: float = math.nan
    status: DimensionStatus
    settings: dict[str, Any] = field(default_factory=dict)


def participation_ratio(
    scores: Float[np.ndarray, "models benchmarks"], *, correlation: bool = False
) -> float:
    """(Σλ)² / Σλ² of the covariance (or correlation) matrix's eigenvalues, 1 to `benchmarks`.

    Needs no eigenvalues: the numerator is the squared trace, the denominator the sum of the
    squared entries. NaN below two models, or where the scores do not vary. With n models it cannot
    exceed n - 1, whatever the truth, and it is biased downwards for few models.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if len(scores) < 2:
        return math.nan
    varies = np.ptp(scores, axis=0) > 0
    if not (varies.all() if correlation else varies.any()):
        return math.nan
    centred = scores - scores.mean(axis=0)
    if correlation:
        centred = centred / np.sqrt(np.sum(centred**2, axis=0))
    matrix = centred.T @ centred
    return float(np.trace(matrix) ** 2 / np.sum(matrix**2))


def effective_dimension(
    scores: Float[np.ndarray, "models benchmarks"],
    *,
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Dimension:
    """Participation ratio of a group's scores with a bootstrap interval over models.

    **Arguments:** `scores`, fractions, a row per model; rows with a missing score are left out.
    `n_boot` resamples of models from `seed`; `level` of the percentile interval.

    **Limits:** models of one family are not independent, so the interval is rather too narrow; a
    resample repeats models, so its ratio is biased downwards.
    """
    scores = _complete(scores)
    models, benchmarks = scores.shape
    status = _status(scores)
    about = {
        "models": models,
        "benchmarks": benchmarks,
        "status": status,
        "settings": {"n_boot": n_boot, "seed": seed, "level": level},
    }
    if status != "ok":
        return Dimension(**about)
    drawn = _bootstrap(scores, n_boot=n_boot, generator=np.random.default_rng(seed))
    (low, high), (scaled_low, scaled_high) = (
        percentile_interval(part, level=level) for part in drawn
    )
    return Dimension(
        **about,
        covariance=participation_ratio(scores),
        covariance_low=low,
        covariance_high=high,
        correlation=participation_ratio(scores, correlation=True),
        correlation_low=scaled_low,
        correlation_high=scaled_high,
    )


def compare_dimension(
    first: Float[np.ndarray, "first_models benchmarks"],
    second: Float[np.ndarray, "second_models same_benchmarks"],
    *,
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> DimensionChange:
    """Does the effective dimension differ between two groups of models?

    The permutation deals the models out to two groups of the given sizes at random. Its null is
    that the groups are alike in everything, so it also rejects where only the means differ: each
    group is therefore centred and, for the correlation, standardised by itself first.

    Raises ValueError where the groups have different benchmarks.
    """
    first, second = _complete(first), _complete(second)
    if first.shape[1] != second.shape[1]:
        raise ValueError("the groups have different benchmarks; give the same columns to both")
    one, other = (
        effective_dimension(group, n_boot=n_boot, seed=seed, level=level)
        for group in (first, second)
    )
    equal = min(len(first), len(second))
    about = {
        "first": one,
        "second": other,
        "equal_models": equal,
        "status": other.status if one.status == "ok" else one.status,
        "settings": {"n_boot": n_boot, "seed": seed, "level": level},
    }
    if about["status"] != "ok":
        return DimensionChange(**about)
    generator = np.random.default_rng(seed)
    larger = max(first, second, key=len)
    subsets, _ = _subsets(larger, equal, n_boot=n_boot, generator=generator)
    centred = [group - group.mean(axis=0) for group in (first, second)]
    scaled = [group / group.std(axis=0) for group in centred]
    p = []
    for which, name in enumerate(("covariance", "correlation")):
        together = np.concatenate((centred, scaled)[which])
        inside, outside = _subsets(together, len(first), n_boot=n_boot, generator=generator)
        null = np.abs(inside[which] - outside[which])
        observed = abs(getattr(one, name) - getattr(other, name))
        # The observed dealing is one of the possible ones, so p is never zero.
        p.append(float((1 + np.sum(null >= observed - ROUNDING)) / (1 + null.size)))
    (low, high), (scaled_low, scaled_high) = (
        percentile_interval(part, level=level) for part in subsets
    )
    return DimensionChange(
        **about,
        covariance_p=p[0],
        correlation_p=p[1],
        larger_covariance_low=low,
        larger_covariance_high=high,
        larger_correlation_low=scaled_low,
        larger_correlation_high=scaled_high,
    )


def _complete(scores) -> Float[np.ndarray, "models benchmarks"]:
    scores = np.asarray(scores, dtype=np.float64)
    return scores[np.isfinite(scores).all(axis=1)]


def _status(scores: Float[np.ndarray, "models benchmarks"]) -> DimensionStatus:
    if len(scores) < _FEWEST_MODELS:
        return "underdetermined"
    return "ok" if np.all(np.ptp(scores, axis=0) > 0) else "constant_benchmark"


def _ratios(
    weights: Float[np.ndarray, "resamples models"], scores: Float[np.ndarray, "models benchmarks"]
) -> tuple[Float[np.ndarray, " resamples"], Float[np.ndarray, " resamples"]]:
    """Participation ratios of the covariance and of the correlation of weighted models.

    A resample is a row of weights, so all moments of all resamples are two matrix products: at
    ten thousand resamples of a hundred models this takes less time than compiling anything.
    """
    models, benchmarks = scores.shape
    # About the mean: the moments of a resample then lose no digits to a common offset.
    centred = scores - scores.mean(axis=0)
    products = (centred[:, :, None] * centred[:, None, :]).reshape(models, -1)
    total = weights.sum(axis=1)[:, None]
    mean = weights @ centred / total
    moments = (weights @ products / total).reshape(-1, benchmarks, benchmarks)
    covariance = moments - mean[:, :, None] * mean[:, None, :]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    # A resample in which a score does not vary has no correlation matrix: it gives NaN there.
    scale = variance[:, :, None] * variance[:, None, :]
    shared = np.divide(
        covariance**2, scale, out=np.full_like(covariance, math.nan), where=scale > 0
    )
    size = np.sum(covariance**2, axis=(1, 2))
    return (
        np.divide(
            np.sum(variance, axis=1) ** 2, size, out=np.full_like(size, math.nan), where=size > 0
        ),
        benchmarks**2 / np.sum(shared, axis=(1, 2)),
    )


def _batches(models: int, n_boot: int) -> Iterator[int]:
    """Sizes of batches of resamples, so that memory does not grow with their number."""
    most = max(1, _CELLS // models)
    for start in range(0, n_boot, most):
        yield min(most, n_boot - start)


def _bootstrap(scores, *, n_boot: int, generator: np.random.Generator) -> Ratios:
    """Ratios of resamples of models drawn with replacement."""
    models = len(scores)
    batches = [
        _ratios(_counts(models, size, generator), scores) for size in _batches(models, n_boot)
    ]
    return tuple(np.concatenate(part) for part in zip(*batches, strict=True))


def _counts(
    models: int, size: int, generator: np.random.Generator
) -> Float[np.ndarray, "resamples models"]:
    """How often each model is drawn. A draw by its number is ten times as fast as NumPy's
    multinomial; small tables keep that, so that a seed still means the same resamples."""
    if models <= _MULTINOMIAL_UP_TO:
        even = np.full(models, 1 / models)
        return generator.multinomial(models, even, size=size).astype(float)
    return cluster_weights(generator.integers(0, models, size=(size, models)))


def _subsets(
    scores, chosen: int, *, n_boot: int, generator: np.random.Generator
) -> tuple[Ratios, Ratios]:
    """Ratios of `chosen` models at random, and of those not chosen (NaN if there are none)."""
    models = len(scores)
    inside, outside = [], []
    for size in _batches(models, n_boot):
        weights = np.tile((np.arange(models) < chosen).astype(float), (size, 1))
        weights = generator.permuted(weights, axis=1)
        inside.append(_ratios(weights, scores))
        if chosen < models:
            outside.append(_ratios(1 - weights, scores))
    nothing = (np.full(n_boot, math.nan),) * 2
    return (
        tuple(np.concatenate(part) for part in zip(*inside, strict=True)),
        tuple(np.concatenate(part) for part in zip(*outside, strict=True)) if outside else nothing,
    )
