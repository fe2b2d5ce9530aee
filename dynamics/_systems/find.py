"""From series to a system: scaling, libraries in turn, the best by the criterion."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

from .candidates import libraries
from .prepared import Prepared, prepare
from .search import Bounds, Found, refine_rates, search_terms
from .series import TimeSeries
from .terms import Term

#: Residual variance, in units of the noise's, that counts as noise alone.
ADEQUATE = 1.25
_IN_REACH = 30.0  # of the criterion, that better rates of functions may make good


@dataclasses.dataclass(frozen=True)
class Scaling:
    """Units of the search: `states` of size 1, `time` about 1 from the first time on."""

    states: Float[np.ndarray, " dims"]
    time: float

    def natural(self, terms: tuple[Term, ...], weights) -> tuple[tuple[Term, ...], np.ndarray]:
        """Terms and coefficients in the units of the data."""
        units = np.array([term.unit(self.states) for term in terms])
        return tuple(t.scaled(1 / self.states) for t in terms), (
            weights * self.states[:, None] / (units[None, :] * self.time)
        )

    def scaled(self, terms: tuple[Term, ...], weights) -> np.ndarray:
        """Coefficients in the units of the search, of terms in these units."""
        units = np.array([term.unit(self.states) for term in terms])
        return weights * units[None, :] * self.time / self.states[:, None]


def scaling_of(series: TimeSeries) -> Scaling:
    """States by their root mean square (not shifted: terms keep their form), time by its span."""
    squares = np.concatenate([x**2 for x in series.states])
    size = np.sqrt(np.nanmean(squares, axis=0))
    span = max(float(t[-1] - t[0]) for t in series.times)
    return Scaling(np.where(size > 0, size, 1.0), span)


def prepare_series(series: TimeSeries, scaling: Scaling) -> Prepared:
    """The series in the units of the search; the origin is taken off in 64 bits."""
    return prepare(
        [(t - t[0]) / scaling.time for t in series.times],
        [x / scaling.states for x in series.states],
        list(series.weights),
    )


def find(
    data: Prepared,
    scaling: Scaling,
    *,
    terms: tuple[Term, ...] | None = None,
    allowed: Bool[np.ndarray, "dims terms"] | None = None,
    bounds: Bounds | None = None,
) -> tuple[str, Found]:
    """The best system, of `terms` (in the units of the search) or of the libraries in turn."""
    if terms is not None:
        found, _ = search_terms(data, terms, allowed=allowed, bounds=bounds)
        assert found is not None
        return "given", found
    best: tuple[str, Found] | None = None
    reached: dict[int, float] = {}
    for name, library in libraries(data, scaling.states):
        found, values = search_terms(data, library, to_beat=reached)
        reached = {m: min(reached.get(m, np.inf), v) for m, v in {**reached, **values}.items()}
        if found is not None:
            if best is None or found.value < best[1].value + _IN_REACH:
                found = refine_rates(data, found)
            if best is None or found.value < best[1].value:
                best = name, found
        assert best is not None
        if _is_exact(data, best[1]) or (data.dims > 2 and _is_adequate(best[1])):
            break
    assert best is not None
    return best


def _is_adequate(found: Found) -> bool:
    return bool(found.segments.count <= 4 and np.all(found.variance <= ADEQUATE))


def _is_exact(data: Prepared, found: Found) -> bool:
    """Nothing is left over of data that have next to no noise: no other library can do better."""
    deviation = [level.deviation(np.ones(1)).max() for level in data.noise]
    return bool(max(deviation) < 1e-2) and found.segments.count == 1 and _is_adequate(found)
