"""The coupling on either side of a family's turn."""

import numpy as np
from jaxtyping import Float

from .critical_types import FamilyCritical
from .scatter import Scatter
from .slope import Slope, errors_in_variables_slope


def slopes_about_turn(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    x_stderr: Float[np.ndarray, " models"],
    y_stderr: Float[np.ndarray, " models"],
    log10_params: Float[np.ndarray, " models"],
    critical: FamilyCritical,
    scatter: Scatter | None = None,
) -> tuple[Slope, Slope] | None:
    """Coupling from the smallest model to the one at the turn, and from there to the largest.

    Each is the change of `y` over the change of `x`, the sum of the steps on that side, with
    Fieller's interval. The model at the turn is the one nearest to the vertex of the fitted curve,
    not the one with the lowest score, which noise helps to be low.

    **Arguments**: scores `x` and `y` as fractions with their standard errors, in order of
    `log10_params`; `critical`, the family's minimum along `log10_params`.

    **Returns** None where the family does not bracket its minimum, and where the nearest model is
    the first or the last.

    **Limits**: three models decide; that the fitted curve chose the middle one is not in the
    intervals, and its error is in both.
    """
    if critical.status != "bracketed":
        return None
    turn = int(np.argmin(np.abs(log10_params - critical.vertex)))
    last = len(x) - 1
    if not 0 < turn < last:
        return None
    before, after = (
        errors_in_variables_slope(
            x[ends], y[ends], x_stderr=x_stderr[ends], y_stderr=y_stderr[ends], scatter=scatter
        )
        for ends in ([0, turn], [turn, last])
    )
    return before, after
