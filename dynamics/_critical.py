"""The critical point of a score along an axis, families pooled, with the interval to report."""

from dataclasses import replace

import numpy as np
from jaxtyping import Array, Float, Shaped

from ._critical_bootstrap import critical_point_bootstrap
from ._critical_types import CriticalPoint


def critical_point(
    x: Float[Array | np.ndarray, " models"],
    y: Float[Array | np.ndarray, " models"],
    family: Shaped[Array | np.ndarray, " models"],
    *,
    y_stderr: Float[Array | np.ndarray, " models"] | None = None,
    n_boot: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> CriticalPoint:
    """Minimum of a U of `y` along `x`, with an offset per family and an interval for it."""
    quadratic, segmented = critical_point_bootstrap(
        x, y, family, n_boot=n_boot, seed=seed, level=level
    )
    return replace(quadratic, alternatives=(quadratic, segmented))
