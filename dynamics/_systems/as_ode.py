"""A fitted system for JAX: the same terms as a library of `dynamics`."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._ode.coordinates import Unbounded
from .._ode.library import AbstractLibrary
from .._ode.vector_field import CapabilityODE
from .._precision import in_double_precision
from .equations import term_name
from .terms import Term

_FUNCTIONS = {
    "sin": jnp.sin,
    "cos": jnp.cos,
    "exp": jnp.exp,
    "abs": jnp.abs,
    "hill1": lambda u: u / (1 + jnp.abs(u)),
    "hill2": lambda u: u**2 / (1 + u**2),
}


class TermLibrary(AbstractLibrary):
    """The candidate terms of a system search."""

    terms: tuple[Term, ...] = eqx.field(static=True)

    def names(self, variables: Sequence[str]) -> tuple[str, ...]:
        return tuple(term_name(term, variables) for term in self.terms)

    def __call__(self, state: Float[Array, " dims"]) -> Float[Array, " terms"]:
        return jnp.stack([_value(term, state) for term in self.terms])


def _value(term: Term, state):
    out = jnp.ones((), state.dtype)
    for i, power in enumerate(term.powers):
        for _ in range(power):
            out = out * state[i]
    if term.factor is not None:
        out = out * _FUNCTIONS[term.factor.name](term.factor.rate * state[term.factor.state])
    return out


@in_double_precision
def as_ode(
    terms: tuple[Term, ...], coefficients: Float[np.ndarray, "dims terms"], names: tuple[str, ...]
) -> CapabilityODE:
    """The system with the terms that it uses, in the units of the data."""
    used = (coefficients != 0).any(axis=0)
    used[0] |= not used.any()
    kept = tuple(t for t, u in zip(terms, used, strict=True) if u)
    return CapabilityODE(TermLibrary(kept), jnp.asarray(coefficients[:, used]), Unbounded(), names)
