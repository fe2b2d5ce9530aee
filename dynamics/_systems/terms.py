"""Candidate terms of a right-hand side: monomials, alone or times one function of one state."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float


def _sin(u):
    return np.sin(u), np.cos(u)


def _cos(u):
    return np.cos(u), -np.sin(u)


def _exp(u):
    value = np.exp(np.minimum(u, _LARGEST_EXPONENT))
    return value, np.where(u < _LARGEST_EXPONENT, value, 0)


def _hill1(u):
    base = 1 + np.abs(u)
    return u / base, 1 / base**2


def _hill2(u):
    square = u**2
    base = 1 + square
    return square / base, 2 * u / base**2


_LARGEST_EXPONENT = 30
#: Name of a function -> value and slope of g(u), u = rate * x. `hill1` and `hill2` are shares that
#: saturate, with a half at u = 1: u/(1 + |u|), and u^2/(1 + u^2).
_FUNCTIONS: dict[str, Callable] = {
    "sin": _sin,
    "cos": _cos,
    "exp": _exp,
    "abs": lambda u: (np.abs(u), np.sign(u)),
    "hill1": _hill1,
    "hill2": _hill2,
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
    """Values and slopes of many terms at many states at once.

    A search calls this some hundred thousand times with a few states, so what counts is the number
    of NumPy calls: functions of one name are evaluated together, and terms are gathered from tables
    of powers and of functions.
    """

    def __init__(self, terms: Sequence[Term], dims: int) -> None:
        self.terms, self.dims = tuple(terms), dims
        powers = np.array([term.powers for term in terms], int).reshape(len(terms), dims)
        self._highest = int(powers.max(initial=0))
        self._orders = np.arange(1, self._highest + 1)[:, None]
        #: Of each state, where the power of each term stands in the table of all powers.
        self._places = [powers[:, d] + d * (self._highest + 1) for d in range(dims)]
        factors = {term.factor: None for term in terms if term.factor is not None}
        ordered = sorted(factors, key=lambda f: f.name)
        self._named = [
            (
                _FUNCTIONS[name],
                [f.state for f in of],
                np.array([[f.rate] for f in of]),
            )
            for name, group in itertools.groupby(ordered, key=lambda f: f.name)
            for of in [list(group)]
        ]
        #: Row 0 of the table of functions is that of no function.
        row = {None: 0} | {factor: i for i, factor in enumerate(ordered, start=1)}
        self._function = np.array([row[term.factor] for term in terms], int)
        states = np.array([-1 if t.factor is None else t.factor.state for t in terms], int)
        self._of_state = [np.flatnonzero(states == d) for d in range(dims)]

    def _powers(self, x):
        """Powers of each state, one row a state and an order."""
        table = np.empty((self.dims, self._highest + 1, len(x)))
        table[:, 0] = 1
        columns = x.T
        for order in range(1, self._highest + 1):
            np.multiply(table[:, order - 1], columns, out=table[:, order])
        return table

    def _monomials(self, table):
        flat = table.reshape(-1, table.shape[2])
        return [flat.take(places, axis=0) for places in self._places]

    def values(self, x: Float[np.ndarray, "many dims"]) -> Float[np.ndarray, "many terms"]:
        """The value of each term at each state."""
        powers = self._monomials(self._powers(x))
        out = powers[0]
        for one in powers[1:]:
            out *= one
        if self._named:
            columns, functions = x.T, [np.ones((1, len(x)))]
            for function, states, rates in self._named:
                functions.append(function(rates * columns[states])[0])
            out *= np.concatenate(functions).take(self._function, axis=0)
        return out.T

    def values_and_slopes(
        self, x: Float[np.ndarray, "many dims"]
    ) -> tuple[Float[np.ndarray, "many terms"], Float[np.ndarray, "many terms dims"]]:
        """The values, and their derivatives by each state."""
        table = self._powers(x)
        less = np.zeros_like(table)
        np.multiply(self._orders, table[:, :-1], out=less[:, 1:])
        powers, falls = self._monomials(table), self._monomials(less)
        slopes = np.empty((self.dims, len(self.terms), len(x)))
        for d, one in enumerate(falls):
            for other in range(self.dims):
                if other != d:
                    one *= powers[other]
            slopes[d] = one
        out = powers[0]
        for one in powers[1:]:
            out = out * one
        if self._named:
            columns, flat = x.T, np.zeros((1, len(x)))
            functions, rises = [flat + 1], [flat]
            for function, states, rates in self._named:
                value, slope = function(rates * columns[states])
                functions.append(value)
                rises.append(slope * rates)
            factor = np.concatenate(functions).take(self._function, axis=0)
            rise = out * np.concatenate(rises).take(self._function, axis=0)
            slopes *= factor
            for d, of_state in enumerate(self._of_state):
                slopes[d, of_state] += rise[of_state]
            out = out * factor
        return out.T, slopes.transpose(2, 1, 0)
