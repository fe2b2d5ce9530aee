"""Times that 32 bits have rounded, and counts where their log10 is meant: refused with the mend."""

from collections.abc import Sequence

import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

#: A clock that starts above a million and grows manifold counts parameters or tokens: no unix time
#: does, and a fit along it would be one along the largest model.
_LEAST_COUNT, _COUNT_RATIO = 1e6, 5.0
#: log10 of a count lies between these.
_LOGS = (1.0, 20.0)


def check_rounding(
    name: str, times: Array | np.ndarray | Sequence[float] | float, *, steps: float
) -> None:
    """ValueError for 32-bit times that are rounded by more than one in `steps` of their steps."""
    if isinstance(times, Tracer) or getattr(times, "dtype", None) != np.float32:
        return
    values = np.atleast_1d(np.asarray(times)).astype(float)
    if len(values) < 2:
        return
    grain = float(np.spacing(np.float32(np.abs(values).max())))
    if not (np.abs(np.diff(values)) > steps * grain).all():
        raise ValueError(
            f"{name}: 32-bit times near {values[-1]:.9g} are rounded to steps of {grain:.3g}; "
            "subtract the first time in 64 bits before, or give 64-bit NumPy arrays"
        )


def check_counts(low: float, high: float) -> None:
    """ValueError for times from `low` to `high` that are counts, not their log10."""
    if low >= _LEAST_COUNT and high >= _COUNT_RATIO * low:
        _refuse(low, high)


def check_grid(start: float, grid: Float[np.ndarray, " grid"]) -> None:
    """`check_counts` of a grid and of where it starts, of which one alone may be a log10."""
    low, high = float(grid.min()), float(grid.max())
    if _LOGS[0] <= start <= _LOGS[1] and low >= _LEAST_COUNT:
        _refuse(start, high)
    check_counts(min(start, low), max(start, high))


def _refuse(low: float, high: float) -> None:
    raise ValueError(
        f"sizes go from {low:.3g} to {high:.3g}, which are counts; give np.log10 of them"
    )
