"""Four distributions as `scipy.stats` has them, from the functions of `scipy.special` below it.

The same numbers, for degrees of freedom above 0 and probabilities inside (0, 1). To import
`scipy.stats` takes half a second, and each of its calls a tenth of a millisecond of checks:
together as long as the diagnosis of a table.
"""

from typing import Any

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

# Numbers or arrays, which broadcast.
_Values = Any


class t:
    """Student's t of `dof` degrees of freedom."""

    @staticmethod
    def cdf(x: _Values, dof: _Values) -> _Values:
        return special.stdtr(dof, x)

    @staticmethod
    def sf(x: _Values, dof: _Values) -> _Values:
        return special.stdtr(dof, -np.asarray(x))

    @staticmethod
    def ppf(q: _Values, dof: _Values) -> _Values:
        return special.stdtrit(dof, q)


class f:
    """F of two degrees of freedom."""

    @staticmethod
    def sf(x: _Values, dof: _Values, dof_below: _Values) -> _Values:
        return special.fdtrc(dof, dof_below, np.maximum(x, 0))

    @staticmethod
    def ppf(q: _Values, dof: _Values, dof_below: _Values) -> _Values:
        return special.fdtri(dof, dof_below, q)


class chi2:
    """The sum of squares of `dof` standard normal numbers."""

    @staticmethod
    def sf(x: _Values, dof: _Values) -> _Values:
        return special.chdtrc(dof, np.maximum(x, 0))

    @staticmethod
    def ppf(q: _Values, dof: _Values) -> _Values:
        return 2 * special.gammaincinv(np.asarray(dof) / 2, q)


class norm:
    """The standard normal distribution."""

    @staticmethod
    def ppf(q: _Values) -> _Values:
        return special.ndtri(q)
