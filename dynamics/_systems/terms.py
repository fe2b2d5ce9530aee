"""Candidate terms of a right-hand side: monomials, alone or times one function of one state."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

#: Name of a function -> (value, slope) of g(u), u = rate * x.
_FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda u: -np.sin(u)),
    "exp": (
        lambda u: np.exp(np.minimum(u, 30)),
        lambda u: np.where(u < 30, np.exp(np.minimum(u, 30)), 0),
    ),
    "abs": (np.abs, np.sign),
    # A share that saturates, with a half at u = 1: u/(1 + |u|), and u^2/(1 + u^2).
    "hill1": (lambda u: u / (1 + np.abs(u)), lambda u: 1 / (1 + np.abs(u)) ** 2),
    "hill2": (lambda u: u**2 / (1 + u**2), lambda u: 2 * u / (1 + u**2) ** 2),
}
_FUNCTION_COST = 6.0
FUNCTION_NAMES = tuple(_FUNCTIONS)


@dataclasses.dataclass(frozen=True)
class Factor:
    """A function of one state: `name`(`rate` * state number `state`)."""

    name: str
    state: int
    rate: float = 1.0


@dataclasses.dataclass(frozen=True)
class Term:
    """A product of powers of the states, times `factor` where there is one."""

    powers: tuple[int, ...]
    factor: Factor | None = None

    @property
    def cost(self) -> float:
        """What a term costs beside its coefficient, in the unit of the criterion: the longer it is
        to write down, the less it is expected."""
        return max(sum(self.powers) - 2, 0) + (0.0 if self.factor is None else _FUNCTION_COST)

    def scaled(self, scale: Float[np.ndarray, " dims"]) -> "Term":
        """The term as a function of states divided by `scale`."""
        if self.factor is None:
            return self
        rate = self.factor.rate * float(scale[self.factor.state])
        return dataclasses.replace(self, factor=dataclasses.replace(self.factor, rate=rate))

    def unit(self, scale: Float[np.ndarray, " dims"]) -> float:
        """What the product of powers is multiplied by when each state is by `scale`."""
        return math.prod(float(s) ** p for s, p in zip(scale, self.powers, strict=True))


def monomials(dims: int, degree: int, *, constant: bool = True) -> tuple[Term, ...]:
    """All products of states up to a degree, in the order of `PolynomialLibrary`."""
    found = [Term((0,) * dims)] if constant else []
    for order in range(1, degree + 1):
        for factors in itertools.combinations_with_replacement(range(dims), order):
            found.append(Term(tuple(factors.count(i) for i in range(dims))))
    return tuple(found)


class TermValues:
    """Values and slopes of many terms at many states at once."""

    def __init__(self, terms: Sequence[Term], dims: int) -> None:
        self.terms, self.dims = tuple(terms), dims
        self._powers = np.array([term.powers for term in terms], int).reshape(len(terms), dims)
        self._highest = int(self._powers.max(initial=0))
        self._less = np.maximum(self._powers - 1, 0)
        self._factors: dict[Factor, list[int]] = {}
        for index, term in enumerate(self.terms):
            if term.factor is not None:
                self._factors.setdefault(term.factor, []).append(index)

    def _table(self, x):
        table = np.ones((self._highest + 1, *x.shape))
        for order in range(1, self._highest + 1):
            table[order] = table[order - 1] * x
        return table

    def values(self, x: Float[np.ndarray, "many dims"]) -> Float[np.ndarray, "many terms"]:
        """The value of each term at each state."""
        table = self._table(x)
        out = table[self._powers[:, 0], :, 0]
        for d in range(1, self.dims):
            out = out * table[self._powers[:, d], :, d]
        for factor, where in self._factors.items():
            value, _ = _FUNCTIONS[factor.name]
            out[where] *= value(factor.rate * x[:, factor.state])
        return out.T

    def values_and_slopes(
        self, x: Float[np.ndarray, "many dims"]
    ) -> tuple[Float[np.ndarray, "many terms"], Float[np.ndarray, "many terms dims"]]:
        """The values, and their derivatives by each state."""
        table = self._table(x)
        powers = [table[self._powers[:, d], :, d] for d in range(self.dims)]
        slopes = np.empty((self.dims, len(self.terms), len(x)))
        for d in range(self.dims):
            one = self._powers[:, d, None] * table[self._less[:, d], :, d]
            for other in range(self.dims):
                if other != d:
                    one = one * powers[other]
            slopes[d] = one
        out = powers[0]
        for one in powers[1:]:
            out = out * one
        for factor, where in self._factors.items():
            value, slope = _FUNCTIONS[factor.name]
            u = factor.rate * x[:, factor.state]
            g, dg = value(u), slope(u) * factor.rate
            slopes[:, where] *= g
            slopes[factor.state, where] += out[where] * dg
            out[where] *= g
        return out.T, slopes.transpose(2, 1, 0)
