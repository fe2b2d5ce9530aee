"""Candidate terms: which functions of the state may stand on the right-hand side."""

import abc
import itertools
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...common.display import shown
from .padding import pad_rows

#: States whose terms are computed in one call of compiled code.
_CHUNK = 1024


class AbstractLibrary(eqx.Module):
    """A list of named functions of the state.

    A library knows no data: it holds only static settings, so two equal libraries share compiled
    code. `first + second` is the library with the terms of both.
    """

    @abc.abstractmethod
    def names(self, variables: Sequence[str]) -> tuple[str, ...]:
        """Names of the terms for the named state variables, in the order of the values."""

    @abc.abstractmethod
    def __call__(self, state: Float[Array, " dims"]) -> Float[Array, " terms"]:
        """Values of all terms at one state."""

    def rows(self, states: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows terms"]:
        """Values of all terms at many states, by one compiled function for any number of them."""
        chunks = [
            np.asarray(_terms(self, pad_rows(part, _CHUNK, copies=True)))[: len(part)]
            for part in np.split(states, range(_CHUNK, len(states), _CHUNK))
        ]
        return np.concatenate(chunks)

    def size(self, dims: int) -> int:
        """The number of terms for a state of `dims` variables."""
        return len(self.names([f"x{i}" for i in range(dims)]))

    def __add__(self, other: "AbstractLibrary") -> "JoinedLibrary":
        return JoinedLibrary(self, other)


@eqx.filter_jit
def _terms(library, states):
    return jax.vmap(library)(states)


class PolynomialLibrary(AbstractLibrary):
    """Monomials of the state up to a degree, as in SINDy (Brunton, Proctor and Kutz 2016).

    **Arguments:** `degree`, 1 to 3; `constant`, whether the term 1 is among them; `products`,
    whether monomials of several variables are (without them only pure powers).

    Raises ValueError for another degree. The number of terms grows as dims^degree / degree!; with
    five benchmarks it is 6, 21 and 56 per equation.
    """

    degree: int = eqx.field(static=True, default=1)
    constant: bool = eqx.field(static=True, default=True)
    products: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        if self.degree not in (1, 2, 3):
            raise ValueError(f"degree is {self.degree!r}; a polynomial library has 1, 2 or 3")

    def factors(self, dims: int) -> tuple[tuple[int, ...], ...]:
        """For each monomial the variables whose product it is, with repetition."""
        monomials: list[tuple[int, ...]] = [()] if self.constant else []
        for degree in range(1, self.degree + 1):
            for factors in itertools.combinations_with_replacement(range(dims), degree):
                if self.products or len(set(factors)) == 1:
                    monomials.append(factors)
        return tuple(monomials)

    def names(self, variables: Sequence[str]) -> tuple[str, ...]:
        def name(factors: tuple[int, ...]) -> str:
            powers = {i: factors.count(i) for i in factors}
            parts = [variables[i] + (f"^{p}" if p > 1 else "") for i, p in powers.items()]
            return " * ".join(parts) or "1"

        return tuple(name(factors) for factors in self.factors(len(variables)))

    def __call__(self, state: Float[Array, " dims"]) -> Float[Array, " terms"]:
        dims = state.shape[0]
        # The entry behind the last variable is a 1, which pads monomials of lower degree.
        padded = jnp.concatenate([state, jnp.ones((1,), state.dtype)])
        indices = [f + (dims,) * (self.degree - len(f)) for f in self.factors(dims)]
        columns = [jnp.array(column) for column in zip(*indices, strict=True)]
        values = padded[columns[0]]
        for column in columns[1:]:
            values = values * padded[column]
        return values

    def rows(self, states: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows terms"]:
        values = np.ones((len(states), self.size(states.shape[1])))
        for term, factors in enumerate(self.factors(states.shape[1])):
            for variable in factors:
                values[:, term] *= states[:, variable]
        return values


class LogisticLibrary(AbstractLibrary):
    """The terms x (1 - x): growth that slows as a score nears 1."""

    def names(self, variables: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{name} * (1 - {name})" for name in variables)

    def __call__(self, state: Float[Array, " dims"]) -> Float[Array, " terms"]:
        return state * (1 - state)

    def rows(self, states: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows terms"]:
        return states * (1 - states)


@shown
class FunctionLibrary(AbstractLibrary):
    """The user's own terms.

    **Arguments:** `functions`, each from the state (shape `dims`) to a number, written with
    `jax.numpy`; `labels`, one name for each.

    Raises ValueError if the two differ in number or a label occurs twice.
    """

    functions: tuple[Callable[[Array], Array], ...] = eqx.field(static=True)
    labels: tuple[str, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        if len(self.functions) != len(self.labels):
            raise ValueError(
                f"{len(self.functions)} functions but {len(self.labels)} labels; give one each"
            )
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("two functions have the same label; give each its own")

    def names(self, variables: Sequence[str]) -> tuple[str, ...]:
        return self.labels

    def __call__(self, state: Float[Array, " dims"]) -> Float[Array, " terms"]:
        values = [jnp.asarray(function(state), state.dtype) for function in self.functions]
        return jnp.stack(values)


class JoinedLibrary(AbstractLibrary):
    """The terms of one library, then those of another."""

    first: AbstractLibrary
    second: AbstractLibrary

    def names(self, variables: Sequence[str]) -> tuple[str, ...]:
        return self.first.names(variables) + self.second.names(variables)

    def __call__(self, state: Float[Array, " dims"]) -> Float[Array, " terms"]:
        return jnp.concatenate([self.first(state), self.second(state)])

    def rows(self, states: Float[np.ndarray, "rows dims"]) -> Float[np.ndarray, "rows terms"]:
        return np.concatenate([self.first.rows(states), self.second.rows(states)], axis=1)
