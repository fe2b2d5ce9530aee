"""Solutions of a fitted system at any times."""

from collections.abc import Sequence

import numpy as np
import scipy  # and not scipy.integrate, a third of a second that only series need
from jaxtyping import Float

from .terms import Term, TermValues

_FAR = 1e8  # times the size of the first states and 1


def simulate(
    terms: Sequence[Term],
    coefficients: Float[np.ndarray, "dims terms"],
    x0: Sequence[float | int] | np.ndarray,
    times: Sequence[float | int] | np.ndarray,
) -> Float[np.ndarray, "_ dims"]:
    """The solution from `x0` at the first of `times`, NaN from where it escapes."""
    used = (coefficients != 0).any(axis=0)
    values = TermValues([t for t, u in zip(terms, used, strict=True) if u], len(coefficients))
    weights, start = coefficients[:, used].T, np.asarray(x0, float)
    t = np.asarray(times, float) - float(times[0])
    out = np.full((len(t), len(start)), np.nan)
    out[0] = start
    far = _FAR * max(1.0, float(np.abs(start).max()))

    def field(_, x):
        return values.values(x[None])[0] @ weights if used.any() else np.zeros_like(x)

    with np.errstate(all="ignore"):
        # Stepped by hand: at a pole SciPy's search for the time of an event may find no sign change
        # between the ends of a step, and raises.
        solver = scipy.integrate.LSODA(
            field, 0.0, start, t[-1], rtol=1e-7, atol=1e-10 * max(1e-6, float(np.abs(start).max()))
        )
        done = 1
        while solver.status == "running":
            solver.step()
            if solver.status == "failed" or not np.abs(solver.y).max() < far:
                break
            ahead = np.searchsorted(solver.direction * t, solver.direction * solver.t, side="right")
            upto = max(done, int(ahead))
            if upto > done:
                out[done:upto] = solver.dense_output()(t[done:upto]).T
            done = upto
    return out
