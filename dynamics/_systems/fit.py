"""fit_system: from series to equations, with what can be said about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ...common.checks import check_seed
from ...common.display import shown
from ...common.progress import Progress, silent
from . import equations as written
from .equations import Equation, term_name
from .find import Scaling, find, prepare_series, scaling_of
from .limits import CoefficientRange, bounds_of
from .prepared import Prepared, beginnings
from .resample import Certainty, certainty
from .search import Found
from .series import TimeSeries
from .simulate import simulate
from .terms import Term, monomials
from .verdict import MOST_LEFT, HeldOut, SystemResult, hold_out, judge, refit_terms

if TYPE_CHECKING:
    import sympy

    from .._ode.vector_field import CapabilityODE


@shown
@dataclasses.dataclass(frozen=True)
class SystemFit:
    """A fitted system of differential equations and what is known about it.

    - `result`: `successful`, `no_structure_found`, `underdetermined` or `constant_state`; `reason`
      says why in one sentence, empty if successful. Look at it before believing the equations.
    - `terms`, `coefficients`: one row per state, one column per term, in the units of the data;
      `standard_error` with the terms as given; `inclusion`: share of resamples that choose a term
      (NaN where none were made); `condition` of each equation's terms.
    - `held_out`: see `HeldOut`, None where there are too few points; `left_over`: residual variance
      of each state in units of its noise; `noise`: its median standard deviation.
    - `values`: measured ones, less the first states that are fitted with the coefficients.
    - `first`: fitted states at the first time of each trajectory; `segments` that the last fit went
      through per trajectory (1: whole trajectories in one go).
    - `names` of the states, `time` of the clock, `library`, `settings`.
    """

    result: SystemResult
    reason: str
    names: tuple[str, ...]
    time: str
    terms: tuple[Term, ...]
    coefficients: Float[np.ndarray, "dims terms"]
    standard_error: Float[np.ndarray, "dims terms"]
    inclusion: Float[np.ndarray, "dims terms"]
    condition: Float[np.ndarray, " dims"]
    held_out: HeldOut | None
    left_over: Float[np.ndarray, " dims"]
    noise: Float[np.ndarray, " dims"]
    values: int
    first: Float[np.ndarray, "trajectories dims"]
    segments: int
    library: str
    settings: Mapping[str, object]

    @property
    def term_names(self) -> tuple[str, ...]:
        """Names of the terms, in the order of the columns."""
        return tuple(term_name(term, self.names) for term in self.terms)

    @property
    def system(self) -> tuple[Equation, ...]:
        """One equation per state, term name -> coefficient; zero coefficients are left out."""
        labels = self.term_names
        return tuple(
            Equation(name, {labels[j]: float(row[j]) for j in np.flatnonzero(row)})
            for name, row in zip(self.names, self.coefficients, strict=True)
        )

    def equations(self, *, digits: int = 4) -> tuple[str, ...]:
        """One line per equation; look at `result` before believing them."""
        return tuple(written.as_text(one, digits=digits) for one in self.system)

    def latex(self) -> tuple[str, ...]:
        """The equations in LaTeX."""
        return tuple(
            written.as_latex(one, self.terms, self.names, row.tolist())
            for one, row in zip(self.system, self.coefficients, strict=True)
        )

    def sympy(self) -> tuple[sympy.Equality, ...]:
        """The equations in sympy, states as functions of `t`."""
        return tuple(
            written.as_sympy(one, self.terms, self.names, row.tolist())
            for one, row in zip(self.system, self.coefficients, strict=True)
        )

    def simulate(
        self, x0: Sequence[float | int] | np.ndarray, times: Sequence[float | int] | np.ndarray
    ) -> Float[np.ndarray, "_ dims"]:
        """The solution from states `x0` at the first of `times`; NaN from where it escapes."""
        return simulate(self.terms, self.coefficients, x0, times)

    @property
    def ode(self) -> CapabilityODE:
        """The system for `dynamics.integrate`, `fixed_points` and `nullcline`."""
        from .as_ode import as_ode

        return as_ode(self.terms, self.coefficients, self.names)


def fit_system(
    series: TimeSeries,
    *,
    degree: int | None = None,
    terms: Sequence[Term] | None = None,
    bounds: Mapping[tuple[str, str], CoefficientRange] | None = None,
    members: int = 100,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> SystemFit:
    """Find the differential equations that a system's trajectories follow.

    **Arguments:** `series`, measured at any times, in any units; `degree`, of polynomials, where
    these alone are meant (by default libraries are tried from simple to rich, see below), or
    `terms`, the candidates themselves; `bounds`, (state, term) -> (lowest, highest) of coefficients
    in the units of the data, such as `{("prey", "prey*predator"): (None, 0)}` (polynomials of
    degree 2 are meant where neither degree nor terms is given); `members`,
    resamples for inclusion probabilities (0 for none), drawn with `seed`.

    Terms are chosen for what they do to solutions through the data: in the linear regression around
    a multiple-shooting fit terms are added, dropped and swapped while an extended Bayesian
    information criterion falls, and the fit is repeated; first through many short segments of each
    trajectory, then through ever longer ones. The first subset comes from the integral form on
    smoothed paths, and no derivative of the data is taken. By default polynomials to degree 2 and 3
    (1-D: 3 and 5) are tried, then sine and cosine, saturation and exponentials of each state.

    Time is counted from the first point and in units of the span, states in units of their root
    mean square, all in 64 bits, so that the result does not depend on any of these units.

    **Returns** a `SystemFit`; that data do not allow an equation is a value of its `result`.
    **Raises** ValueError for settings that make no sense.

    **Limits:** one fit of a trajectory of 512 points takes seconds. Measurement errors are
    independent; equations are autonomous. Terms are products of powers with at most one function.

    **Sources:** Schaeffer and McCalla 2017 (integral form); Bock 1983 (multiple shooting); Chen and
    Chen 2008 (criterion); Brunton, Proctor and Kutz 2016 (sparse identification).
    """
    check_seed(seed)
    if degree is not None and terms is not None:
        raise ValueError("give degree or terms, not both")
    if degree is not None and degree < 1:
        raise ValueError(f"degree is {degree}; at least 1")
    if members < 0:
        raise ValueError(f"members is {members}; at least 0")
    if bounds and degree is None and terms is None:
        degree = 2  # a bound names a term, so the terms must be known
    say, scaling = on_progress or silent, scaling_of(series)
    if degree is not None:
        terms = monomials(series.dims, degree)
    scaled = None if terms is None else tuple(t.scaled(scaling.states) for t in terms)
    limits = None
    if bounds:
        assert terms is not None
        limits = bounds_of(bounds, series.names, tuple(terms), scaling)
    say("noise and smooth paths")
    data = prepare_series(series, scaling)
    say("terms")
    name, found = find(data, scaling, terms=scaled, bounds=limits)
    name = f"polynomial of degree {degree}" if degree is not None else name
    say("held-out solutions")
    held = hold_out(data, found, refit_terms(found, limits))
    say("resamples")
    allowed = np.ones(found.shot.weights.shape, bool)
    sure = certainty(data, found, allowed, members=members, seed=seed)
    settings = {"degree": degree, "members": members, "seed": seed}
    return as_system_fit(series, scaling, data, found, held, sure, name, settings)


def as_system_fit(
    series: TimeSeries,
    scaling: Scaling,
    data: Prepared,
    found: Found,
    held: HeldOut | None,
    sure: Certainty,
    library: str,
    settings: Mapping[str, object],
    underdetermined: str = "",
    most_left: float = MOST_LEFT,
) -> SystemFit:
    """What was found, in the units of the data, with its verdict."""
    every = np.concatenate(series.states)
    constant = np.nanstd(every, axis=0) <= 1e-9 * scaling.states
    freedom = float(data.values - len(data.times) * data.dims)
    result, reason = judge(
        found, held, constant=constant, freedom=freedom, trajectories=len(data.times),
        underdetermined=underdetermined, most_left=most_left,
    )  # fmt: skip
    terms, coefficients = scaling.natural(found.terms, found.shot.weights)
    _, errors = scaling.natural(found.terms, sure.standard_error)
    per = max(found.segments.count // len(data.times), 1)
    noise = [
        np.median(level.deviation(x[np.isfinite(x)]))
        for level, x in zip(data.noise, np.concatenate(data.states).T, strict=True)
    ]
    return SystemFit(
        result=result,
        reason=reason,
        names=series.names,
        time=series.time,
        terms=terms,
        coefficients=coefficients,
        standard_error=errors,
        inclusion=sure.inclusion,
        condition=sure.condition,
        held_out=held,
        left_over=found.variance,
        noise=np.array(noise) * scaling.states,
        values=int(freedom),
        first=found.shot.first[beginnings(data, found.segments)] * scaling.states,
        segments=per,
        library=library,
        settings=settings,
    )
