"""How well the pooled curve of a table is known along its axis."""

import numpy as np
from jaxtyping import Float, Shaped

from ...common import distributions
from .critical_types import within_families
from .natural_spline import SplineCurve, natural_basis


def curve_band(
    curve: SplineCurve,
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    family: Shaped[np.ndarray, " models"],
    *,
    at: Float[np.ndarray, " n"],
    level: float = 0.95,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Pointwise confidence band of a pooled `curve` at positions `at`: lower and upper edge.

    `x`, `y` and `family` are the data that the curve was fitted to; scores are fractions. Families
    are the units: a sum of squares over what each family adds to the curve and to its offset
    (Liang and Zeger 1986), with Student's t of one degree of freedom less than there are families.

    **Limits**: of the curve of the mean family, not of a further family; knots count as known; with
    fewer than about ten families the band is too narrow. Both edges are NaN for a single family.
    """
    data = within_families(x, y, family)
    if data.families < 2:
        nothing = np.full(len(at), np.nan)
        return nothing, nothing.copy()
    centre, scale = float(curve.knots.mean()), float(np.ptp(curve.knots))
    knots = (curve.knots - centre) / scale
    basis = natural_basis((data.x - centre) / scale, knots)
    columns = data.centred(basis)
    left = data.y - curve(data.x)
    scores = data.sums(columns * data.centred(left)[:, None])
    shape = scores @ np.linalg.pinv(columns.T @ columns)
    offset = data.sums(left) / data.x.size
    from_middle = natural_basis((np.asarray(at) - centre) / scale, knots) - basis.mean(axis=0)
    added = shape @ from_middle.T + offset[:, None]
    count = data.families
    half = distributions.t.ppf((1 + level) / 2, count - 1) * np.sqrt(
        count / (count - 1) * (added**2).sum(axis=0)
    )
    middle = curve(np.asarray(at))
    return middle - half, middle + half
