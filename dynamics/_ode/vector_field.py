"""The coupled capability ODE: dx/ds = f(x), s = log10 N, f linear in named terms."""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Scalar

from ...common.display import shown
from .._precision import in_double_precision
from .coordinates import AbstractCoordinates
from .library import AbstractLibrary, PolynomialLibrary
from .padding import is_traced


@shown
class CapabilityODE(eqx.Module):
    """A system of differential equations for benchmark scores along log10 of the size.

    - `library`: the candidate terms; `coefficients`: one row per equation, one column per term,
      change of the state per decade; `coordinates`: in which variables the equations hold;
      `benchmarks`: names of the scores.

    The module is callable with the signature that diffrax wants, `(s, state, args) -> d state/ds`;
    `velocity` and what follows speak of scores instead.
    """

    library: AbstractLibrary
    coefficients: Float[Array, "dims terms"]
    coordinates: AbstractCoordinates
    benchmarks: tuple[str, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        shape = (len(self.benchmarks), self.library.size(len(self.benchmarks)))
        given = getattr(self.coefficients, "shape", shape)
        if given != shape:
            raise ValueError(
                f"coefficients have shape {given}; {shape[0]} benchmarks and a library of "
                f"{shape[1]} terms need {shape}"
            )

    @in_double_precision
    def free(self, state: Float[Array, " dims"]) -> Float[Array, " dims"]:
        """d state/ds as the equations say, also where it leads out of the box."""
        return self.coefficients @ self.library(state)

    @in_double_precision
    def __call__(self, s, state: Float[Array, " dims"], args=None) -> Float[Array, " dims"]:
        return self.coordinates.hold(state, self.free(state))

    @in_double_precision
    def velocity(self, x: Float[Array, " dims"]) -> Float[Array, " dims"]:
        """dx/ds at scores `x`: change of each score per decade, as the equations say."""
        state = self.coordinates.state(x)
        return self.coordinates.score_velocity(state, self.free(state))

    @in_double_precision
    def jacobian(self, x: Float[Array, " dims"]) -> Float[Array, "dims dims"]:
        """The Jacobian of `velocity` at scores `x`, per decade."""
        return jax.jacfwd(self.velocity)(x)

    @in_double_precision
    def gamma(self, x: Float[Array, " dims"], *, reasoning: int, truth: int) -> Scalar:
        """The local coupling f_truth / f_reasoning at scores `x`; infinite where f_reasoning is 0.

        `reasoning` and `truth` are indices in `benchmarks`.
        """
        velocity = self.velocity(x)
        return velocity[truth] / velocity[reasoning]

    def equations(self, *, digits: int = 3) -> tuple[str, ...]:
        """One line per equation, in the field's notation; zero coefficients are left out."""
        variables = self.coordinates.names(self.benchmarks)
        terms = self.library.names(variables)
        return tuple(
            f"d {variable}/ds = {_right_side(row, terms, digits)}"
            for variable, row in zip(variables, self.coefficients.tolist(), strict=True)
        )


def linear_system(
    ode: CapabilityODE,
) -> tuple[Float[np.ndarray, "dims dims"], Float[np.ndarray, " dims"]] | None:
    """A and b of a system dz/ds = A z + b; None for any other, and for one that is traced."""
    library, dims = ode.library, len(ode.benchmarks)
    if not isinstance(library, PolynomialLibrary) or library.degree > 1:
        return None
    if is_traced(ode) or np.ndim(ode.coefficients) != 2:
        return None
    rows = np.asarray(ode.coefficients)
    return rows[:, -dims:], rows[:, 0] if library.constant else np.zeros(dims)


def nameless(ode: CapabilityODE) -> CapabilityODE:
    """The system without the names of its scores, for which compiled code would be made anew."""
    return replace(ode, benchmarks=tuple(f"x{i}" for i in range(len(ode.benchmarks))))


def _right_side(row: list[float], terms: tuple[str, ...], digits: int) -> str:
    parts = []
    for value, term in zip(row, terms, strict=True):
        if value == 0:
            continue
        size = f"{abs(value):.{digits}g}" + ("" if term == "1" else f" {term}")
        sign = "-" if value < 0 else "+"
        parts.append(f"{sign} {size}" if parts else f"{sign if value < 0 else ''}{size}")
    return " ".join(parts) or "0"
