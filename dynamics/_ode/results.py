"""What can happen to a fit or a solve, as values with a hint at what to try next."""

from typing import TYPE_CHECKING, Any, Self, TypeVar

import diffrax
import numpy as np

# Equinox gives neither the class of its enumerations' members nor their metaclass a public name.
# To a type checker `RESULTS` is an enumeration of Python, with what Equinox's have beside.
if TYPE_CHECKING:
    from enum import Enum, EnumMeta

    from equinox._enum import EnumerationItem as _Item

    class _ByMember(EnumMeta):
        def __getitem__(cls, name: Any) -> str: ...

    class _Results(Enum, metaclass=_ByMember):
        _name_to_item: dict[str, Any]

        def __eq__(self, other: object) -> Any: ...
        @classmethod
        def promote(cls, item: Any) -> Self: ...
        @classmethod
        def where(cls, pred: Any, a: Self, b: Self) -> Self: ...
else:
    _Item, _Results = type(diffrax.RESULTS.successful), diffrax.RESULTS

_Enumeration = TypeVar("_Enumeration")


class Result(_Item):
    """A member of `RESULTS` that prints as its name; traced, or of a batch, as its number."""

    def __repr__(self) -> str:
        if self.is_traced() or np.ndim(self._value):
            return f"RESULTS({self._value})"
        return result_name(self)


def _with_names(enumeration: type[_Enumeration]) -> type[_Enumeration]:
    """The enumeration, whose members, and what it makes of them, become of class `Result`."""
    made: Any = enumeration
    for member, item in made._name_to_item.items():
        made._name_to_item[member] = Result(item._value, made)
    where = made.where
    made.where = staticmethod(lambda pred, a, b: Result(where(pred, a, b)._value, made))
    return enumeration


@_with_names
class RESULTS(_Results):
    successful = ""
    underdetermined = (
        "The data do not determine the active coefficients: there are at least as many of them as "
        "independent increments, or their terms are collinear along the observed trajectories. "
        "The equation is one of many that fit. Try a lower degree, fewer benchmarks, a sparser or "
        "stronger penalty, or add families with more sizes."
    )
    constant_scores = (
        "A benchmark's score does not change within any family, so nothing can be learned about "
        "its dynamics. Leave this benchmark out."
    )
    no_term_survived = (
        "The penalty removed every term of at least one equation, which then says that the score "
        "never changes. Try a smaller threshold or strength."
    )
    no_structure_found = (
        "No terms of the library explain how the states move: a system of them does not hold on "
        "what it was not fitted to. Try another library, measure more states or trajectories, or "
        "measure more often."
    )
    left_unit_box = (
        "The vector field would have carried a score out of 0..1; it was held at the wall. Do not "
        "read the solution beyond that size. Log-odds coordinates cannot leave the box."
    )
    escaped = (
        "The solution grew beyond any bound or stopped being finite. Try a lower degree, a "
        "stronger penalty or log-odds coordinates, or a grid that ends earlier."
    )
    stiff = (
        "The solver needed more steps than allowed: the vector field is stiff, or wild where the "
        "solution went. Try a stronger penalty, a lower degree or a shorter grid."
    )
    not_converged = (
        "Trajectory matching stopped before it converged; the coefficients are the best seen. "
        "Try more steps, a sparser library, or a stronger penalty."
    )


class DynamicsError(RuntimeError):
    """A fit or a solve failed, and `throw` is true.

    - `result`: the member of `dynamics.RESULTS`.
    - `value`: what there was of a result; the same as with `throw=False`.
    """

    def __init__(self, message: str, result: Any, value: Any):
        super().__init__(message)
        self.result = result
        self.value = value


def result_name(result: Any) -> str:
    """The member's name, as records and tables show it."""
    names = {int(item._value): name for name, item in RESULTS._name_to_item.items()}
    return names[int(result._value)]
