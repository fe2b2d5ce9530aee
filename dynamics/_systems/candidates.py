"""Which terms are tried, the simplest library first."""

from collections.abc import Iterator

import numpy as np

from .prepared import Prepared
from .terms import Factor, Term, monomials

#: Half-saturation points and exponential scales, as shares of the largest size of a state.
_SHARES = (0.1, 0.3, 1.0)
_MOST_TERMS = 60


def libraries(data: Prepared, scale: np.ndarray) -> Iterator[tuple[str, tuple[Term, ...]]]:
    """(name, terms) of each library in the units of the search, from simple to rich.

    Polynomials first; then polynomials of low degree with sine and cosine of each state (in the
    state's own unit, as angles are), and with saturating and exponential functions of it.
    """
    dims = data.dims
    for degree in _degrees(dims):
        yield f"polynomial of degree {degree}", monomials(dims, degree)
    if dims > 4:
        return
    base = monomials(dims, 2 if dims <= 2 else 1)
    waves = [Factor(name, d, float(scale[d])) for d in range(dims) for name in ("sin", "cos")]
    yield "polynomial with sine and cosine", _with(base, waves, dims)
    largest = np.nanmax([np.nanmax(np.abs(x), axis=0) for x in data.states], axis=0)
    for share in _SHARES:
        rate = 1 / (share * largest)
        bent = [Factor(name, d, float(rate[d])) for d in range(dims) for name in ("hill1", "hill2")]
        yield f"polynomial with saturation at {share:g} of the range", _with(base, bent, dims)
    grown = [
        Factor("exp", d, float(sign * 2 / largest[d])) for d in range(dims) for sign in (-1, 1)
    ]
    yield "polynomial with exponentials", _with(base, grown, dims)


def _degrees(dims: int) -> tuple[int, ...]:
    """Degrees of the polynomials: as many as leave at most 60 candidates per equation."""
    if dims == 1:
        return (3, 5)
    return tuple(d for d in (2, 3) if len(monomials(dims, d)) <= _MOST_TERMS) or (1,)


def _with(base, factors, dims) -> tuple[Term, ...]:
    """The base, each function alone, and each function times each state."""
    powers = [(0,) * dims] + [tuple(int(i == d) for i in range(dims)) for d in range(dims)]
    return (*base, *(Term(p, factor) for factor in factors for p in powers))
