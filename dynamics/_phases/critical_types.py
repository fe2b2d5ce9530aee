"""What a critical point is, as a value: the results shared by the estimators beside this file."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from ...common.arrays import AnyArray
from ...common.display import shown
from ...common.turns import FallAndRise
from .._statistics.resampling import family_index

#: Degrees of freedom that known errors of the scores count for beside a fit's own residuals. A
#: quadratic of a shipped family leaves at most 7, so the known errors lead.
NOISE_DEGREES = 8.0

#: A determinant below so many rounding errors of the product of the diagonal is zero.
COLLINEAR = 64

CriticalStatus = Literal["ok", "unbounded", "no_minimum", "underdetermined"]
FamilyStatus = Literal["bracketed", "not_bracketed", "monotone", "underdetermined"]


@shown
@dataclass(frozen=True)
class CriticalPoint:
    """The minimum of one score along an axis, families pooled, with its interval.

    `vertex, low, high` are in the unit of the axis; an end that the data do not bound is infinite,
    and a vertex that does not exist is NaN. `within_r2` is the share of the variance within
    families that the curve explains; `no_minimum_share` the share of resamples whose curve has no
    minimum inside the data. `status` is `ok`, `unbounded` (an end of the interval is infinite),
    `no_minimum` (the fitted curve has none inside the data) or `underdetermined` (too few models).
    `alternatives` are other estimators on the same data; `settings` made this result.
    """

    vertex: float
    low: float
    high: float
    level: float
    within_r2: float
    no_minimum_share: float
    models: int
    families: int
    method: str
    status: CriticalStatus
    settings: dict[str, Any] = field(default_factory=dict)
    alternatives: tuple["CriticalPoint", ...] = ()


@shown
@dataclass(frozen=True)
class FamilyCritical:
    """The minimum of one score along an axis within one family, and whether its sizes bracket it.

    `p_value` is Lind and Mehlum's (2010), for the null that the curve is no U inside the data.
    `vertex, low, high` as in `CriticalPoint`; `curvature` is half the second derivative of the
    score along the axis; `degrees_of_freedom` those of the residual variance that was used.
    `status`:

    - `bracketed`: the test rejects;
    - `not_bracketed`: it does not, but a minimum inside the data cannot be excluded, or the fitted
      curve peaks inside the data (the lowest score is then at an edge);
    - `monotone`: the fitted curve rises or falls over all the data, and Fieller's interval holds
      no position inside them;
    - `underdetermined`: fewer than four models at four positions on the axis, or no residual.

    `by_seeds`: what the seeds of the family say, where it has several; then `status` and `p_value`
    are theirs, and the place of a turn too (`turn_over_seeds`).
    """

    family: Any
    status: FamilyStatus
    vertex: float
    low: float
    high: float
    level: float
    p_value: float
    curvature: float
    degrees_of_freedom: float
    models: int
    settings: dict[str, Any] = field(default_factory=dict)
    by_seeds: FallAndRise | None = None


@dataclass(frozen=True)
class WithinFamilies:
    """Models in families with something to compare, ready for estimators that ignore offsets."""

    x: Float[np.ndarray, " models"]
    y: Float[np.ndarray, " models"]
    index: Int[np.ndarray, " models"]
    families: int
    labels: np.ndarray

    def centred(self, values: Float[np.ndarray, "models *columns"]) -> np.ndarray:
        """Values less their family's mean."""
        return values - (self.sums(values).T / np.bincount(self.index)).T[self.index]

    def sums(self, values: Float[np.ndarray, "models *columns"]) -> np.ndarray:
        """Sums by family; families are the first axis."""
        total = np.zeros((self.families, *values.shape[1:]))
        np.add.at(total, self.index, values)
        return total


def within_families(x, y, family) -> WithinFamilies:
    """Keep models with finite values in families with at least two distinct positions on the axis.

    A family at a single position says nothing once it has an offset of its own; it would only
    dilute the resampling of families.
    """
    # dtype of NumPy on purpose: these sums are made on the host.
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    labels, index = family_index(family)
    finite = np.isfinite(x) & np.isfinite(y)
    spread = [np.unique(x[finite & (index == f)]).size >= 2 for f in range(labels.size)]
    keep = finite & np.asarray(spread, dtype=bool)[index]
    labels, index = family_index(labels[index[keep]])
    return WithinFamilies(x[keep], y[keep], index, labels.size, labels)


def known_noise(
    y_stderr: Float[AnyArray, " models"] | None,
    used: Bool[np.ndarray, " models"] | None = None,
) -> float | None:
    """Mean square of the known standard errors (of the `used` models); None where none is known.

    Raises ValueError for an error that is not positive.
    """
    if y_stderr is None:
        return None
    errors = np.asarray(y_stderr, dtype=np.float64)
    if np.any(errors <= 0):
        raise ValueError("y_stderr holds a value that is not positive; leave unknown ones NaN")
    known = np.isfinite(errors) if used is None else np.isfinite(errors) & used
    return float(np.mean(errors[known] ** 2)) if known.any() else None
