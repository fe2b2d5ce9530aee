"""How many dimensions the scores have: the matrix of couplings, its eigenvectors, and a null.

Revised parallel analysis (Green, Levy, Thompson, Lu and Lo 2012, Educational and Psychological
Measurement 72): k dimensions are enough if eigenvalue k + 1 is not larger than in tables that a
model of k factors with independent errors makes. With k = 0 this is Horn's (1965); beyond the first
dimension Horn's own null, which has no factor at all, asks for too much.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from ...common.display import shown
from .columns import ScoreColumns

FactorStatus = Literal["ok", "underdetermined", "constant_benchmark"]
_FEWEST_BENCHMARKS = 3
_FEWEST_FAMILIES = 3
#: Complete models of one family for an eigenvector of its own.
_FEWEST_MODELS = 4
_STEPS = 100
_LEAST_UNIQUE = 0.005


@shown
@dataclass(frozen=True)
class FamilyDirection:
    """The first eigenvector of one family's own covariance of standardised scores.

    `share` of its variance; `cosine` with the direction of all families.
    """

    models: int
    share: float
    cosine: float


@shown
@dataclass(frozen=True, kw_only=True)
class Factors:
    """Correlation matrix of several benchmarks with its eigenvalues and eigenvectors.

    - `kind`: `within` families (scores about their family's mean) or `pooled` over all models.
    - `correlation`, `correlation_low`, `correlation_high`: intervals of 95 % by resampled families.
    - `eigenvalues` (largest first) with their intervals; `null`: what each would be at most (95 %)
      if those before it were all there is; as many as were tried.
    - `dimensions`: how many eigenvalues in a row exceed their null; `beyond_general`: how many of
      them come after the first.
    - `vectors`: a column for each of the first eigenvectors, each turned so that its largest entry
      is positive, with intervals.
    - `by_family`: each family of four complete models or more.
    - `status`: `underdetermined` below three benchmarks, below three families, or with fewer
      degrees of freedom than twice the benchmarks; `constant_benchmark` where a score does not
      vary.
    """

    kind: Literal["within", "pooled"]
    benchmarks: tuple[str, ...]
    models: int
    families: int
    degrees_of_freedom: int
    status: FactorStatus
    correlation: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    correlation_low: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    correlation_high: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    eigenvalues: np.ndarray = field(default_factory=lambda: np.empty(0))
    eigenvalues_low: np.ndarray = field(default_factory=lambda: np.empty(0))
    eigenvalues_high: np.ndarray = field(default_factory=lambda: np.empty(0))
    null: np.ndarray = field(default_factory=lambda: np.empty(0))
    dimensions: int | None = None
    beyond_general: int | None = None
    vectors: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    vectors_low: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    vectors_high: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    by_family: Mapping[str, FamilyDirection] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def factors(
    columns: ScoreColumns,
    *,
    kind: Literal["within", "pooled"],
    n_boot: int = 1_000,
    n_null: int = 400,
    most: int = 6,
    seed: int = 0,
) -> Factors:
    """Dimensions of the scores over the models that have all of them.

    **Arguments**: `kind`, see `Factors`; `n_boot` resamples of families, `n_null` tables from each
    model of k factors, up to `most` dimensions, from `seed`.

    **Limits**: a null table has independent models; those of one family differ by size first of
    all, which is one dimension, and scores that saturate at different sizes make another without
    any ability of their own behind it. Resamples repeat families, so intervals of the eigenvalues
    lean outwards.
    """
    complete = columns.known.all(axis=1)
    index = columns.index[complete]
    scores = columns.scores[complete]
    if kind == "within":
        several = np.bincount(index, minlength=len(columns.families)) >= 2
        scores, index = scores[several[index]], index[several[index]]
    labels, index = np.unique(index, return_inverse=True)
    families = labels.size
    dof = len(scores) - (families if kind == "within" else 1)
    about = {
        "kind": kind, "benchmarks": columns.names, "models": len(scores), "families": families,
        "degrees_of_freedom": max(dof, 0),
        "settings": {"n_boot": n_boot, "n_null": n_null, "seed": seed},
    }  # fmt: skip
    count = scores.shape[1]
    if count < _FEWEST_BENCHMARKS or families < _FEWEST_FAMILIES or dof < 2 * count:
        return Factors(**about, status="underdetermined")
    if kind == "within":
        means = np.zeros((families, count))
        np.add.at(means, index, scores)
        centred = scores - (means / np.bincount(index)[:, None])[index]
    else:
        centred = scores - scores.mean(axis=0)
    if np.any((centred**2).sum(axis=0) <= 1e-12):
        return Factors(**about, status="constant_benchmark")
    correlation = _correlation(centred.T @ centred)
    values, vectors = _eigen(correlation)
    generator = np.random.default_rng(seed)
    null = _nulls(correlation, dof, values, n_null=n_null, most=min(most, count - 1), rng=generator)
    dimensions = int(np.argmin(np.append(values[: null.size] > null, False)))
    shown_vectors = vectors[:, : min(3, count)]
    drawn = _resampled(centred, index, families, shown_vectors, kind, n_boot, generator)
    intervals = {
        f"{name}_{end}": part
        for name, draws in zip(("correlation", "eigenvalues", "vectors"), drawn, strict=True)
        for end, part in zip(("low", "high"), np.nanquantile(draws, (0.025, 0.975), axis=0),
                             strict=True)
    }  # fmt: skip
    return Factors(
        **about,
        status="ok",
        correlation=correlation,
        eigenvalues=values,
        null=null,
        dimensions=dimensions,
        beyond_general=max(dimensions - 1, 0),
        vectors=shown_vectors,
        **intervals,
        by_family=MappingProxyType(
            _by_family(centred, index, [columns.families[f] for f in labels], vectors[:, 0])
            if kind == "within"
            else {}
        ),
    )


def _correlation(moments: Float[np.ndarray, "*draws b b"]) -> Float[np.ndarray, "*draws b b"]:
    scale = np.sqrt(np.diagonal(moments, axis1=-2, axis2=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return moments / (scale[..., :, None] * scale[..., None, :])


def _eigen(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, largest first, and vectors whose largest entry is positive."""
    values, vectors = np.linalg.eigh(correlation)
    values, vectors = values[::-1], vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.sign(vectors[largest, np.arange(values.size)])


def _nulls(
    correlation: np.ndarray,
    dof: int,
    values: np.ndarray,
    *,
    n_null: int,
    most: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, " tried"]:
    """For k = 0, 1, ...: the 95 % point of eigenvalue k + 1 when k factors are all there is; up to
    the first that is not exceeded."""
    found = []
    for k in range(most):
        root = np.linalg.cholesky(_factor_model(correlation, k))
        noise = rng.standard_normal((n_null, dof, len(correlation))) @ root.T
        drawn = _correlation(np.swapaxes(noise, 1, 2) @ noise)
        found.append(float(np.quantile(np.linalg.eigvalsh(drawn)[:, ::-1][:, k], 0.95)))
        if values[k] <= found[-1]:
            break
    return np.array(found)


def _factor_model(correlation: np.ndarray, k: int) -> np.ndarray:
    """The correlation matrix of k factors and errors of each benchmark's own (principal axes)."""
    if k == 0:
        return np.eye(len(correlation))
    # Each step puts the shares explained in place of the diagonal, and takes k eigenvectors.
    shared = 1 - 1 / np.diag(np.linalg.inv(correlation + 1e-6 * np.eye(len(correlation))))
    loadings = np.empty(0)
    for _ in range(_STEPS):
        reduced = correlation.copy()
        np.fill_diagonal(reduced, shared)
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[:, -k:] * np.sqrt(np.maximum(values[-k:], 0.0))
        shared = np.minimum((loadings**2).sum(axis=1), 1 - _LEAST_UNIQUE)
    model = loadings @ loadings.T
    np.fill_diagonal(model, 1.0)
    # Where a share was cut to leave an error of its own, the row's loadings shrink with it.
    size = np.sqrt(np.minimum(1.0, shared / np.maximum((loadings**2).sum(axis=1), 1e-12)))
    model = model * size[:, None] * size
    np.fill_diagonal(model, 1.0)
    return model


def _resampled(
    centred: np.ndarray,
    index: np.ndarray,
    families: int,
    vectors: np.ndarray,
    kind: str,
    n_boot: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlations, eigenvalues and the first eigenvectors of resamples of families."""
    count = centred.shape[1]
    moments = np.zeros((families, count, count))
    np.add.at(moments, index, centred[:, :, None] * centred[:, None, :])
    weights = rng.multinomial(families, np.full(families, 1 / families), size=n_boot).astype(float)
    total = np.tensordot(weights, moments, axes=1)
    if kind == "pooled":
        sums = np.zeros((families, count))
        np.add.at(sums, index, centred)
        n = weights @ np.bincount(index)
        mean = weights @ sums / n[:, None]
        total = total - n[:, None, None] * mean[:, :, None] * mean[:, None, :]
    varies = (np.diagonal(total, axis1=1, axis2=2) > 1e-12).all(axis=1)
    drawn = _correlation(total[varies])
    values, turned = np.linalg.eigh(drawn)
    turned = turned[:, :, ::-1][:, :, : vectors.shape[1]]
    # An eigenvector has no sign of its own: each is turned towards that of the table.
    sign = np.sign(np.einsum("dbk,bk->dk", turned, vectors))
    return drawn, values[:, ::-1], turned * np.where(sign == 0, 1.0, sign)[:, None, :]


def _by_family(
    centred: np.ndarray, index: np.ndarray, names: list[str], direction: np.ndarray
) -> dict[str, FamilyDirection]:
    scaled = centred / np.sqrt((centred**2).mean(axis=0))
    found = {}
    for f, name in enumerate(names):
        mine = scaled[index == f]
        values, vectors = np.linalg.eigh(mine.T @ mine)
        if len(mine) >= _FEWEST_MODELS and values[-1] > 0:
            cosine = abs(float(vectors[:, -1] @ direction))
            share = float(values[-1] / values.sum())
            found[name] = FamilyDirection(len(mine), share, min(cosine, 1.0))
    return found
