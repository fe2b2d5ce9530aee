"""A verdict on coefficients that were found elsewhere."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from .find import Scaling
from .fit import SystemFit, as_system_fit
from .prepared import Prepared, first_states, make_segments
from .resample import Certainty
from .search import found_at
from .series import TimeSeries
from .shooting import shoot
from .terms import Term, TermValues
from .verdict import hold_out


def judged_fit(
    series: TimeSeries,
    scaling: Scaling,
    data: Prepared,
    terms: tuple[Term, ...],
    weights: Float[np.ndarray, "dims terms"],
    *,
    refit: Callable[[Prepared], Float[np.ndarray, "dims terms"]],
    standard_error: Float[np.ndarray, "dims terms"],
    inclusion: Float[np.ndarray, "dims terms"] | None,
    condition: Float[np.ndarray, " dims"],
    underdetermined: str,
    library: str,
    settings: Mapping[str, object],
) -> SystemFit:
    """The fit with the held-out check of the search; `refit` fits again without what is held out.

    Coefficients are in the units of the search. `underdetermined` is why they are not determined,
    empty if they are.
    """
    segments = make_segments(data, 1)
    start, values = first_states(data, segments), TermValues(terms, data.dims)
    first = shoot(values, weights, start, segments, hold=True).first
    found = found_at(data, terms, weights, first, segments)
    held = hold_out(data, found, lambda seen: refit(seen))
    empty = np.full(weights.shape, np.nan)
    sure = Certainty(standard_error, empty if inclusion is None else inclusion, condition)
    # A penalty's coefficients are shrunk or carry the path's errors: that they leave more than
    # noise does not mean that a term is missing.
    return as_system_fit(
        series, scaling, data, found, held, sure, library, settings, underdetermined, np.inf
    )
