"""The checks of shapes in tests: on at the first calls of a function, and anew in each test."""

import first_calls
import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError, jaxtyped

from nullcline.dynamics._systems.terms import TermValues, monomials


@jaxtyped(typechecker=first_calls.checked)
def total(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> Float[np.ndarray, ""]:
    return np.asarray((x * y).sum())


def test_a_wrong_shape_is_refused_until_enough_calls_were_checked_and_in_the_next_test_again():
    right, wrong = np.ones(3), np.ones(1)
    with pytest.raises(TypeCheckError, match="total"):
        total(right, wrong)
    for _ in range(first_calls.CHECKS):
        total(right, right)
    assert total(right, wrong) == 3  # no longer checked
    first_calls.begin()
    with pytest.raises(TypeCheckError, match="total"):
        total(right, wrong)


def test_functions_of_the_package_are_checked():
    terms = TermValues(monomials(2, 1), 2)
    assert terms.values(np.ones((4, 2))).shape == (4, 3)
    with pytest.raises(TypeCheckError, match="values"):
        terms.values(np.ones(2))
